/** From what an issuer says of somebody to what Berth knows of people. Whatever it says was written by somebody else. */
import type { GivenTier } from "../core/authenticator.ts";
import { refusal } from "../core/refusals.ts";
import type { Role } from "../protocol/sign-in.ts";

/** As OpenID Connect bounds it, in characters. */
const SUBJECT_LENGTH = 255;
const NAME_LENGTH = 100;
/** Written into a page or a log they change how the rest of it reads. Joiners stay: names and emoji need them. */
const MISLEADING = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * The subject as it is, since it is who somebody is. Throws SIGN_IN_REFUSED where it is none: two texts that are not
 * well-formed could become one when they are written as bytes.
 */
export function subjectIn(value: unknown): string {
	const isSubject = typeof value === "string" && value !== "" && value.length <= SUBJECT_LENGTH;
	if (!isSubject || !value.isWellFormed()) throw refusal("the subject is no text of 1 to 255 characters");
	return value;
}

/** What to call somebody: one line, not too long, and made of the subject where there is no name. */
export function readableName(value: unknown, subject: string): string {
	return lineOf(value) || lineOf(subject) || "user";
}

/** Whether an issuer has a name for somebody, as `readableName` sees it. */
export function hasName(value: unknown): boolean {
	return lineOf(value) !== "";
}

function lineOf(text: unknown): string {
	if (typeof text !== "string") return "";
	const line = text
		.slice(0, NAME_LENGTH * 4)
		.replace(MISLEADING, " ")
		.replace(/\s+/g, " ")
		.trim();
	return [...line].slice(0, NAME_LENGTH).join("").trim();
}

/**
 * A claim by its name, or by a path of names with dots in between, such as `realm_access.roles`. A claim that has the
 * dots in its name, such as `https://example.org/roles`, comes first. Undefined where there is none.
 */
export function claimAt(claims: object, path: string): unknown {
	if (Object.hasOwn(claims, path)) return Object(claims)[path];
	let value: unknown = claims;
	for (const name of path.split(".")) {
		if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
		value = Object(value)[name];
	}
	return value;
}

/** Whoever has one of these values is an operator; a claim is a text or a list of texts. */
export function roleIn(value: unknown, operators: readonly string[]): Role {
	const values: unknown[] = [value].flat();
	return values.some((each) => typeof each === "string" && operators.includes(each)) ? "operator" : "user";
}

/** One that there is not is as none. */
export function tierIn(value: unknown, isTier: (name: string) => boolean): GivenTier {
	return { name: typeof value === "string" && isTier(value) ? value : null };
}
