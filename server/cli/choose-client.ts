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
	const file = tokenFile ?? operatorTokenFile(config.DATA_DIR);
	const places = url === null ? placesOf(config) : [{ place: url, isOwn: false }];
	const probes: Probe[] = [];
	for (const { place, isOwn } of places) {
		const found = await probe(place);
		probes.push(found);
		if (found.kind !== "gateway") continue;
		const token = readToken(file);
		// Elsewhere it is TLS that tells who answers.
		if (isOwn) refuseStrangers(place, statSync(file).uid);
		return new HttpClient(place, token);
	}
	// A proxy in front may say what it likes: only the gateway's own address tells whether one runs.
	const [first] = probes;
	if (first?.kind === "other") {
		throw new Trouble(`there is no gateway at ${places[0]?.place}: ${first.why}`, "Say where it is with BERTH_URL.");
	}
	if (url === null) return new StoreClient(config);
	throw new Trouble(
		`nothing answers at ${url}`,
		"Start the gateway there, or unset BERTH_URL to act on the store here.",
	);
}

/** The gateway's own address first: on this machine, whatever stands in front of it. */
function placesOf(config: Config): { place: string; isOwn: boolean }[] {
	const own = { place: knownGatewayAddress(config.DATA_DIR) ?? localAddress(config), isOwn: true };
	return config.PUBLIC_URL === null ? [own] : [own, { place: config.PUBLIC_URL, isOwn: false }];
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
