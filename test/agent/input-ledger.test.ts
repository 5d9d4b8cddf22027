import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { InputLedger, PAGES_REMEMBERED } from "../../container-image/agent/input-ledger.ts";
import { newPageId } from "./link-client.ts";

test("whatever is sent again in whatever pieces, each byte is taken once and in order", () => {
	const attempt = fc.record({ from: fc.nat(120), length: fc.nat(60) });
	fc.assert(
		fc.property(fc.array(attempt, { maxLength: 100 }), (attempts) => {
			const ledger = new InputLedger();
			const page = newPageId();
			const taken: number[] = [];
			for (const { from, length } of attempts) {
				const verdict = ledger.judge(page, from, length);
				if (verdict.kind === "gap") continue;
				for (let number = from + verdict.skip; number < from + length; number += 1) taken.push(number);
				ledger.accept(page, length - verdict.skip);
			}
			assert.deepEqual(taken, [...taken.keys()]);
			assert.equal(ledger.acceptedFrom(page), taken.length);
		}),
	);
});

test("pages are numbered apart, and the one unheard of for longest is forgotten", () => {
	const ledger = new InputLedger();
	const pages = Array.from({ length: PAGES_REMEMBERED + 1 }, newPageId);
	const [first, second, ...others] = pages;
	assert.ok(first !== undefined && second !== undefined);
	ledger.accept(first, 5);
	ledger.accept(second, 7);
	for (const page of others.slice(0, -1)) ledger.accept(page, 1);
	ledger.accept(first, 0);
	for (const page of others.slice(-1)) ledger.accept(page, 1);
	assert.equal(ledger.acceptedFrom(first), 5);
	assert.equal(ledger.acceptedFrom(second), 0);
});
