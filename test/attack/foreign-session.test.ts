/** Another's session, in the same container: whatever is asked about it is answered as if it did not exist. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PAGE_REQUESTS, type PageRequestName } from "../../server/protocol/terminal.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";
import { randomId } from "./hostile-values.ts";

const size = { cols: 100, rows: 30 };
/** What stands beside the session's id in each request about one; null for those about none. */
const REST: Record<PageRequestName, ((stranger: PageClient) => object) | null> = {
	"session:open": null,
	"session:attach": ({ pageId }) => ({ pageId, from: null, size }),
	"session:detach": () => ({}),
	"session:resize": () => ({ size }),
	"session:signal": () => ({ signal: "SIGKILL" }),
	"session:rename": () => ({ name: "mine" }),
	"session:close": () => ({}),
	"session:list": null,
	"berth:ping": null,
};

let pool: TestPool;
let gateway: GatewayProcess;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1" });
	gateway = await GatewayProcess.start(pool.environment);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

async function someone(): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	return page;
}

/** What the gateway says of input and acknowledgements, which have no answer of their own. */
async function wordsOf(page: PageClient, sessionId: string): Promise<unknown[]> {
	const from = page.refused.length;
	page.type({ sessionId, text: "", offset: 0, seq: 0 }, "touch /tmp/was-here\r");
	page.socket.emit("session:ack", sessionId, 0);
	await page.ask("berth:ping", {});
	return page.refused.slice(from);
}

test("every request about another's session is answered exactly like one about none, and does nothing", async () => {
	using owner = await someone();
	using stranger = await someone();
	assert.deepEqual(owner.place, stranger.place, "both are in one container");
	const screen: Screen = await owner.open("private");
	await owner.run(screen, "echo secret");
	for (const name of Object.keys(PAGE_REQUESTS) as PageRequestName[]) {
		const rest = REST[name]?.(stranger);
		if (rest === undefined) continue;
		const ofOwner = await stranger.request(name, { sessionId: screen.sessionId, ...rest });
		const ofNobody = await stranger.request(name, { sessionId: randomId(), ...rest });
		assert.deepEqual(ofOwner, ofNobody, name);
	}
	assert.deepEqual(await wordsOf(stranger, screen.sessionId), await wordsOf(stranger, randomId()));
	assert.deepEqual((await stranger.ask("session:list", {})).sessions, []);
	assert.equal(stranger.screens.size, 0);

	const [session, ...more] = (await owner.ask("session:list", {})).sessions;
	assert.deepEqual([session?.name, session?.size, more], ["private", { cols: 80, rows: 24 }, []]);
	assert.equal(await owner.run(screen, "ls /tmp/was-here 2>&1 | grep -c 'No such'"), "1");
});

test("with another's page id one types into nothing of theirs", async () => {
	using owner = await someone();
	using stranger = await someone();
	const { sessionId } = await owner.open();
	for (const target of [sessionId, randomId()]) {
		const request = { pageId: owner.pageId, sessionId: target, from: 0, size };
		const reply = await stranger.request("session:attach", request);
		assert.equal(reply.ok ? "" : reply.error.code, "SESSION_NOT_FOUND");
	}
	assert.deepEqual(owner.detached, []);
});
