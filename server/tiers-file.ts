/** The operator's tiers: a JSON file, read when the gateway starts and whenever it is sent SIGHUP. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Config, ConfigError } from "./config.ts";
import { builtInTiers, STANDARD, type TierPlan } from "./core/tiers.ts";
import { type AccountLimits, USUAL_CPU_WEIGHT } from "./protocol/account-limits.ts";
import { byteSize, duration } from "./written-values.ts";

const TierName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower-case letters, digits and hyphens");
const wholeNumber = (most: number) => z.number().int().min(1).max(most);
const size = byteSize(1024 ** 2, 1024 ** 5);

/** Whatever is left out is as in the settings, or as in the built-in tier of this name. */
const TierText = z.strictObject({
	memory: size.optional(),
	disk: size.optional(),
	fileSize: size.optional(),
	processes: wholeNumber(4_194_304).optional(),
	openFiles: wholeNumber(1_048_576).optional(),
	sessions: wholeNumber(1_000).optional(),
	cpuWeight: wholeNumber(10_000).optional(),
	idleTimeout: duration(1_000).optional(),
	detachedTimeout: duration(1_000).optional(),
});

const RuleText = z.strictObject({
	issuer: z.string().min(1).optional(),
	users: z.array(z.string().min(1)).min(1).optional(),
	tier: TierName,
});

const TiersText = z.strictObject({
	tiers: z.record(TierName, TierText).default({}),
	rules: z.array(RuleText).default([]),
	default: TierName.default(STANDARD),
});

/** What the settings and the file that they name say. Throws `ConfigError`. */
export function tierPlanOf(config: Config): TierPlan {
	return readTiers(config.TIERS_FILE, limitsFrom(config));
}

function limitsFrom(config: Config): AccountLimits {
	return {
		sessions: config.SESSIONS_PER_USER,
		processes: config.USER_MAX_PROCESSES,
		openFiles: config.USER_OPEN_FILES,
		fileBytes: config.USER_FILE_SIZE,
		memoryBytes: config.USER_MEMORY_LIMIT,
		diskBytes: config.USER_DISK_LIMIT,
		cpuWeight: USUAL_CPU_WEIGHT,
		sessionIdleMs: config.SESSION_IDLE_TIMEOUT,
		sessionDetachedMs: config.SESSION_DETACHED_TIMEOUT,
	};
}

/** `standard` is what the settings say. Without a file everybody has that. Throws `ConfigError`. */
export function readTiers(path: string | null, standard: AccountLimits): TierPlan {
	const tiers = builtInTiers(standard);
	if (path === null) return { tiers, rules: [], fallback: STANDARD };
	const parsed = TiersText.safeParse(readJson(path));
	if (!parsed.success) {
		throw new ConfigError(parsed.error.issues.map((issue) => `${path}: ${issue.path.join(".")}: ${issue.message}`));
	}
	const { rules, default: fallback } = parsed.data;
	for (const [name, text] of Object.entries(parsed.data.tiers)) {
		tiers.set(name, withChanges(tiers.get(name) ?? standard, text));
	}
	const unknown = [fallback, ...rules.map(({ tier }) => tier)].filter((name) => !tiers.has(name));
	if (unknown.length > 0) throw new ConfigError(unknown.map((name) => `${path}: there is no tier "${name}"`));
	return { tiers, rules, fallback };
}

function withChanges(base: AccountLimits, text: z.infer<typeof TierText>): AccountLimits {
	return {
		sessions: text.sessions ?? base.sessions,
		processes: text.processes ?? base.processes,
		openFiles: text.openFiles ?? base.openFiles,
		fileBytes: text.fileSize ?? base.fileBytes,
		memoryBytes: text.memory ?? base.memoryBytes,
		diskBytes: text.disk ?? base.diskBytes,
		cpuWeight: text.cpuWeight ?? base.cpuWeight,
		sessionIdleMs: text.idleTimeout ?? base.sessionIdleMs,
		sessionDetachedMs: text.detachedTimeout ?? base.sessionDetachedMs,
	};
}

function readJson(path: string): unknown {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		throw new ConfigError([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
	}
}
