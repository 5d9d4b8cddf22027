/** The gateway with real containers: who gets where, what stays, what comes back. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

const CONTAINERS = 10;
const USERS_PER_CONTAINER = 20;
const PLACES = CONTAINERS * USERS_PER_CONTAINER;
const VISITORS = 250;

let pool: TestPool;
let gateway: GatewayProcess;
let pages: PageClient[] = [];
/** What each user's account was when everybody arrived. */
const firstSeen = new Map<string, { username: string | undefined; container: string; uid: string }>();

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: String(CONTAINERS), USERS_PER_CONTAINER: String(USERS_PER_CONTAINER) });
	gateway = await GatewayProcess.start(pool.environment);
});
after(async () => {
	for (const page of pages) page[Symbol.dispose]();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

/** Everybody with a place opens a shell, all at once. */
async function openShells(inside: readonly PageClient[]): Promise<Map<PageClient, Screen>> {
	return new Map(await Promise.all(inside.map(async (page) => [page, await page.open()] as const)));
}

function containerOf(page: PageClient): string {
	assert.equal(page.place?.kind, "ready");
	return page.place.container;
}

async function everybodyAgain(): Promise<PageClient[]> {
	const inside = pages.filter((page) => firstSeen.has(page.cookie));
	await Promise.all(inside.map((page) => page.until(() => page.socket.connected, "the connection")));
	await Promise.all(inside.map((page) => page.untilReady()));
	return inside;
}

test("250 users arrive at once: 200 get in, 20 in each container, 50 are told that the pool is full", async () => {
	pages = await Promise.all(Array.from({ length: VISITORS }, () => PageClient.connect(gateway.base)));
	const isSettled = ({ place }: PageClient) =>
		place?.kind === "ready" || (place?.kind === "waiting" && place.error.code === "POOL_FULL");
	await Promise.all(pages.map((page) => page.until(() => isSettled(page), "a place or a full pool")));

	const inside = pages.filter(({ place }) => place?.kind === "ready");
	const users = new Map<string, number>();
	for (const page of inside) users.set(containerOf(page), (users.get(containerOf(page)) ?? 0) + 1);
	assert.equal(inside.length, PLACES);
	assert.deepEqual([...users.values()], Array(CONTAINERS).fill(USERS_PER_CONTAINER));

	const outside = pages.find(({ place }) => place?.kind === "waiting");
	const size = { cols: 80, rows: 24 };
	const refused = await outside?.request("session:open", { pageId: outside.pageId, name: "x", size });
	assert.equal(refused?.ok === false && refused.error.code, "POOL_FULL");
});

test("each of the 200 has a shell as an account of their own, with a home that is theirs", async () => {
	const shells = await openShells(pages.filter(({ place }) => place?.kind === "ready"));
	await Promise.all(
		[...shells].map(async ([page, screen]) => {
			const username = page.welcome?.user.username;
			const output = await page.run(
				screen,
				`echo "$(whoami) $(id -u) $(id -g) $(stat -c '%a %U' ~) $PWD"; echo "$(whoami)" > ~/mark`,
			);
			const [name, uid, gid, mode, owner, folder] = output.split(/\s+/);
			assert.deepEqual([name, owner, folder], [username, username, `/workspace/${username}`]);
			assert.equal(uid, gid);
			assert.equal(mode, "700");
			firstSeen.set(page.cookie, { username, container: containerOf(page), uid: uid ?? "" });
		}),
	);
	const uids = new Set([...firstSeen.values()].map(({ uid }) => uid));
	assert.equal(uids.size, PLACES, "no two users share a uid");
});

test("after a restart of the gateway everybody is where they were, and their shells went on", async () => {
	assert.equal(await gateway.stop(), 0);
	await gateway.start();
	const inside = await everybodyAgain();
	await Promise.all(
		inside.map(async (page) => {
			assert.equal(containerOf(page), firstSeen.get(page.cookie)?.container);
			const { sessions } = await page.ask("session:list", {});
			assert.equal(sessions.length, 1, "the shell of before");
			await page.ask("session:close", { sessionId: sessions[0]?.sessionId });
		}),
	);
	assert.equal((await pool.containerNames()).length, CONTAINERS, "containers were adopted, not made again");
});

test("after the database is lost everybody still has their username, uid and files", async () => {
	// The 50 outside would race for the places, which were never theirs.
	for (const page of pages) if (!firstSeen.has(page.cookie)) page[Symbol.dispose]();
	await gateway.stop();
	for (const suffix of ["", "-wal", "-shm"]) rmSync(join(gateway.dataDir, `berth.sqlite${suffix}`), { force: true });
	await gateway.start();
	const shells = await openShells(await everybodyAgain());
	await Promise.all(
		[...shells].map(async ([page, screen]) => {
			const seen = firstSeen.get(page.cookie);
			const output = await page.run(screen, 'echo "$(whoami) $(id -u) $(cat ~/mark)"');
			assert.equal(output, `${seen?.username} ${seen?.uid} ${seen?.username}`);
		}),
	);
});
