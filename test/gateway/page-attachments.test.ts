/** From the agent's frames to the page's events: the real sockets and link between a fake agent and a real page. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { AuditLog } from "../../server/core/audit.ts";
import { visitorOf } from "../../server/core/identity.ts";
import { LimitAudit } from "../../server/core/limit-audit.ts";
import { Link } from "../../server/core/link/link.ts";
import type { Log } from "../../server/core/log.ts";
import type { Places } from "../../server/core/places.ts";
import { SessionAudit } from "../../server/core/session-audit.ts";
import type { User } from "../../server/core/users.ts";
import { Ordinal, SessionId, Uid, Username } from "../../server/protocol/ids.ts";
import { TerminalSockets } from "../../server/sockets/terminal-sockets.ts";
import { DEFAULT_LIMITS, DEFAULT_POLICY } from "../agent/link-client.ts";
import { answer, attached, event, FakeAgent, output } from "../support/fake-agent.ts";
import { PageClient } from "../support/page-client.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const unheard: AuditLog = { record() {} };
const size = { cols: 80, rows: 24 };
const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));

const ADA: User = {
	...visitorOf({ issuer: "test", subject: "ada", displayName: "ada" }),
	...{ role: "user", tier: null, disabledAt: null, createdAt: 0, signedInAt: null },
};

type Fixture = { agent: FakeAgent; connect(): Promise<PageClient> };

async function serve(t: TestContext): Promise<Fixture> {
	const agent = new FakeAgent();
	const http = createServer();
	const sockets = new TerminalSockets(http, {
		path: "/socket.io/",
		identify: () => ({ user: ADA, method: "anonymous", signInId: null }),
		originPolicy: { ownOrigin: null, allowedOrigins: [], isSecure: false, isLoopbackOnly: false },
		isolation: "containers",
		secretsOf: async () => ({ environment: {}, problems: [] }),
		limitsOf: () => DEFAULT_LIMITS,
		limits: {
			gate: (_request, _response, next) => next(),
			addressOf: () => "somewhere",
			connectionsPerAddress: 10,
			connectionsPerUser: 10,
			userLimit: { take: async () => 0 },
			limitAudit: new LimitAudit(unheard),
		},
		sessionAudit: new SessionAudit({ audit: unheard, userIdOf: () => null }),
		log: quiet,
	});
	const link = await Link.open({
		connect: async () => agent.connect(),
		hello: { gateway: "test", policy: DEFAULT_POLICY },
		onEvent: (event) => sockets.publish(event),
		onLost: () => {},
		log: quiet,
	});
	const places: Pick<Places, "locate" | "noteUse"> = {
		locate: ({ username }) => ({
			kind: "ready",
			container: { ordinal: Ordinal.parse(1), name: "one", instanceId: "1" },
			link,
			account: { username, uid: Uid.parse(20_000) },
			limits: DEFAULT_LIMITS,
		}),
		noteUse: () => {},
	};
	sockets.serve(places as Places);
	http.listen(0, "127.0.0.1");
	await once(http, "listening");
	const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
	const pages: PageClient[] = [];
	t.after(async () => {
		for (const page of pages) page[Symbol.dispose]();
		await sockets[Symbol.asyncDispose]();
		link.close();
	});
	const connect = async (): Promise<PageClient> => {
		const page = await PageClient.connect(base, "somebody");
		pages.push(page);
		return page;
	};
	return { agent, connect };
}

/** Attaches the page as `more` says, and returns what it was answered. */
async function attach(agent: FakeAgent, page: PageClient, from: number, more: Parameters<typeof attached>[2] = {}) {
	const asking = page.ask("session:attach", { pageId: page.pageId, sessionId, from: null, size });
	const { number, request } = await agent.next("attach");
	await agent.say(answer(number, attached(sessionId, from, more)));
	return { answered: await asking, channel: request.attachment.channel };
}

test("a page is told where its snapshot ends and which sizes its output has, and what it acknowledges reaches the agent", async (t) => {
	const { agent, connect } = await serve(t);
	const page = await connect();
	const sizes = [
		{ offset: 500, cols: 80, rows: 24 },
		{ offset: 700, cols: 100, rows: 30 },
	];
	const { answered, channel } = await attach(agent, page, 500, { snapshotEnd: 600, sizes });
	assert.equal(answered.from, 500);
	assert.equal(answered.snapshotEnd, 600);
	assert.deepEqual(answered.sizes, sizes);
	page.screens.set(sessionId, { sessionId, text: "", offset: 500, seq: 0 });
	await agent.say(output(channel, 500, "half of a snapshot"));
	await page.until(() => page.screens.get(sessionId)?.offset === 518, "the output");
	while (agent.credits.length === 0) await page.ask("berth:ping", {});
	assert.deepEqual(agent.credits, [{ channel, offset: 518 }]);
});

test("the end of an attachment is told to its page alone, which may attach again", async (t) => {
	const { agent, connect } = await serve(t);
	const slow = await connect();
	const fast = await connect();
	const { channel } = await attach(agent, slow, 0);
	await attach(agent, fast, 0);
	await agent.say(event({ kind: "detached", channel, reason: "overrun" }));
	await slow.until(() => slow.detached.length > 0, "the end");
	assert.deepEqual(slow.detached, [{ sessionId, reason: "overrun" }]);
	slow.type({ sessionId, text: "", offset: 0, seq: 0 }, "x");
	await slow.until(() => slow.refused.length > 0, "the refusal");
	assert.equal(slow.refused[0]?.code, "SESSION_NOT_ATTACHED");
	const { answered } = await attach(agent, slow, 4_000, { snapshotEnd: 5_000 });
	assert.equal(answered.snapshotEnd, 5_000);
	await fast.ask("berth:ping", {});
	assert.deepEqual(fast.detached, []);
});

test("pages hear how their sessions are after the link was broken, and those that were closed stay closed", async (t) => {
	const { agent, connect } = await serve(t);
	const page = await connect();
	const { answered } = await attach(agent, page, 0);
	const sizes: number[] = [];
	page.socket.on("session:changed", ({ size }) => sizes.push(size.cols));
	agent.cut();
	const { number } = await agent.next("attach");
	const session = { ...answered.session, size: { cols: 132, rows: 24 } };
	await agent.say(answer(number, attached(sessionId, 0, { session })));
	await page.until(() => sizes.length > 0, "the news");
	assert.deepEqual(sizes, [132]);
	const username = page.welcome?.user.username;
	assert.ok(username);
	await agent.say(event({ kind: "session-closed", username: Username.parse(username), sessionId }));
	await page.until(() => page.closed.length > 0, "the close");
	await agent.next("detach");
	agent.cut();
	await page.ask("berth:ping", {});
	const connections = agent.connections;
	while (agent.connections === connections) await page.ask("berth:ping", {});
	assert.deepEqual(agent.asked, []);
	assert.deepEqual(page.closed, [{ sessionId, reason: "closed" }]);
});
