/** The key that signs cookies, where none is configured. It outlives the database, so that everybody stays who they are. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFile } from "../store/private-file.ts";

const SECRET_FILE = "cookie-secret";
const SECRET_BYTES = 32;
/** What `SECRET_BYTES` become in hexadecimal. Less than that was cut short by a full disk, say. */
const LEAST_LENGTH = SECRET_BYTES * 2;

/** Reads the key from the data folder, or makes it there, readable by the gateway's user only. */
export function keptCookieSecret(dataDir: string): string {
	const file = join(dataDir, SECRET_FILE);
	mkdirSync(dataDir, { recursive: true, mode: 0o700 });
	// Of two gateways that start together one makes it.
	if (!existsSync(file)) makePrivateFile(file, randomBytes(SECRET_BYTES).toString("hex"));
	const secret = readFileSync(file, "utf8").trim();
	if (secret.length < LEAST_LENGTH) throw new Error(`${file} is damaged: remove it, and guests get new identities`);
	return secret;
}
