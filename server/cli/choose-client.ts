/** Finds the gateway that runs, or takes the store where none does. */
import { readFileSync, statSync } from "node:fs";
import type { Config } from "../config.ts";
import { localAddress } from "../local-address.ts";
import { knownGatewayAddress } from "../store/gateway-address.ts";
import { operatorTokenFile } from "../store/operator-token.ts";
import { isPrivateFile } from "../store/private-file.ts";
import { type Client, Trouble } from "./client.ts";
import { HttpClient, type Probe, probe } from "./http-client.ts";
import { refuseStrangers } from "./listener-owner.ts";
import { StoreClient } from "./store-client.ts";

/** What only `berth` reads of its environment, beside the gateway's settings. */
export type CliSettings = {
	/** `BERTH_URL`, without a slash at its end: this gateway and no store. */
	url: string | null;
	/** `BERTH_TOKEN_FILE`. */
	tokenFile: string | null;
};

export async function chooseClient(config: Config, { url, tokenFile }: CliSettings): Promise<Client> {
	const own = knownGatewayAddress(config.DATA_DIR) ?? localAddress(config);
	const places = url === null ? [...new Set([config.PUBLIC_URL ?? own, own])] : [url];
	let last: Probe = { kind: "refused" };
	for (const place of places) {
		last = await probe(place);
		if (last.kind !== "gateway") continue;
		const file = tokenFile ?? operatorTokenFile(config.DATA_DIR);
		const token = readToken(file);
		// Elsewhere it is TLS that tells who answers.
		if (place === own && url === null) refuseStrangers(place, statSync(file).uid);
		return new HttpClient(place, token);
	}
	// A proxy in front may say what it likes: only the gateway's own address tells whether one runs.
	if (last.kind === "refused" && url === null) return new StoreClient(config);
	throw last.kind === "refused"
		? new Trouble(`nothing answers at ${url}`, "Start the gateway there, or unset BERTH_URL to act on the store here.")
		: new Trouble(`there is no gateway at ${places.at(-1)}: ${last.why}`, "Say where it is with BERTH_URL.");
}

function readToken(file: string): string {
	try {
		if (isPrivateFile(file)) return readFileSync(file, "utf8").trim();
	} catch (error) {
		const isMissing = Object(error).code === "ENOENT";
		throw new Trouble(
			isMissing ? `there is no token in ${file}` : `${file} cannot be read`,
			isMissing
				? "The gateway makes one when it starts: say where with DATA_DIR or --data-dir, or BERTH_TOKEN_FILE."
				: "Run it as the gateway's user, or as root.",
			{ cause: error },
		);
	}
	throw new Trouble(
		`others can read ${file}, so its token is not used`,
		"Restart the gateway: it makes a new one. A token of another machine: berth token revoke, then chmod 600 a new one.",
	);
}
