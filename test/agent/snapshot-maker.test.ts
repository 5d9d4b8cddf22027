import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inflateRawSync } from "node:zlib";
import { createLog } from "../../container-image/agent/log.ts";
import { listSessionProcesses, readProcess } from "../../container-image/agent/processes.ts";
import { MessageReader, type SnapshotJob } from "../../container-image/agent/screen/snapshot-job.ts";
import { SnapshotProcess } from "../../container-image/agent/screen/snapshot-maker.ts";

const never = new AbortController().signal;

function createMaker() {
	const lines: string[] = [];
	const maker = new SnapshotProcess({ isNobody: false, log: createLog("debug", (line) => lines.push(line)) });
	return { maker, lines, [Symbol.dispose]: () => maker.close() };
}

function jobOf(text: string, rest: Partial<SnapshotJob> = {}): SnapshotJob {
	const parts = [{ bytes: Buffer.from(text) }];
	return { size: { cols: 40, rows: 5 }, earlier: null, parts, maxBytes: 10_000, ending: "", ...rest };
}

async function textOf(maker: SnapshotProcess, job: SnapshotJob): Promise<string | null> {
	const snapshot = await maker.make(job, never);
	return snapshot === null ? null : inflateRawSync(snapshot.deflated).toString();
}

/** Processes that this one has started. */
async function children(): Promise<number[]> {
	const { pid } = process;
	const all = await listSessionProcesses({ pid, startedAt: readProcess(pid)?.startedAt ?? 0, owner: null });
	return all.filter(({ parent }) => parent === pid).map((each) => each.pid);
}

test("snapshots are made one after the other by a process of its own, which goes when it is not needed", async () => {
	using stage = createMaker();
	const before = await children();
	const made = await Promise.all(["one", "two", "three"].map((text) => textOf(stage.maker, jobOf(text))));
	assert.deepEqual(
		made.map((text, i) => text?.includes(["one", "two", "three"][i] ?? "")),
		[true, true, true],
	);
	const during = (await children()).filter((pid) => !before.includes(pid));
	assert.equal(during.length, 1);
	assert.match(readFileSync(`/proc/${during[0]}/cmdline`, "utf8"), /snapshot-process/);
	stage.maker.close();
	while (readProcess(during[0] ?? 0) !== null) await sleep(10);
});

test("a snapshot goes on from an earlier one, and knows the sizes between", async () => {
	using stage = createMaker();
	const earlier = await stage.maker.make(jobOf("\x1b]0;name\x07first\r\n\x1b[31m"), never);
	assert.ok(earlier);
	const parts = [
		{ bytes: Buffer.from("second") },
		{ size: { cols: 20, rows: 4 } },
		{ bytes: Buffer.from("\x1b[4;20Hx\r") },
	];
	const text = (await textOf(stage.maker, jobOf("", { earlier, parts, ending: "\x1bX" }))) ?? "";
	assert.ok(text.includes("first") && text.includes("second") && text.includes("\x1b]2;name"), text);
	assert.ok(text.includes("\x1b[4;1H"));
	assert.ok(text.endsWith("\x1bX"));
});

test("a process that dies costs its job alone; the next one gets a new process", async () => {
	using stage = createMaker();
	const before = await children();
	await textOf(stage.maker, jobOf("first"));
	const [pid = 0] = (await children()).filter((each) => !before.includes(each));
	const failed = textOf(stage.maker, jobOf("x".repeat(5_000_000)));
	process.kill(pid, "SIGKILL");
	assert.equal(await failed, null);
	assert.ok((await textOf(stage.maker, jobOf("again")))?.includes("again"));
	assert.match(stage.lines.join(""), /snapshot process ended/);
});

test("what is not wanted any more is not made", async () => {
	using stage = createMaker();
	const abort = new AbortController();
	const first = textOf(stage.maker, jobOf("first"));
	const second = stage.maker.make(jobOf("second"), abort.signal);
	abort.abort();
	assert.ok((await first)?.includes("first"));
	assert.equal(await second, null);
});

test("messages are found in whatever pieces they come, and one that is too long is refused", () => {
	const message = Buffer.from([0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 1, 9]);
	const reader = new MessageReader();
	const found = [...message].flatMap((byte) => [...reader.push(Buffer.from([byte]))].map((each) => [...each]));
	assert.deepEqual(found, [[1, 2, 3], [9]]);
	assert.deepEqual(
		[...new MessageReader().push(message)].map((each) => [...each]),
		[[1, 2, 3], [9]],
	);
	assert.throws(() => [...new MessageReader().push(Buffer.alloc(8, 255))], RangeError);
});
