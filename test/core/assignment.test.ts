import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseContainer } from "../../server/core/assignment.ts";
import { Ordinal } from "../../server/protocol/ids.ts";

const ordinals = (...numbers: number[]) => numbers.map((number) => Ordinal.parse(number));
const loads = (users: Record<number, number>) =>
	new Map(Object.entries(users).map(([ordinal, count]) => [Ordinal.parse(Number(ordinal)), count]));

test("the least loaded container is chosen, the lowest ordinal on a tie", () => {
	assert.equal(chooseContainer(ordinals(3, 1, 2), loads({ 1: 4, 2: 3, 3: 3 }), 20), 2);
	assert.equal(chooseContainer(ordinals(2, 1), loads({}), 20), 1);
});

test("a full container is never chosen", () => {
	assert.equal(chooseContainer(ordinals(1, 2), loads({ 1: 20, 2: 20 }), 20), null);
	assert.equal(chooseContainer([], loads({}), 20), null);
});

test("assigning one after the other fills all containers evenly and never beyond capacity", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 25 }), (containers, capacity) => {
			const candidates = ordinals(...Array.from({ length: containers }, (_, index) => index + 1));
			const users = new Map<Ordinal, number>();
			for (let person = 0; person < containers * capacity + 5; person += 1) {
				const ordinal = chooseContainer(candidates, users, capacity);
				if (ordinal === null) break;
				users.set(ordinal, (users.get(ordinal) ?? 0) + 1);
				const counts = candidates.map((candidate) => users.get(candidate) ?? 0);
				assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
			}
			assert.deepEqual([...users.values()], Array(containers).fill(capacity));
		}),
	);
});
