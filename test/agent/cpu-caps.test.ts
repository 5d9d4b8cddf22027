import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CpuUse, capsToSet, cpuCaps, loneCap } from "../../container-image/agent/limits/cpu-caps.ts";

const QUOTA = 500;

/** Accounts that take what they want as far as they may, through some looks. Returns what each used at the last one. */
function settle(wants: readonly number[], looks = 20): { used: number[]; caps: number[] } {
	let caps = wants.map(() => loneCap(QUOTA));
	let used = wants.map(() => 0);
	for (let look = 0; look < looks; look++) {
		const allowed = wants.map((want, id) => Math.min(want, caps[id] ?? 0));
		const sum = allowed.reduce((total, each) => total + each, 0);
		// Beyond the quota the kernel holds everybody.
		used = allowed.map((each) => (sum > QUOTA ? (each / sum) * QUOTA : each));
		const uses: CpuUse<number>[] = used.map((each, id) => ({ id, used: each, cap: caps[id] ?? 0, weight: 100 }));
		const next = capsToSet(uses, cpuCaps(QUOTA, uses));
		caps = caps.map((cap, id) => next.get(id) ?? cap);
	}
	return { used, caps };
}

test("one that wants all gets nearly all while the others are idle", () => {
	const { used } = settle([1e9, 0, 0]);
	assert.ok((used[0] ?? 0) >= 0.99 * loneCap(QUOTA));
});

test("those that want all share what is left, and who wants little is not held", () => {
	const { used, caps } = settle([...Array.from({ length: 19 }, () => 1e9), 5]);
	assert.equal(used.at(-1), 5);
	assert.ok((caps.at(-1) ?? 0) >= loneCap(QUOTA));
	for (const each of used.slice(0, -1)) assert.ok(each > 19 && each < 24, `${each}`);
});

test("whatever they want, before long they leave a part of the quota to whoever wakes up", () => {
	fc.assert(
		fc.property(fc.array(fc.oneof(fc.constant(1e9), fc.integer({ min: 0, max: 600 })), { maxLength: 30 }), (wants) => {
			const { used } = settle(wants);
			const sum = used.reduce((total, each) => total + each, 0);
			assert.ok(sum <= 0.95 * QUOTA, `${sum}`);
		}),
	);
});

test("an account with twice the weight gets twice as much of what is not enough", () => {
	const uses = [200, 100, 100].map((weight, id) => ({ id, used: 400, cap: 400, weight }));
	const caps = cpuCaps(QUOTA, uses);
	assert.equal(caps.get(0), 2 * (caps.get(1) ?? 0));
});

test("nobody gets less than the kernel takes for a limit", () => {
	const uses = Array.from({ length: 1_000 }, (_, id) => ({ id, used: 400, cap: 400, weight: 100 }));
	for (const cap of cpuCaps(QUOTA, uses).values()) assert.ok(cap >= 10);
});

test("caps that rise are set a few at a time, those that fall all at once, and what hardly differs not at all", () => {
	const uses = Array.from({ length: 6 }, (_, id) => ({ id, used: 20, cap: 20, weight: 100 }));
	const all = (cap: number): Map<number, number> => new Map(uses.map(({ id }) => [id, cap]));
	assert.equal(capsToSet(uses, all(40)).size, 2);
	assert.equal(capsToSet(uses, all(10)).size, 6);
	assert.equal(capsToSet(uses, all(21)).size, 0);
	assert.equal(capsToSet(uses, all(19)).size, 0);
	assert.deepEqual([...capsToSet(uses, all(30).set(5, 60))].at(0), [5, 60]);
});
