/**
 * Every setting of the gateway: name, default, unit, meaning. The environment is read here and nowhere else. The table
 * in README.md is generated from this file (`npm run docs`).
 */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { EgressPolicy } from "./protocol/link.ts";
import {
	byteSize,
	DOCKER_NAME,
	decimalNumber,
	duration,
	flag,
	matching,
	origins,
	orNone,
	prefixes,
	proxyAddresses,
	wholeNumber,
} from "./written-values.ts";

type Setting<Schema extends z.ZodType = z.ZodType> = {
	schema: Schema;
	/** As it would stand in the environment; null where there is none and the setting may be absent. */
	fallback: string | null;
	unit: string;
	meaning: string;
	isSecret?: true;
};

function setting<Schema extends z.ZodType>(schema: Schema, rest: Omit<Setting, "schema">): Setting<Schema> {
	return { schema, ...rest };
}

/** In the order in which they are documented. */
export const SETTINGS = {
	USE_CONTAINERS: setting(flag(), {
		fallback: "false",
		unit: "true or false",
		meaning:
			"Run shells in pool containers. `false` is local mode: shells run as the gateway's own user, without isolation, reachable from this machine only.",
	}),
	HOST: setting(z.string().min(1), {
		fallback: "127.0.0.1",
		unit: "address",
		meaning: "Address to listen on. Local mode accepts loopback addresses only.",
	}),
	PORT: setting(wholeNumber(0, 65_535), {
		fallback: "3000",
		unit: "TCP port",
		meaning: "Port to listen on. `0` takes a free one, which is printed.",
	}),
	DATA_DIR: setting(z.string().min(1), {
		fallback: "data",
		unit: "path",
		meaning: "Folder of the database, the cookie key and, in local mode, the homes.",
	}),
	LINK_DIR: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning:
			"Folder for the sockets to the containers, one sub-folder each; `links` in `DATA_DIR` if unset. Used where the engine runs on this host; otherwise `docker exec` carries the link.",
	}),
	POOL_NAME: setting(matching(/^[a-z0-9][a-z0-9-]{0,30}$/, "lower-case letters, digits and hyphens"), {
		fallback: "main",
		unit: "name",
		meaning: "Name of the pool. Containers are named `berth-<pool>-<number>`; two pools share an engine peacefully.",
	}),
	MAX_CONTAINERS: setting(wholeNumber(1, 500), {
		fallback: "10",
		unit: "containers",
		meaning: "Containers in the pool.",
	}),
	USERS_PER_CONTAINER: setting(wholeNumber(1, 1_000), {
		fallback: "20",
		unit: "users",
		meaning: "Users assigned to one container at most.",
	}),
	CONTAINER_IMAGE: setting(matching(/^[\w][\w./:@-]{0,254}$/, "an image reference"), {
		fallback: "terminal-multi-user:latest",
		unit: "image",
		meaning: "Image of the pool containers.",
	}),
	CONTAINER_MEMORY: setting(byteSize(64 * 1024 ** 2, 1024 ** 5), {
		fallback: "512m",
		unit: "size",
		meaning: "Memory of the users of one container together, swap included.",
	}),
	CONTAINER_CPUS: setting(decimalNumber(0.01, 1_024), {
		fallback: "0.5",
		unit: "cores",
		meaning: "CPU time of the users of one container together.",
	}),
	CONTAINER_PIDS_LIMIT: setting(wholeNumber(64, 4_194_304), {
		fallback: "1024",
		unit: "processes",
		meaning: "Processes and threads of the users of one container together.",
	}),
	AGENT_MEMORY: setting(byteSize(64 * 1024 ** 2, 1024 ** 4), {
		fallback: "256m",
		unit: "size",
		meaning: "Memory that each container has on top of that for its agent, which keeps the replay buffers.",
	}),
	AGENT_CPUS: setting(decimalNumber(0.01, 1_024), {
		fallback: "0.5",
		unit: "cores",
		meaning: "CPU time that each container has on top for its agent, so that users cannot slow each other's keys down.",
	}),
	USER_MEMORY_LIMIT: setting(byteSize(16 * 1024 ** 2, 1024 ** 5), {
		fallback: "192m",
		unit: "size",
		meaning: "Memory of all programs of one user, and of their files in `/tmp`.",
	}),
	USER_DISK_LIMIT: setting(byteSize(1024 ** 2, 1024 ** 5), {
		fallback: "1g",
		unit: "size",
		meaning:
			"Files in the home of one user. At nine tenths a warning; beyond it programs are ended after `USER_DISK_GRACE`, and new shells can look and delete.",
	}),
	USER_DISK_GRACE: setting(duration(1_000), {
		fallback: "1m",
		unit: "duration",
		meaning: "Time to delete files for who has more than `USER_DISK_LIMIT`.",
	}),
	USER_MAX_PROCESSES: setting(wholeNumber(8, 4_194_304), {
		fallback: "128",
		unit: "processes",
		meaning: "Processes and threads of one user.",
	}),
	USER_OPEN_FILES: setting(wholeNumber(64, 1_048_576), {
		fallback: "4096",
		unit: "files",
		meaning: "Files that one program of a user may have open.",
	}),
	USER_FILE_SIZE: setting(byteSize(1024 ** 2, 1024 ** 5), {
		fallback: "1g",
		unit: "size",
		meaning: "Largest file that a user can write.",
	}),
	CONTAINER_NETWORK: setting(
		matching(DOCKER_NAME, "a network's name")
			.refine((name) => name !== "host", "would give everybody the host's own network; name another one")
			.nullable(),
		{
			fallback: null,
			unit: "network",
			meaning:
				"Docker network of the containers. If unset, the pool has one of its own, in which containers do not reach each other.",
		},
	),
	EGRESS_POLICY: setting(z.enum(EgressPolicy.options, "must be internet, none or open"), {
		fallback: "internet",
		unit: "policy",
		meaning:
			"What shells may reach. `internet`: public addresses only, no mail servers (port 25). `none`: nothing. `open`: whatever the network does.",
	}),
	EGRESS_ALLOW: setting(prefixes(), {
		fallback: "",
		unit: "addresses",
		meaning: "Addresses or prefixes that `internet` opens all the same, separated by commas: your package mirror.",
	}),
	EGRESS_DENY: setting(prefixes(), {
		fallback: "",
		unit: "addresses",
		meaning: "Addresses or prefixes that `internet` closes as well: your own network, where its addresses are public.",
	}),
	USER_CONNECTION_RATE: setting(orNone(wholeNumber(1, 100_000)), {
		fallback: "50",
		unit: "connections/s",
		meaning:
			"New connections of one user, and separately lookups of names; five seconds' worth at once. `0`: no bound.",
	}),
	USER_BANDWIDTH: setting(orNone(byteSize(64 * 1024, 2 * 1024 ** 3)), {
		fallback: "10m",
		unit: "size/s",
		meaning: "Traffic of one user, in each direction. `0`: no bound.",
	}),
	CONTAINER_RUNTIME: setting(matching(DOCKER_NAME, "a runtime's name").nullable(), {
		fallback: null,
		unit: "name",
		meaning: "Runtime of the containers, one that the engine knows; the engine's own if unset. See docs/isolation.md.",
	}),
	WORKSPACE_VOLUME: setting(matching(DOCKER_NAME, "a volume's name"), {
		fallback: "terminal-workspace",
		unit: "volume",
		meaning: "Docker volume with everybody's home, mounted at `/workspace` in each container.",
	}),
	TIERS_FILE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning:
			"JSON file of tiers: who may use more or less than the settings say. Read again at SIGHUP, without ending sessions. See docs/operating.md.",
	}),
	ASSIGNMENT_TTL: setting(duration(1_000), {
		fallback: "7d",
		unit: "duration",
		meaning: "A place that nobody used for this long is given back. Files stay.",
	}),
	SESSIONS_PER_USER: setting(wholeNumber(1, 100), {
		fallback: "8",
		unit: "sessions",
		meaning: "Sessions one user may have running at once.",
	}),
	SESSION_IDLE_TIMEOUT: setting(duration(1_000), {
		fallback: "60m",
		unit: "duration",
		meaning: "A session that nothing was typed in and that printed nothing for this long is ended, attached or not.",
	}),
	SESSION_DETACHED_TIMEOUT: setting(duration(1_000), {
		fallback: "24h",
		unit: "duration",
		meaning: "A session that no page looked at for this long is ended.",
	}),
	REPLAY_BUFFER: setting(byteSize(256 * 1024, 64 * 1024 ** 2), {
		fallback: "1m",
		unit: "size",
		meaning:
			"Output kept per session, in the container's memory, for pages that come back. Who comes later gets a snapshot.",
	}),
	ALLOWED_ORIGINS: setting(origins(), {
		fallback: "",
		unit: "origins",
		meaning: "Further origins, separated by commas, whose pages may connect. The gateway's own is always allowed.",
	}),
	TRUST_PROXY: setting(proxyAddresses(), {
		fallback: "",
		unit: "addresses",
		meaning:
			"Addresses or networks of reverse proxies, separated by commas, or `loopback`: their `X-Forwarded-For` says where people come from. Unset, everybody behind a proxy counts as one address.",
	}),
	CONNECTIONS_PER_USER: setting(wholeNumber(1, 10_000), {
		fallback: "100",
		unit: "connections",
		meaning: "Pages that one user may have connected at once. One that was cut off counts for half a minute more.",
	}),
	CONNECTIONS_PER_ADDRESS: setting(wholeNumber(1, 1_000_000), {
		fallback: "2000",
		unit: "connections",
		meaning: "Pages that may be connected from one address at once: a whole school may be behind one.",
	}),
	REQUESTS_PER_USER: setting(wholeNumber(1, 1_000_000), {
		fallback: "100",
		unit: "requests a second",
		meaning:
			"What one user's pages may ask for, averaged over ten seconds; to open a session counts as ten. What is typed and printed does not count.",
	}),
	REQUESTS_PER_ADDRESS: setting(wholeNumber(1, 1_000_000), {
		fallback: "1000",
		unit: "requests a second",
		meaning: "HTTP requests and new connections from one address, averaged over ten seconds. A page needs about ten.",
	}),
	COOKIE_SECRET: setting(z.string().min(32, "must be at least 32 characters").nullable(), {
		fallback: null,
		unit: "text",
		meaning: "Key that signs the guests' cookies. If unset, one is made and kept in `DATA_DIR`.",
		isSecret: true,
	}),
	COOKIE_SECURE: setting(flag(), {
		fallback: "false",
		unit: "true or false",
		meaning: "Send cookies over HTTPS only. Set it where people reach the gateway by HTTPS.",
	}),
	LOG_LEVEL: setting(z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error"), {
		fallback: "info",
		unit: "level",
		meaning: "Least important log lines to write.",
	}),
	LOG_FORMAT: setting(z.enum(["auto", "json", "pretty"], "must be auto, json or pretty"), {
		fallback: "auto",
		unit: "format",
		meaning: "`auto` is pretty on a terminal and JSON elsewhere.",
	}),
	DOCKER_HOST: setting(z.string().nullable(), {
		fallback: null,
		unit: "endpoint",
		meaning: "Docker endpoint, as Docker itself reads it: `unix://…` or `tcp://…`.",
	}),
	DOCKER_TLS_VERIFY: setting(z.string().nullable(), {
		fallback: null,
		unit: "text",
		meaning: "If not empty, speak TLS to the endpoint and verify it, as Docker does.",
	}),
	DOCKER_CERT_PATH: setting(z.string().nullable(), {
		fallback: null,
		unit: "path",
		meaning: "Folder of `ca.pem`, `cert.pem` and `key.pem`, as Docker uses it.",
	}),
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export type Config = Readonly<{ [Name in SettingName]: z.infer<(typeof SETTINGS)[Name]["schema"]> }>;

