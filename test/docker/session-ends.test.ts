/** What is left of a session in a real container once it has ended, and who draws its screen. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

let pool: TestPool;
let gateway: GatewayProcess;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1", REPLAY_BUFFER: "256k" });
	gateway = await GatewayProcess.start(pool.environment);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

async function arrive(): Promise<{ page: PageClient; name: string; [Symbol.dispose](): void }> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	return { page, name: page.welcome?.user.username ?? "", [Symbol.dispose]: () => page[Symbol.dispose]() };
}

/** Command lines of this user's processes. */
async function processesOf(user: string): Promise<string[]> {
	const output = await pool.run(1, ["ps", "-u", user, "-o", "args="]);
	return output.split("\n").filter((line) => line !== "");
}

async function untilProcesses(user: string, isRight: (processes: string[]) => boolean): Promise<void> {
	const deadline = performance.now() + 15_000;
	for (;;) {
		const processes = await processesOf(user);
		if (isRight(processes)) return;
		if (performance.now() > deadline) throw new Error(`still there: ${processes.join(", ")}`);
		await sleep(100);
	}
}

async function exit(page: PageClient, screen: Screen): Promise<void> {
	page.type(screen, "exit\r");
	const isOver = async (): Promise<boolean> => {
		const { sessions } = await page.ask("session:list", {});
		return sessions.some(({ sessionId, state }) => sessionId === screen.sessionId && state.kind === "exited");
	};
	while (!(await isOver())) await sleep(50);
}

test("what has left its session goes on while its account has another one, and ends with the last", async () => {
	using person = await arrive();
	const { page, name } = person;
	const [first, second] = [await page.open("one"), await page.open("two")];
	await page.run(first, "setsid sleep 1234 </dev/null >/dev/null 2>&1 & tmux new-session -d 'sleep 4321'; sleep 0.3");
	await page.run(first, "(trap '' HUP; exec sleep 1111) & disown; sleep 0.1");
	await exit(page, first);
	const has = (processes: string[], program: string): boolean => processes.some((line) => line.includes(program));
	await untilProcesses(name, (processes) => !has(processes, "sleep 1111"));
	const left = await processesOf(name);
	assert.ok(has(left, "sleep 1234") && has(left, "sleep 4321"), left.join(", "));
	await exit(page, second);
	await untilProcesses(name, (processes) => processes.length === 0);
});

test("who opens a new shell right after the last one has ended keeps it", async () => {
	using person = await arrive();
	const { page } = person;
	const first = await page.open();
	await page.run(first, "setsid sleep 1234 </dev/null >/dev/null 2>&1 & true");
	await exit(page, first);
	const second = await page.open();
	// Longer than whatever the first left behind is given to end.
	await sleep(3_000);
	assert.equal(await page.run(second, "echo alive"), "alive");
});

test("a screen is drawn by a process that may do nothing, and is the same for who comes later", async () => {
	using person = await arrive();
	const { page } = person;
	const screen = await page.open();
	const frames =
		"for i in $(seq 1 12000); do printf '\\033[%d;1H\\033[3%dmframe %05d\\033[K' $((i % 24 + 1)) $((i % 8)) $i; done";
	page.type(screen, `clear; ${frames}; echo dra"wn"; sleep 60\r`);
	await page.until(() => screen.text.includes("drawn"), "the frames");
	const output = await pool.run(1, [
		"sh",
		"-c",
		"grep -hE '^(Uid|Gid|Groups|Cap...|NoNewPrivs)' /proc/$(pgrep -u nobody -f snapshot-process)/status",
	]);
	assert.match(output, /Uid:\s+65534\s+65534\s+65534\s+65534/);
	assert.match(output, /CapEff:\s+0+\n/);
	assert.match(output, /CapBnd:\s+0+\n/);
	assert.match(output, /NoNewPrivs:\s+1/);
	using later = await PageClient.connect(gateway.base, page.cookie);
	const { snapshotEnd } = await later.ask("session:attach", {
		pageId: later.pageId,
		sessionId: screen.sessionId,
		from: null,
		size: { cols: 80, rows: 24 },
	});
	assert.ok(snapshotEnd !== null && snapshotEnd > 0, "more was printed than is kept");
});
