/** What is kept of a token that was told once: a copy of the database lets nobody in. */
import { createHash } from "node:crypto";

/** The token is random already: one pass is enough. */
export function tokenHash(token: string): Buffer {
	return createHash("sha256").update(token).digest();
}
