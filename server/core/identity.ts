/** From who somebody is at their issuer to who they are in a container. Pure and stable: files depend on it. */
import { createHash } from "node:crypto";
import { UserId, Username } from "../protocol/ids.ts";

/** What an authenticator vouches for. */
export type Identity = {
	/** Who vouches, e.g. `anonymous` or an OpenID Connect issuer's address. */
	issuer: string;
	/** The person's name at the issuer; unique and unchanging there. */
	subject: string;
	/** What to call the person. May be anything; never used as an identifier. */
	displayName: string;
};

/** Somebody at the door: an identity and what follows from it. */
export type Visitor = Identity & { userId: UserId; username: Username };

export function visitorOf(identity: Identity): Visitor {
	return { ...identity, userId: userIdOf(identity), username: usernameOf(identity) };
}

/** The same person at the same issuer has the same id for ever, also after the database is lost. */
export function userIdOf({ issuer, subject }: Identity): UserId {
	return UserId.parse(digestOf(issuer, subject).slice(0, USER_ID_LENGTH));
}

/**
 * Name of the Linux account: a readable slug of the display name and ten characters of the identity's hash, e.g.
 * `ada-lovelace-k3v9q2m7xa`. Ten characters are 50 bits: among 100,000 users two alike have odds of one in 200,000,
 * and the store refuses the second. The hash also keeps every system account's name out of reach.
 */
export function usernameOf(identity: Identity): Username {
	const hash = digestOf(identity.issuer, identity.subject).slice(0, USERNAME_HASH_LENGTH);
	return Username.parse(`${slugOf(identity.displayName)}-${hash}`);
}

const USER_ID_LENGTH = 26;
const USERNAME_HASH_LENGTH = 10;
/** 31 characters are allowed in all. */
const SLUG_LENGTH = 20;
const SLUG_OF_NO_NAME = "user";
/** `systemd-` and the like, with a hash behind, could read as a service's account. */
const RESERVED_SLUGS = new Set(["root", "systemd", "daemon", "admin", "nobody", "berth"]);

function slugOf(displayName: string): string {
	const ascii = displayName
		.normalize("NFKD")
		.toLowerCase()
		.replace(/\p{M}/gu, "")
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^[^a-z]+/, "")
		.slice(0, SLUG_LENGTH)
		.replace(/-+$/, "");
	return ascii === "" || RESERVED_SLUGS.has(ascii) ? SLUG_OF_NO_NAME : ascii;
}

function digestOf(issuer: string, subject: string): string {
	return base32(createHash("sha256").update(issuer).update("\0").update(subject).digest());
}

/** RFC 4648 base32 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
	let bits = "";
	for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
	return (bits.match(/.{5}/g) ?? []).map((five) => BASE32_ALPHABET.charAt(Number.parseInt(five, 2))).join("");
}

const BASE32_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
