/**
 * Finding out which accounts exist, by what is answered and by how long it takes. Time is measured on a real gateway,
 * one kind after the other in turn, so that whatever else the machine does hits all kinds alike.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator } from "../support/members.ts";

const ACCOUNTS = 8;
/** Each from another address, below what makes it wait. */
const ROUNDS = 7;
/**
 * Largest quotient of two kinds' medians. To hash takes 10 ms and more, all the rest 2: where one kind were spared it,
 * the quotient would be five.
 */
const MOST = 2;

const KINDS = ["wrong", "unknown", "passwordless", "disabled"] as const;
type Kind = (typeof KINDS)[number];

test("a wrong password, an unknown name, no password and no access are answered alike, and take the same time", async (t) => {
	const gateway = await GatewayProcess.start({ SIGN_IN: "password", TRUST_PROXY: "loopback", LOG_LEVEL: "info" });
	t.after(() => gateway[Symbol.asyncDispose]());
	const operator = await firstOperator(gateway);
	for (let number = 0; number < ACCOUNTS; number += 1) {
		await addMember(operator, `wrong ${number}`);
		await operator.ask("user.add", { name: `passwordless ${number}` });
		const { user } = await addMember(operator, `disabled ${number}`);
		await operator.ask("user.change", { user: user.userId, isDisabled: true });
	}
	const times: Record<Kind, number[]> = { wrong: [], unknown: [], passwordless: [], disabled: [] };
	const answers = new Set<string>();
	for (let round = 0; round < ROUNDS * ACCOUNTS; round += 1) {
		for (const [turn] of KINDS.entries()) {
			// Another one begins each round: whatever comes first may find colder caches.
			const kind = KINDS[(turn + round) % KINDS.length] ?? "wrong";
			const mallory = new ApiClient(gateway.base, { "x-forwarded-for": `198.51.100.${round % 200}` });
			const askedAt = performance.now();
			const reply = await mallory.call("sign-in.password", {
				name: `${kind} ${round % ACCOUNTS}`,
				password: "a guess",
			});
			times[kind].push(performance.now() - askedAt);
			answers.add(JSON.stringify(reply));
		}
	}
	assert.equal(answers.size, 1, [...answers].join("\n"));
	const medians = KINDS.map((kind) => median(times[kind]));
	const shown = KINDS.map((kind, index) => `${kind} ${medians[index]?.toFixed(1)} ms`).join(", ");
	t.diagnostic(`medians of ${ROUNDS * ACCOUNTS}: ${shown}`);
	assert.ok(Math.max(...medians) / Math.min(...medians) < MOST, shown);
});

function median(values: readonly number[]): number {
	return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
