/** What the pool's own network is made from. */
import { createHash } from "node:crypto";

export const NETWORK_SPEC = { Driver: "bridge", Options: { "com.docker.network.bridge.enable_icc": "false" } };

/** A network or a container that was made with another value deviates. */
export const NETWORK_SPEC_HASH = createHash("sha256").update(JSON.stringify(NETWORK_SPEC)).digest("hex");

export function networkName(poolName: string): string {
	return `berth-${poolName}`;
}
