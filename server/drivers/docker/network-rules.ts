/**
 * Puts rules into the network namespace of a running pool container. A helper container with the one capability for it
 * does that: the pool container never has it, and the host's own firewall is not touched.
 */
import { createHash } from "node:crypto";
import { BerthError } from "../../protocol/errors.ts";
import { NO_RULES, TABLE } from "./egress-rules.ts";
import { type Engine, EngineRefusal } from "./engine.ts";
import { runInside } from "./exec.ts";
import type { HardeningTarget } from "./hardening.ts";
import { type HelperResult, runHelper } from "./helper-container.ts";

/**
 * Says in the container which rules are in place, for the next gateway: looking at them takes a capability. The file is
 * in memory, so it is gone when the container stops, as the rules are.
 */
const MARK_PATH = "/run/berth-network";
const MARKING_LIMIT_MS = 5_000;

/** The rules, with the resolvers that Docker gave this container; both in one transaction. Then that they are there. */
const LOAD_AND_PROVE = `{
	printf '%s\\n' "$1"
	awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ { print "add element ${TABLE} resolvers4 { " $2 " }" }
		$1 == "nameserver" && $2 ~ /^[0-9A-Fa-f:]+$/ { print "add element ${TABLE} resolvers6 { " $2 " }" }' /etc/resolv.conf
} | nft -f - && nft list chain ${TABLE} egress | grep -q 'hook output' && nft list chain ${TABLE} ingress | grep -q 'hook input'`;
const UNLOAD = 'printf "%s" "$1" | nft -f - && ! nft list tables | grep -qx "table $2"';

/** A condition for a shell in the container: whether exactly these rules were put in place since it was started. */
export function rulesProof(rules: string | null): string {
	return rules === null ? `test ! -e ${MARK_PATH}` : `test "$(cat ${MARK_PATH})" = ${markOf(rules)}`;
}

/**
 * Idempotent. `isFresh`: the container was started just now, so there are none yet. Throws `BerthError` NOT_HARDENED
 * or ENGINE_UNREACHABLE.
 */
export async function applyRules(
	engine: Engine,
	target: HardeningTarget,
	rules: string | null,
	isFresh: boolean,
): Promise<void> {
	if (isFresh && rules === null) return;
	// Whoever is interrupted from here on leaves no mark of rules that are no longer there.
	if (!isFresh && !(await runsInside(engine, target, `rm -f ${MARK_PATH}`))) {
		throw notInPlace(target, "the mark of the earlier ones cannot be removed");
	}
	const { exitCode, log } = await load(engine, target, rules);
	if (exitCode !== 0) throw notInPlace(target, `the helper ended with exit code ${exitCode}`, log);
	if (rules === null) return;
	// Without it they are put in place once more by the next gateway.
	await runsInside(engine, target, `umask 077 && echo ${markOf(rules)} > ${MARK_PATH}`);
}

async function load(engine: Engine, target: HardeningTarget, rules: string | null): Promise<HelperResult> {
	const { containerId, containerName, poolName, image } = target;
	const script = rules === null ? UNLOAD : LOAD_AND_PROVE;
	try {
		return await runHelper(engine, {
			name: `${containerName}-network`,
			poolName,
			image,
			command: ["sh", "-c", script, "sh", rules ?? NO_RULES, TABLE],
			hostConfig: { NetworkMode: `container:${containerId}`, CapAdd: ["NET_ADMIN"] },
		});
	} catch (error) {
		if (!(error instanceof EngineRefusal)) throw error;
		throw notInPlace(target, error.message, error);
	}
}

async function runsInside(engine: Engine, { containerId }: HardeningTarget, script: string): Promise<boolean> {
	try {
		const task = { containerId, command: ["sh", "-c", script], limitMs: MARKING_LIMIT_MS };
		return (await runInside(engine, task)) === 0;
	} catch (error) {
		if (error instanceof EngineRefusal) return false;
		throw error;
	}
}

function notInPlace({ containerName }: HardeningTarget, why: string, cause?: unknown): BerthError {
	return new BerthError("NOT_HARDENED", { detail: `${containerName}: network rules are not in place: ${why}`, cause });
}

function markOf(rules: string): string {
	return createHash("sha256").update(rules).digest("hex");
}
