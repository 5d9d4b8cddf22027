/** The agent's settings, read from the environment once and frozen. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { AGENT_SOCKET_PATH } from "../../server/protocol/link.ts";
import { SYSTEM_PATH } from "./launch.ts";
import type { UsersShare } from "./limits/account-groups.ts";

/** An empty variable counts as an absent one: that is how container engines pass what is not set. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
	z.preprocess((value) => (value === "" ? undefined : value), schema);

const absolutePath = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");
/** Shown in a terminal line by line, so without anything that could break a line or move the cursor. */
const shownName = z
	.string()
	.max(300)
	.regex(/^\P{C}*$/u, "must not contain control characters");

const Environment = z.object({
	/** `container`: sessions run as accounts of their own. `local`: as the agent's own user, for development. */
	BERTH_MODE: optional(z.enum(["container", "local"]).default("container")),
	/** Unix socket that gateways connect to. */
	BERTH_SOCKET: optional(absolutePath.default(AGENT_SOCKET_PATH)),
	/** Folder of all homes. */
	BERTH_WORKSPACE: optional(absolutePath.default("/workspace")),
	/** Names that `container-info` shows. */
	BERTH_CONTAINER: optional(shownName.default(hostname())),
	BERTH_IMAGE: optional(shownName.default("unknown")),
	BERTH_NETWORK: optional(shownName.default("unknown")),
	/** Of the container's limits, what its users have together: bytes, thousandths of a core, processes. */
	BERTH_USERS_MEMORY: optional(z.coerce.number().int().positive().optional()),
	BERTH_USERS_MILLICORES: optional(z.coerce.number().int().positive().optional()),
	BERTH_USERS_PROCESSES: optional(z.coerce.number().int().positive().optional()),
	/** Least important log lines to write. */
	BERTH_LOG_LEVEL: optional(z.enum(["debug", "info", "warn", "error"]).default("info")),
	/** The agent's own user's shell; used in local mode only. */
	SHELL: optional(absolutePath.optional()),
	/** The agent's own user's; used in local mode only. */
	PATH: optional(z.string().default(SYSTEM_PATH)),
});

export type Config = Readonly<{
	mode: "container" | "local";
	socketPath: string;
	workspace: string;
	container: string;
	image: string;
	network: string;
	/** Null where it is not known: then only what the container as a whole has is limited. */
	usersShare: UsersShare | null;
	logLevel: "debug" | "info" | "warn" | "error";
	/** Login shell of each account. */
	shell: string;
	/** Where shells look for programs, before their login files are read. */
	searchPath: string;
	/** Files that a new home begins with. */
	skeleton: string;
	/** Folder with one file per account for `container-info`. */
	infoDir: string;
	/** Folder of `container-info`, where it is not on the PATH anyway. */
	toolsDir: string | null;
	/** Message of the day. */
	motdPath: string;
}>;

function usersShareOf(parsed: z.infer<typeof Environment>): UsersShare | null {
	const {
		BERTH_USERS_MEMORY: memoryBytes,
		BERTH_USERS_MILLICORES: millicores,
		BERTH_USERS_PROCESSES: processes,
	} = parsed;
	if (memoryBytes === undefined || millicores === undefined || processes === undefined) return null;
	return { memoryBytes, millicores, processes };
}

const BASH = "/bin/bash";
const IMAGE_FOLDER = dirname(import.meta.dirname);

/** Throws `z.ZodError`, one issue per wrong variable. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
	const parsed = Environment.parse(env);
	const isLocal = parsed.BERTH_MODE === "local";
	return Object.freeze({
		mode: parsed.BERTH_MODE,
		socketPath: parsed.BERTH_SOCKET,
		workspace: parsed.BERTH_WORKSPACE,
		container: parsed.BERTH_CONTAINER,
		image: parsed.BERTH_IMAGE,
		network: parsed.BERTH_NETWORK,
		usersShare: usersShareOf(parsed),
		logLevel: parsed.BERTH_LOG_LEVEL,
		shell: isLocal && parsed.SHELL !== undefined && existsSync(parsed.SHELL) ? parsed.SHELL : BASH,
		searchPath: isLocal ? parsed.PATH : SYSTEM_PATH,
		skeleton: isLocal ? join(IMAGE_FOLDER, "skel") : "/etc/skel",
		infoDir: isLocal ? `${parsed.BERTH_SOCKET}.info` : "/run/berth-info",
		toolsDir: isLocal ? join(IMAGE_FOLDER, "bin") : null,
		motdPath: isLocal ? join(IMAGE_FOLDER, "motd") : "/etc/motd",
	});
}
