import assert from "node:assert/strict";
import { test } from "node:test";
import { backOffMs } from "../../server/core/pool/back-off.ts";

const backOff = { firstMs: 500, longestMs: 30_000 };

test("the pause doubles with each failure up to the longest", () => {
	const pauses = [1, 2, 3, 7, 8, 1_000].map((failures) => backOffMs(backOff, failures, () => 1));
	assert.deepEqual(pauses, [500, 1_000, 2_000, 30_000, 30_000, 30_000]);
});

test("chance takes away up to half, so that many do not come back together", () => {
	assert.equal(
		backOffMs(backOff, 1, () => 0),
		250,
	);
});
