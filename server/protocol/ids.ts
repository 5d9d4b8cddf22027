/**
 * The identifiers that cross a wire. Each is a branded string: the only way to get one is to parse it, so a
 * function that takes a `SessionId` can never be handed a user's name by mistake.
 */
import { z } from "zod";

/** First 26 characters of base32(SHA-256(issuer NUL subject)): 130 bits, the same for the same person for ever. */
export const UserId = z
	.string()
	.regex(/^[a-z2-7]{26}$/)
	.brand("UserId");
export type UserId = z.infer<typeof UserId>;

/** The Linux account's name. The pattern is also a safe file name, and can never start an option or leave a folder. */
export const Username = z
	.string()
	.regex(/^[a-z][a-z0-9-]{0,30}$/)
	.brand("Username");
export type Username = z.infer<typeof Username>;

/** 128 random bits as base64url, made by the agent. Whoever does not own the session cannot guess it. */
export const SessionId = z
	.string()
	.regex(/^[A-Za-z0-9_-]{22}$/)
	.brand("SessionId");
export type SessionId = z.infer<typeof SessionId>;

/**
 * One load of the page, 128 random bits as base64url. Input is numbered per page, so that two pages typing into one
 * session never take each other's numbers.
 */
export const PageId = z
	.string()
	.regex(/^[A-Za-z0-9_-]{22}$/)
	.brand("PageId");
export type PageId = z.infer<typeof PageId>;

/** Names a sign-in, for its owner and for the audit log; proves nothing. 128 random bits as base64url. */
export const SignInId = z
	.string()
	.regex(/^[A-Za-z0-9_-]{22}$/)
	.brand("SignInId");
export type SignInId = z.infer<typeof SignInId>;

/** Position of a container in its pool, counted from 1. */
export const Ordinal = z.number().int().min(1).max(10_000).brand("Ordinal");
export type Ordinal = z.infer<typeof Ordinal>;

/** The account's uid, which is also its gid. Unique across the pool and never reused. */
export const Uid = z.number().int().min(1).max(0x7fff_fffe).brand("Uid");
export type Uid = z.infer<typeof Uid>;
