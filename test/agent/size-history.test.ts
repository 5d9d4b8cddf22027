import assert from "node:assert/strict";
import { test } from "node:test";
import { SizeHistory } from "../../container-image/agent/size-history.ts";

const at = (offset: number, cols: number) => ({ offset, cols, rows: 24 });

test("whoever begins at an offset learns the size there and every change behind it, also several at one place", () => {
	const sizes = new SizeHistory({ cols: 80, rows: 24 });
	assert.deepEqual(sizes.since(0), [at(0, 80)]);
	for (const [offset, cols] of [
		[0, 90],
		[100, 100],
		[100, 110],
		[200, 120],
	] as const)
		sizes.add(offset, { cols, rows: 24 });
	assert.deepEqual(sizes.since(0), [at(0, 80), at(0, 90), at(100, 100), at(100, 110), at(200, 120)]);
	assert.deepEqual(sizes.since(100), [at(100, 90), at(100, 100), at(100, 110), at(200, 120)]);
	assert.deepEqual(sizes.since(101), [at(101, 110), at(200, 120)]);
	assert.deepEqual(sizes.since(500), [at(500, 120)]);
	assert.deepEqual(sizes.newest, at(200, 120));
});

test("the oldest changes of very many are forgotten, and the newest size is always known", () => {
	const sizes = new SizeHistory({ cols: 80, rows: 24 });
	for (let i = 1; i <= 1_000; i += 1) sizes.add(i * 10, { cols: 80 + (i % 50), rows: 24 });
	assert.equal(sizes.since(0).length, 256);
	assert.deepEqual(sizes.newest, at(10_000, 80));
	assert.deepEqual(sizes.since(20_000), [at(20_000, 80)]);
});
