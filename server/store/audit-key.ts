/** The key of the audit log's hashes. Apart from the database, so that writing there is not enough to forge a line. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFile } from "./private-file.ts";

const KEY_FILE = "audit-key";
const KEY = /^[0-9a-f]{64}$/;
const KEY_BYTES = 32;

/** Null where none was made yet. Throws where the file is damaged. */
export function readAuditKey(dataDir: string): Buffer | null {
	const file = join(dataDir, KEY_FILE);
	let text: string;
	try {
		text = readFileSync(file, "utf8").trim();
	} catch (error) {
		if (Object(error).code === "ENOENT") return null;
		throw error;
	}
	if (KEY.test(text)) return Buffer.from(text, "hex");
	throw new Error(`${file} is damaged: put it back from a backup, or remove it, and older lines cannot be verified`);
}

export function makeAuditKey(dataDir: string): Buffer {
	makePrivateFile(join(dataDir, KEY_FILE), `${randomBytes(KEY_BYTES).toString("hex")}\n`);
	const key = readAuditKey(dataDir);
	if (key === null) throw new Error(`${join(dataDir, KEY_FILE)} could not be made`);
	return key;
}
