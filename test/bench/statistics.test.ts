import assert from "node:assert/strict";
import { test } from "node:test";
import { median, percentile, rounded } from "./statistics.ts";

const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test("a percentile is the value at its rank, whatever the order", () => {
	assert.equal(percentile(oneToHundred, 0.5), 50);
	assert.equal(percentile(oneToHundred, 0.99), 99);
	assert.equal(percentile(oneToHundred, 1), 100);
});

test("the 99th percentile of few values is the greatest", () => {
	assert.equal(percentile([3, 1, 2], 0.99), 3);
});

test("there is no percentile of nothing", () => {
	assert.ok(Number.isNaN(percentile([], 0.5)));
	assert.ok(Number.isNaN(median([])));
});

test("the median of an even number of rounds lies between the two in the middle", () => {
	assert.equal(median([4, 1, 3, 2]), 2.5);
	assert.equal(median([9, 1, 5]), 5);
});

test("figures keep three digits", () => {
	assert.equal(rounded(0.123456), 0.123);
	assert.equal(rounded(98765), 98800);
});
