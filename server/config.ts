/**
 * Every setting of the gateway: name, default, unit, meaning. The environment is read here and nowhere else. The table
 * in README.md is generated from this file (`npm run docs`).
 */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { EgressPolicy } from "./protocol/link.ts";
import { SignInMethod } from "./protocol/sign-in.ts";
import { fileSetting, withSecretFiles } from "./secret-files.ts";
import {
	basePath,
	byteSize,
	DOCKER_NAME,
	decimalNumber,
	duration,
	flag,
	headerName,
	httpUrl,
	issuerUrl,
	matching,
	origins,
	orNone,
	prefixes,
	proxyAddresses,
	secretsKeys,
	signInMethods,
	textList,
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
	PUBLIC_URL: setting(httpUrl().nullable(), {
		fallback: null,
		unit: "URL",
		meaning:
			"Where people reach the gateway, e.g. `https://shell.example.org`, with `BASE_PATH` if there is one: links and redirects begin so, and no other page may connect but those of `ALLOWED_ORIGINS`. If unset, links are for this machine, and `Host` says which pages are the gateway's own.",
	}),
	BASE_PATH: setting(basePath(), {
		fallback: "/",
		unit: "path",
		meaning:
			"Path below which everything is served, e.g. `/berth`, where a proxy gives the rest of the host to others and passes paths on as they are. One that takes this part away needs `PUBLIC_URL` only.",
	}),
	TLS_CERT_FILE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning:
			"Certificate chain in PEM, the server's own first: the gateway speaks HTTPS by itself, and nothing else. Read again at SIGHUP.",
	}),
	TLS_KEY_FILE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning: "Its private key in PEM, without a passphrase.",
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
		meaning:
			"Key that signs the guests' cookies. If unset, one is made and kept in `DATA_DIR`. `COOKIE_SECRET_FILE` may name a file that has it.",
		isSecret: true,
	}),
	COOKIE_SECURE: setting(flag().nullable(), {
		fallback: null,
		unit: "true or false",
		meaning:
			"Send cookies over HTTPS only, under names that no other host and no page without TLS can set. If unset: where `PUBLIC_URL` begins with `https:` or `TLS_CERT_FILE` is set.",
	}),
	SIGN_IN: setting(signInMethods(), {
		fallback: "anonymous",
		unit: "methods",
		meaning:
			"Ways in, separated by commas: `anonymous`, `password`, `oidc`, `jwt`, `proxy`. Without `anonymous` everybody has to sign in. See docs/sign-in.md.",
	}),
	SIGN_IN_IDLE_TIMEOUT: setting(duration(1_000), {
		fallback: "7d",
		unit: "duration",
		meaning: "A sign-in that was not used for this long ends. An open page uses it.",
	}),
	SIGN_IN_TIMEOUT: setting(duration(1_000), {
		fallback: "30d",
		unit: "duration",
		meaning: "Every sign-in ends after this long.",
	}),
	OIDC_ISSUER: setting(issuerUrl().nullable(), {
		fallback: null,
		unit: "URL",
		meaning:
			"`oidc`: the provider's address, under which its discovery document is, exactly as that calls it (`issuer`), with a slash at the end or without. HTTPS, except on this machine.",
	}),
	OIDC_CLIENT_ID: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "text",
		meaning: "`oidc`: what the provider calls this gateway.",
	}),
	OIDC_CLIENT_SECRET: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "text",
		meaning: "`oidc`: what proves it; unset for a public client. Or `OIDC_CLIENT_SECRET_FILE`.",
		isSecret: true,
	}),
	OIDC_SCOPES: setting(z.string().min(1), {
		fallback: "openid profile",
		unit: "scopes",
		meaning: "`oidc`: what is asked for, separated by spaces.",
	}),
	OIDC_LABEL: setting(z.string().min(1), {
		fallback: "Single sign-on",
		unit: "text",
		meaning: "`oidc`: what the button on the sign-in page says.",
	}),
	OIDC_NAME_CLAIM: setting(z.string().min(1), {
		fallback: "name",
		unit: "claim",
		meaning:
			"`oidc`: what people are called by. Claims may be paths, such as `realm_access.roles`; they are looked for in the ID token, then in what the provider says of users.",
	}),
	OIDC_ROLE_CLAIM: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "claim",
		meaning: "`oidc`: a text or a list; whoever has one of `OIDC_OPERATORS` in it is an operator, anybody else is not.",
	}),
	OIDC_OPERATORS: setting(textList(), {
		fallback: "",
		unit: "values",
		meaning: "`oidc`: values of `OIDC_ROLE_CLAIM` that make an operator, separated by commas.",
	}),
	OIDC_TIER_CLAIM: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "claim",
		meaning: "`oidc`: names the tier. One that there is not is as none.",
	}),
	JWT_ISSUER: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "text",
		meaning: "`jwt`: what the platform's tokens have as `iss`.",
	}),
	JWT_AUDIENCE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "text",
		meaning: "`jwt`: what they have as `aud`, and nothing else: this gateway.",
	}),
	JWT_JWKS_URL: setting(httpUrl().nullable(), {
		fallback: null,
		unit: "URL",
		meaning:
			"`jwt`: where the platform's public keys are, for RS256, PS256, ES256 or EdDSA. HTTPS, except on this machine. Either this or `JWT_SECRET`.",
	}),
	JWT_SECRET: setting(z.string().min(32, "must be at least 32 characters").nullable(), {
		fallback: null,
		unit: "text",
		meaning: "`jwt`: the key shared with the platform, for HS256. Or `JWT_SECRET_FILE`.",
		isSecret: true,
	}),
	JWT_MAX_AGE: setting(duration(1_000), {
		fallback: "5m",
		unit: "duration",
		meaning: "`jwt`: a token that was made longer ago is refused, whatever it says itself.",
	}),
	EMBED_ORIGINS: setting(origins(), {
		fallback: "",
		unit: "origins",
		meaning: "`jwt`: origins, separated by commas, whose pages may show the terminal inside of them.",
	}),
	PROXY_USER_HEADER: setting(headerName(), {
		fallback: "x-remote-user",
		unit: "header",
		meaning: "`proxy`: names the person, uniquely and for ever. Believed from the addresses in `TRUST_PROXY` only.",
	}),
	PROXY_NAME_HEADER: setting(headerName(), {
		fallback: "x-remote-name",
		unit: "header",
		meaning: "`proxy`: what to call the person; may be missing.",
	}),
	PROXY_ROLE_HEADER: setting(headerName().nullable(), {
		fallback: null,
		unit: "header",
		meaning: "`proxy`: `operator` makes an operator, anything else or none does not. If unset, roles are given here.",
	}),
	PROXY_SIGN_OUT_URL: setting(httpUrl().nullable(), {
		fallback: null,
		unit: "URL",
		meaning: "`proxy`: where to sign out at the proxy.",
	}),
	SECRETS_KEY: setting(secretsKeys().nullable(), {
		fallback: null,
		unit: "keys",
		meaning:
			"Keys of the users' secrets, 32 bytes each in base64, separated by commas: the first encrypts, all decrypt. If unset, `SECRETS_KEY_FILE` has them.",
		isSecret: true,
	}),
	SECRETS_KEY_FILE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning:
			"File of such keys, a line each; `secrets-key` in `DATA_DIR` if unset, made when the first secret is set. Nobody but the gateway may read it (mode 600).",
	}),
	VAULT_ADDR: setting(httpUrl().nullable(), {
		fallback: null,
		unit: "URL",
		meaning: "Keep users' secrets in HashiCorp Vault, or what speaks its KV version 2, instead of the database.",
	}),
	VAULT_TOKEN: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "text",
		meaning: "What proves the gateway to Vault. Either this or `VAULT_TOKEN_FILE`.",
		isSecret: true,
	}),
	VAULT_TOKEN_FILE: setting(z.string().min(1).nullable(), {
		fallback: null,
		unit: "path",
		meaning: "File that has it, read anew whenever Vault refuses what was read before.",
	}),
	VAULT_PATH: setting(matching(/^[\w-]+(\/[\w-]+)*$/, "a path such as secret/berth"), {
		fallback: "secret/berth",
		unit: "path",
		meaning: "Mount, and folder in it, of users' secrets in Vault.",
	}),
	AUDIT_RETENTION: setting(duration(1_000), {
		fallback: "400d",
		unit: "duration",
		meaning: "Lines of the audit log are kept for so long.",
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

/** Secrets that may also be in a file; some have a setting of its own for that. */
const SETTINGS_IN_FILES = Object.entries(SETTINGS).flatMap(([name, { isSecret }]: [string, Setting]) =>
	isSecret && !Object.hasOwn(SETTINGS, fileSetting(name)) ? [name] : [],
);

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
	const { environment: given, problems } = withSecretFiles(environment, SETTINGS_IN_FILES);
	const values = Object.entries(SETTINGS).map(([name, { schema, fallback, isSecret }]: [string, Setting]) => {
		const text = given[name]?.trim() || fallback;
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

function contradictionsIn(config: Config): string[] {
	const { HOST, SIGN_IN, TLS_CERT_FILE, TLS_KEY_FILE, USE_CONTAINERS } = config;
	const problems: string[] = [];
	const needs = (method: SignInMethod, isGiven: boolean, what: string): void => {
		if (SIGN_IN.includes(method) && !isGiven) problems.push(`SIGN_IN: "${method}" needs ${what}`);
	};
	if (!USE_CONTAINERS && !isLoopback(HOST)) {
		problems.push(
			`HOST: "${HOST}" is reachable from elsewhere, but local mode has no isolation; use 127.0.0.1 or set USE_CONTAINERS=true`,
		);
	}
	if ((TLS_CERT_FILE === null) !== (TLS_KEY_FILE === null)) {
		problems.push("TLS_CERT_FILE: needs TLS_KEY_FILE, and the other way round");
	}
	const { BASE_PATH, OIDC_CLIENT_ID, OIDC_ISSUER, PUBLIC_URL } = config;
	if (!publicPath(config).endsWith(BASE_PATH)) {
		problems.push(`PUBLIC_URL: "${PUBLIC_URL}" must end with BASE_PATH, "${BASE_PATH}"`);
	}
	if (TLS_CERT_FILE !== null && PUBLIC_URL?.startsWith("http:")) {
		problems.push(`PUBLIC_URL: "${PUBLIC_URL}" must begin with https:, because TLS_CERT_FILE is set`);
	}
	needs("oidc", OIDC_ISSUER !== null && OIDC_CLIENT_ID !== null, "OIDC_ISSUER and OIDC_CLIENT_ID");
	needs("oidc", PUBLIC_URL !== null, "PUBLIC_URL, where the provider sends people back to");
	const { JWT_AUDIENCE, JWT_ISSUER, JWT_JWKS_URL, JWT_SECRET, TRUST_PROXY } = config;
	needs("jwt", JWT_ISSUER !== null && JWT_AUDIENCE !== null, "JWT_ISSUER and JWT_AUDIENCE");
	needs("jwt", (JWT_JWKS_URL === null) !== (JWT_SECRET === null), "either JWT_JWKS_URL or JWT_SECRET");
	needs("proxy", TRUST_PROXY.length > 0, "TRUST_PROXY: the addresses whose headers are believed");
	for (const [name, url] of Object.entries({ OIDC_ISSUER, JWT_JWKS_URL })) {
		const isSafe = url === null || url.startsWith("https:") || isLoopback(new URL(url).hostname);
		if (!isSafe) problems.push(`${name}: whoever is on the way could vouch for anybody: must begin with https:`);
	}
	if (SignInMethod.safeParse(JWT_ISSUER).success) {
		problems.push(`JWT_ISSUER: "${JWT_ISSUER}" is what Berth calls a way in of its own`);
	}
	return [...problems, ...contradictionsOfSecrets(config)];
}

function contradictionsOfSecrets({
	SECRETS_KEY,
	SECRETS_KEY_FILE,
	VAULT_ADDR,
	VAULT_TOKEN,
	VAULT_TOKEN_FILE,
}: Config): string[] {
	const problems: string[] = [];
	if (VAULT_ADDR !== null && (VAULT_TOKEN === null) === (VAULT_TOKEN_FILE === null)) {
		problems.push("VAULT_ADDR: needs either VAULT_TOKEN or VAULT_TOKEN_FILE");
	}
	if (SECRETS_KEY !== null && SECRETS_KEY_FILE !== null) {
		problems.push("SECRETS_KEY_FILE: is not read where SECRETS_KEY is set; unset one of them");
	}
	return problems;
}

/** What paths begin with as browsers see them. A proxy that takes a part away says so by `PUBLIC_URL`. */
export function publicPath({ BASE_PATH, PUBLIC_URL }: Pick<Config, "BASE_PATH" | "PUBLIC_URL">): string {
	return PUBLIC_URL === null ? BASE_PATH : new URL(PUBLIC_URL).pathname.replace(/\/$/, "");
}

/** Whether people reach the gateway by HTTPS. */
export function isReachedByHttps({ COOKIE_SECURE, PUBLIC_URL, TLS_CERT_FILE }: Config): boolean {
	return COOKIE_SECURE ?? (TLS_CERT_FILE !== null || (PUBLIC_URL?.startsWith("https:") ?? false));
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
	const bare = host.replace(/^\[(.*)\]$/, "$1");
	if (bare === "localhost" || bare === "::1") return true;
	return isIP(bare) === 4 && bare.startsWith("127.");
}
