/** What is no event of ours, in numbers, against a real gateway in local mode. `BERTH_SEED` runs one seed again. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { PAGE_MESSAGES, PAGE_REQUESTS } from "../../server/protocol/terminal.ts";
import { INSPECTED, probeGateway } from "../faults/memory-probe.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { hostileBytes, hostileValue, mutated, randomId } from "./hostile-values.ts";
import { RawPage } from "./raw-page.ts";

const EVENTS = 50_000;
const PAGES = 10;
const BATCH = 40;
/** The first of them fill caches and compile code. */
const WARM_UP_EVENTS = 5_000;
const MEGA = 1024 ** 2;

const size = { cols: 80, rows: 24 };
/** What a page might send, so that what is wrong with it is one thing. `session:open` would start shells. */
const REQUESTS: [name: string, request: () => Record<string, unknown>][] = [
	["session:attach", () => ({ pageId: randomId(), sessionId: randomId(), from: null, size })],
	["session:detach", () => ({ sessionId: randomId() })],
	["session:resize", () => ({ sessionId: randomId(), size })],
	["session:signal", () => ({ sessionId: randomId(), signal: "SIGINT" })],
	["session:rename", () => ({ sessionId: randomId(), name: "name" })],
	["session:close", () => ({ sessionId: randomId() })],
	["session:list", () => ({})],
];
const NAMES = [
	...Object.keys(PAGE_REQUESTS),
	...Object.keys(PAGE_MESSAGES),
	...["welcome", "connection", "__proto__", "constructor", "hasOwnProperty", "", "x".repeat(1_000)],
];
/** Some are Engine.IO's own, at a time when nobody expects them. */
const ENGINE_PACKETS = ["", "1", "2probe", "3", "4", "4[", '40{"a":1}', "5", "6", "b!!!", "\0", "9".repeat(900)];

let gateway: GatewayProcess;
let cookies: string[];

before(async () => {
	gateway = await GatewayProcess.start({
		...INSPECTED,
		LOG_LEVEL: "info",
		REQUESTS_PER_ADDRESS: "1000000",
		REQUESTS_PER_USER: "1000000",
	});
	cookies = await Promise.all(Array.from({ length: PAGES }, () => PageClient.newCookie(gateway.base)));
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** An event that is wrong in itself, in a message that is not: the page stays connected. */
function sendWrongEvent(page: RawPage, random: SeededRandom): void {
	const id = random.isTrue(0.7) ? random.integer(1_000_000, 2_000_000) : null;
	const kind = random.integer(0, 3);
	if (kind === 0) {
		const [name, request] = random.pick(REQUESTS);
		page.emit(name, [mutated(random, request()), ...(random.isTrue(0.1) ? [hostileValue(random)] : [])], id);
	} else if (kind === 1) {
		page.emit(random.pick(["session:input", "session:ack"]), [randomId(), 0, hostileValue(random)]);
	} else {
		const args = Array.from({ length: random.integer(0, 4) }, () => hostileValue(random));
		// A session that opens by chance is no harm, and no error either.
		page.emit(random.pick(NAMES), args, id);
	}
}

/** A message that is no packet of ours. Most of them end the connection. */
function sendWrongMessage(page: RawPage, random: SeededRandom): void {
	page.send(wrongMessage(random));
}

function wrongMessage(random: SeededRandom): Uint8Array | string {
	switch (random.integer(0, 6)) {
		case 0:
			return hostileBytes(random, 2_000);
		case 1:
			return random.pick(ENGINE_PACKETS);
		case 2:
			return encode(hostileValue(random));
		case 3:
			return encode(Array.from({ length: 4 }, () => hostileValue(random)));
		case 4:
			return encode([random.pick([0, 2, 3, 4, 5, 6]), random.pick(["/", "/other", "", "/__proto__"]), null, null]);
		case 5:
			return encode([2, "/", [random.pick(["disconnect", "disconnecting", "connect", "error"])], null]);
		default: {
			const whole = encode([2, "/", ["session:list", { __proto__: null, a: 1 }], 1]);
			return whole.subarray(0, random.integer(0, whole.length - 1));
		}
	}
}

/** Sends so many, over as many connections as they cost. Returns how many connections that were. */
async function attack(cookie: string, random: SeededRandom, count: number): Promise<number> {
	let connections = 1;
	let page = await RawPage.open(gateway.base, cookie);
	for (let sent = 0; sent < count; sent += BATCH) {
		if (!page.isOpen) {
			await page.close();
			page = await RawPage.open(gateway.base, cookie);
			connections += 1;
		}
		for (let event = 1; event < BATCH; event += 1) sendWrongEvent(page, random);
		sendWrongMessage(page, random);
		await page.settle();
	}
	await page.close();
	return connections;
}

async function attackAll(random: SeededRandom, count: number): Promise<number> {
	const connections = await Promise.all(
		cookies.map((cookie) => attack(cookie, random.fork(), Math.ceil(count / cookies.length))),
	);
	return connections.reduce((sum, more) => sum + more, 0);
}

test("50,000 malformed events leave the gateway as it was: it serves, keeps nothing of them, and has no error to tell", async (t) => {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`BERTH_SEED=${random.seed}`);
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const screen = await page.open();
	await attackAll(random, WARM_UP_EVENTS);
	const before = await probeGateway({ gateway });
	const connections = await attackAll(random, EVENTS);
	t.diagnostic(`${connections} connections`);
	assert.equal(await page.run(screen, "echo still here"), "still here");
	using newcomer = await PageClient.connect(gateway.base);
	assert.match(await newcomer.run(await newcomer.open(), "echo welcome"), /welcome/);
	newcomer[Symbol.dispose]();
	const after = await probeGateway({ gateway });
	const grown = after.heap + after.external - before.heap - before.external;
	t.diagnostic(`grew by ${(grown / MEGA).toFixed(1)} MB`);
	assert.ok(grown < 4 * MEGA, `grew by ${grown} bytes`);
	assert.ok(after.files <= before.files + 2, `${before.files} files before, ${after.files} after`);
	assert.deepEqual(gateway.log.match(/^.*"level":(50|60).*$/gm), null);
});
