/** Values that nobody expects, from a seed. */
import { randomBytes } from "node:crypto";
import type { SeededRandom } from "../support/seeded-random.ts";

const NUMBERS = [0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, Number.NaN, Number.POSITIVE_INFINITY];
const STRINGS = [
	"",
	"\0",
	"../../etc/passwd",
	"\r\nSet-Cookie: a=b",
	"\u202e",
	"\ud800",
	"A".repeat(22),
	"A".repeat(5_000),
	"constructor",
	"toString",
	"hasOwnProperty",
	"[object Object]",
	"true",
	"-1",
	"; rm -rf ~",
	"$(reboot)",
];
/** Keys that mean something to JavaScript. `__proto__` is not among them: the decoder refuses the whole message. */
const KEYS = [
	"constructor",
	"prototype",
	"toString",
	"valueOf",
	"length",
	"then",
	"toJSON",
	"sessionId",
	"size",
	"pageId",
];
/** Fail whoever makes a number or text of them, or takes them for what they resemble. */
const NOT_PRIMITIVE = { valueOf: 0, toString: 0 };
const TRAPS = [NOT_PRIMITIVE, { length: NOT_PRIMITIVE }, { length: 1e9 }, [NOT_PRIMITIVE], { toJSON: 1 }];
const MAX_DEPTH = 3;

export function hostileValue(random: SeededRandom, depth = 0): unknown {
	const kind = random.integer(0, depth < MAX_DEPTH ? 9 : 6);
	if (kind <= 1) return random.pick(NUMBERS);
	if (kind <= 3) return random.pick(STRINGS);
	if (kind === 4) return random.pick([null, true, false]);
	if (kind === 5) return hostileBytes(random, 40);
	if (kind === 6) return random.pick(TRAPS);
	const length = random.integer(0, 6);
	if (kind === 7) return Array.from({ length }, () => hostileValue(random, depth + 1));
	return Object.fromEntries(Array.from({ length }, () => [random.pick(KEYS), hostileValue(random, depth + 1)]));
}

export function hostileBytes(random: SeededRandom, most: number): Uint8Array {
	return Uint8Array.from({ length: random.integer(0, most) }, () => random.integer(0, 255));
}

/** `value` with one thing in it replaced, left out or added. */
export function mutated(random: SeededRandom, value: Record<string, unknown>): Record<string, unknown> {
	const keys = Object.keys(value);
	const key = keys.length > 0 ? random.pick(keys) : random.pick(KEYS);
	const inner = value[key];
	const isDeep = inner !== null && typeof inner === "object" && !ArrayBuffer.isView(inner) && random.isTrue(0.5);
	if (isDeep) return { ...value, [key]: mutated(random, { ...inner }) };
	if (random.isTrue(0.2)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
	return { ...value, [key]: hostileValue(random) };
}

export function randomId(): string {
	return randomBytes(16).toString("base64url");
}
