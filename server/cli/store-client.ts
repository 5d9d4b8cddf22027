/** Acts on the gateway's files, where no gateway runs: the same operations, rights and audit log. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { createServices, type Services } from "../composition/services.ts";
import type { Config } from "../config.ts";
import { localAddress } from "../local-address.ts";
import type { OperationInput, OperationName, OperationResult } from "../protocol/api.ts";
import { BerthError, toWireError } from "../protocol/errors.ts";
import { tierPlanOf } from "../tiers-file.ts";
import { type Client, Refusal, Trouble } from "./client.ts";

const STDERR = 2;

export class StoreClient implements Client {
	readonly place: string;
	readonly #services: Services;

	/** Throws `Trouble` where there is no store, or it is somebody else's. */
	constructor(config: Config) {
		refuseForeignStore(config.DATA_DIR);
		this.place = `the store in ${config.DATA_DIR}`;
		const { tiers } = tierPlanOf(config);
		const log = pino({ level: "warn", base: null }, pino.destination({ fd: STDERR, sync: true }));
		// Nobody has a page open, and nothing is told: no gateway runs.
		this.#services = createServices(config, log, {
			publicUrl: () => config.PUBLIC_URL ?? localAddress(config),
			presentSignIns: () => [],
			onSignInEnded: () => {},
			isTier: (name) => tiers.has(name),
			onTierChanged: () => {},
			onDisabled: () => {},
			onSecretChanged: () => {},
			// Asked by a browser only: homes are in containers, which a gateway reaches.
			adoptGuest: () => Promise.reject(new BerthError("POOL_STARTING")),
		});
	}

	async call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>> {
		try {
			const caller = { actor: { kind: "console" }, presence: null, request: null } as const;
			return (await this.#services.api.call(name, input, caller)).result;
		} catch (thrown) {
			const reason = toWireError(thrown);
			throw reason.code === "INTERNAL" ? thrown : new Refusal(reason);
		}
	}

	[Symbol.dispose](): void {
		this.#services[Symbol.dispose]();
	}
}

/** A new store made by mistake would look like one that was lost; files of another user could not be read by the gateway. */
function refuseForeignStore(dataDir: string): void {
	const file = join(dataDir, "berth.sqlite");
	const owner = ownerOf(file);
	if (owner === null) {
		throw new Trouble(
			`no gateway answers, and there is no store in ${dataDir}`,
			"Say where it is with DATA_DIR or --data-dir, or where the gateway is with BERTH_URL.",
		);
	}
	const self = process.geteuid?.();
	if (self === undefined || self === owner) return;
	throw new Trouble(
		`no gateway answers, and the store in ${dataDir} belongs to user ${owner}, not to you (${self})`,
		`Run it as the gateway's user: sudo -u '#${owner}' berth ...`,
	);
}

function ownerOf(file: string): number | null {
	try {
		return statSync(file).uid;
	} catch (error) {
		if (Object(error).code === "ENOENT") return null;
		throw new Trouble(`${file} cannot be read`, "Run it as the gateway's user.", { cause: error });
	}
}
