/** The API token with which `berth` on the gateway's own machine acts: in a file that only the gateway's user may read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiTokens } from "../core/api-tokens.ts";
import type { Log } from "../core/log.ts";
import { isPrivateFile, replacePrivateFile } from "./private-file.ts";

/** What the API calls it. */
const NAME = "local";

export function operatorTokenFile(dataDir: string): string {
	return join(dataDir, "operator-token");
}

/**
 * Makes a new token where the file or the database has lost it, where it was revoked, or where others could read it. One
 * that is not valid any more never becomes valid again.
 */
export function keepOperatorToken(dataDir: string, tokens: ApiTokens, log: Log): void {
	const file = operatorTokenFile(dataDir);
	const why = whatIsWrong(file, tokens);
	if (why === null) return;
	tokens.revoke(NAME);
	replacePrivateFile(file, `${tokens.add(NAME, "gateway")}\n`);
	log.info({ file, why }, "made a token for `berth`");
}

function whatIsWrong(file: string, tokens: ApiTokens): string | null {
	try {
		if (!isPrivateFile(file)) return "others could read it";
		return tokens.find(readFileSync(file, "utf8").trim())?.name === NAME ? null : "it is not valid";
	} catch (error) {
		if (Object(error).code === "ENOENT") return "there was none";
		throw error;
	}
}