/** One line per problem, each naming the variable and what it must be. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
	readonly problems: readonly string[];

	constructor(problems: readonly string[]) {
		super(problems.join("\n"));
		this.problems = problems;
	}
}

/** Reads and checks all settings. An empty variable counts as unset. Throws `ConfigError` with every problem at once. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
	const problems: string[] = [];
	const values = Object.entries(SETTINGS).map(([name, { schema, fallback, isSecret }]: [string, Setting]) => {
		const text = environment[name]?.trim() || fallback;
		const parsed = schema.safeParse(text);
		if (parsed.success) return [name, parsed.data];
		const shown = isSecret ? "the value" : JSON.stringify(text);
		problems.push(...parsed.error.issues.map(({ message }) => `${name}: ${shown} ${message}`));
		return [name, undefined];
	});
	const config: Config = Object.fromEntries(values);
	if (problems.length === 0) problems.push(...contradictionsIn(config));
	if (problems.length > 0) throw new ConfigError(problems);
	return Object.freeze({ ...config, DATA_DIR: resolve(config.DATA_DIR) });
}

function contradictionsIn({ USE_CONTAINERS, HOST }: Config): string[] {
	if (USE_CONTAINERS || isLoopback(HOST)) return [];
	return [
		`HOST: "${HOST}" is reachable from elsewhere, but local mode has no isolation; use 127.0.0.1 or set USE_CONTAINERS=true`,
	];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
	const bare = host.replace(/^\[(.*)\]$/, "$1");
	if (bare === "localhost" || bare === "::1") return true;
	return isIP(bare) === 4 && bare.startsWith("127.");
}
