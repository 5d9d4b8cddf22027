/** Where the gateway of a data folder listens, for `berth` on the same machine. After a crash it says where it was. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replacePrivateFile } from "./private-file.ts";

export function noteGatewayAddress(dataDir: string, url: string): Disposable {
	const file = fileIn(dataDir);
	replacePrivateFile(file, `${url}\n`);
	return {
		[Symbol.dispose]: () => {
			// Another gateway may have taken its place.
			if (knownGatewayAddress(dataDir) === url) rmSync(file, { force: true });
		},
	};
}

/** Null where none runs, or it cannot be read. */
export function knownGatewayAddress(dataDir: string): string | null {
	try {
		const text = readFileSync(fileIn(dataDir), "utf8").trim();
		return URL.canParse(text) ? text : null;
	} catch {
		return null;
	}
}

function fileIn(dataDir: string): string {
	return join(dataDir, "gateway-address");
}
