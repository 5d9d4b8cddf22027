/** The events between page and gateway, on a real gateway in local mode. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { io } from "socket.io-client";
import { MAX_INPUT_BYTES } from "../../server/protocol/limits.ts";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import { PAGE_REQUESTS, type PageRequestName } from "../../server/protocol/terminal.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({ SESSIONS_PER_USER: "3" });
});
after(async () => {
	await gateway[Symbol.asyncDispose]();
});

async function ready(cookie?: string): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base, cookie);
	await page.untilReady();
	return page;
}

const randomId = () => randomBytes(16).toString("base64url");

test("a page gets a welcome, a place and a working shell", async () => {
	using page = await ready();
	assert.equal(page.welcome?.isolation, "none");
	const screen = await page.open("first");
	assert.match(await page.run(screen, "echo $((6 * 7))"), /42/);
});

test("sessions are listed, renamed and closed, and the user's other pages hear of it", async () => {
	using page = await ready();
	using other = await ready(page.cookie);
	const screen = await page.open("one");
	await page.ask("session:rename", { sessionId: screen.sessionId, name: "two" });
	const { sessions } = await other.ask("session:list", {});
	assert.deepEqual(
		sessions.map(({ sessionId, name }) => ({ sessionId, name })),
		[{ sessionId: screen.sessionId, name: "two" }],
	);
	await page.ask("session:close", { sessionId: screen.sessionId });
	await other.until(() => other.closed.length > 0, "news of the close");
	assert.deepEqual(other.closed, [{ sessionId: screen.sessionId, reason: "closed" }]);
	assert.deepEqual((await other.ask("session:list", {})).sessions, []);
});

test("more sessions than allowed are refused, and closing one makes room", async () => {
	using page = await ready();
	const screens = [await page.open(), await page.open(), await page.open()];
	const size = { cols: 80, rows: 24 };
	const refused = await page.request("session:open", { pageId: page.pageId, name: "x", size });
	assert.equal(refused.ok ? "" : refused.error.code, "TOO_MANY_SESSIONS");
	await page.ask("session:close", { sessionId: screens[0]?.sessionId });
	await page.open();
});

test("an exit code reaches the page", async () => {
	using page = await ready();
	const exited = Promise.withResolvers<number | null>();
	page.socket.on("session:changed", ({ state }) => {
		if (state.kind === "exited") exited.resolve(state.exitCode);
	});
	const screen = await page.open();
	page.type(screen, "exit 42\r");
	assert.equal(await exited.promise, 42);
});

test("a signal reaches the foreground program", async () => {
	using page = await ready();
	const screen = await page.open();
	// The program itself says so: the shell's own echo would come before it is in the foreground.
	page.type(screen, `bash -c 'echo is""running; exec sleep 1000'; echo status=$?\r`);
	await page.until(() => screen.text.includes("isrunning"), "the program to run");
	await page.ask("session:signal", { sessionId: screen.sessionId, signal: "SIGTERM" });
	await page.until(() => /status=143/.test(screen.text), "the end of sleep");
});

test("a session of another user answers exactly like one that does not exist", async () => {
	using owner = await ready();
	using stranger = await ready();
	const { sessionId } = await owner.open();
	const size = { cols: 80, rows: 24 };
	for (const [event, rest] of [
		["session:attach", { pageId: stranger.pageId, from: null, size }],
		["session:close", {}],
		["session:rename", { name: "mine" }],
		["session:signal", { signal: "SIGKILL" }],
		["session:resize", { size }],
	] as const) {
		const ofOwner = await stranger.request(event, { sessionId, ...rest });
		const ofNobody = await stranger.request(event, { sessionId: randomId(), ...rest });
		assert.deepEqual(ofOwner, ofNobody, event);
		assert.equal(ofOwner.ok, false);
	}
	assert.deepEqual((await stranger.ask("session:list", {})).sessions, []);
	assert.equal((await owner.ask("session:list", {})).sessions.length, 1);
});

test("whatever does not parse gets an error and changes nothing", async () => {
	using page = await ready();
	const screen = await page.open();
	const names = Object.keys(PAGE_REQUESTS) as PageRequestName[];
	const needBody = names.filter((name) => name !== "session:list" && name !== "berth:ping");
	const garbage = fc.oneof(
		fc.jsonValue(),
		fc.record({ sessionId: fc.oneof(fc.string(), fc.integer()), size: fc.anything({ maxDepth: 1 }) }),
	);
	// A message with such a key is not even msgpack of ours: it costs the connection, as the parser's own test shows.
	const isMessage = (value: unknown): boolean => !JSON.stringify(value)?.includes("__proto__");
	await fc.assert(
		fc.asyncProperty(fc.constantFrom(...needBody), garbage.filter(isMessage), async (name, request) => {
			const reply = await page.request(name, request);
			assert.equal(reply.ok ? "" : reply.error.code, "BAD_REQUEST");
		}),
		{ numRuns: 200 },
	);
	assert.equal((await page.ask("session:list", {})).sessions.length, 1);
	assert.match(await page.run(screen, "echo still here"), /still here/);
});

test("input that does not parse is refused with an event, as is an event that nobody knows", async () => {
	using page = await ready();
	const screen = await page.open();
	const emit = (event: string, ...args: unknown[]) =>
		page.socket.emit(event as "session:ack", ...(args as [never, never]));
	emit("session:input", screen.sessionId, 0, new Uint8Array(MAX_INPUT_BYTES + 1));
	emit("session:input", screen.sessionId, -1, new Uint8Array(1));
	emit("session:input", screen.sessionId, 0, "text");
	emit("session:input");
	emit("session:ack", screen.sessionId, "all");
	emit("session:steal", {});
	emit("session:open", { pageId: page.pageId });
	await page.until(() => page.refused.length === 7, "seven refusals");
	assert.ok(page.refused.every(({ code }) => code === "BAD_REQUEST"));
	assert.match(await page.run(screen, "echo still here"), /still here/);
});

test("a message beyond the size limit costs the page its connection and nobody anything else", async () => {
	using page = await ready();
	using other = await ready();
	const screen = await other.open();
	const gone = Promise.withResolvers<void>();
	page.socket.once("disconnect", () => gone.resolve());
	page.socket.emit("session:input", randomId(), 0, new Uint8Array(1024 * 1024));
	await gone.promise;
	assert.match(await other.run(screen, "echo unharmed"), /unharmed/);
});

test("without the cookie, or with a forged one, nobody gets in", async () => {
	const real = await PageClient.newCookie(gateway.base);
	for (const cookie of ["", "berth_guest=forged", real.replace(/.$/, (last) => (last === "A" ? "B" : "A"))]) {
		const socket = io(gateway.base, {
			transports: ["websocket"],
			parser: socketParser,
			extraHeaders: { cookie },
			forceNew: true,
			reconnection: false,
		});
		const refusal = await new Promise<{ data?: { code?: string } }>((resolve) => socket.once("connect_error", resolve));
		assert.equal(refusal.data?.code, "UNAUTHENTICATED");
		socket.disconnect();
	}
});

test("a page that leaves and comes again on the same connection is the same user", async () => {
	using page = await ready();
	const username = page.welcome?.user.username;
	page.welcome = null;
	const { io: manager } = page.socket as unknown as { io: { _packet(packet: { type: number; nsp: string }): void } };
	manager._packet({ type: PACKET_DISCONNECT, nsp: "/" });
	manager._packet({ type: PACKET_CONNECT, nsp: "/" });
	await page.until(() => page.welcome !== null, "another welcome");
	assert.equal(page.welcome === null ? null : Object(page.welcome).user.username, username);
});

/** As in the Socket.IO protocol, revision 5. */
const PACKET_CONNECT = 0;
const PACKET_DISCONNECT = 1;

test("a page of another origin is not let in", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	const socket = io(gateway.base, {
		transports: ["websocket"],
		parser: socketParser,
		extraHeaders: { cookie, origin: "https://evil.example" },
		forceNew: true,
		reconnection: false,
	});
	await new Promise((resolve) => socket.once("connect_error", resolve));
	assert.equal(socket.connected, false);
	socket.disconnect();
});

test("a page that comes back continues at the very byte, and its input is not taken twice", async () => {
	using page = await ready();
	const screen = await page.open();
	await page.run(screen, "echo before");
	const { offset, seq } = screen;
	page.socket.disconnect().connect();
	await page.until(() => page.socket.connected, "the connection");
	const again = await page.attach(screen.sessionId, offset);
	assert.ok(again.offset >= offset);
	assert.equal(again.seq, seq);
	again.seq = 0;
	page.type(again, "echo twice\r");
	again.seq = seq;
	assert.doesNotMatch(await page.run(again, "echo after"), /twice/);
});
