/** Where the container engine is, read from the variables that the `docker` command reads, with the same meaning. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type DockerEndpoint =
	| { socketPath: string }
	| { protocol: "http"; host: string; port: number }
	| {
			protocol: "https";
			host: string;
			port: number;
			/** PEM: the only authority that is trusted. Absent: those that the system trusts. */
			ca?: Buffer;
			/** PEM: how we identify ourselves. Absent: the engine asks for nothing. */
			client?: { cert: Buffer; key: Buffer };
	  };

/** The variables that `docker` reads; absent, null and empty mean the same. */
export type DockerEnvironment = {
	DOCKER_HOST?: string | null | undefined;
	DOCKER_TLS_VERIFY?: string | null | undefined;
	DOCKER_CERT_PATH?: string | null | undefined;
};

/** The variables name no endpoint that can be used. The message names the variable and says what to do. */
export class DockerEndpointError extends Error {
	override readonly name = "DockerEndpointError";
}

const DEFAULT_SOCKET_PATH = "/var/run/docker.sock";
const DEFAULT_HOST = "localhost";
/** Docker's own defaults, for a bare `tcp://`, and for `DOCKER_TLS_VERIFY` without `DOCKER_HOST`. */
const DEFAULT_PORT = 2375;
const DEFAULT_TLS_PORT = 2376;

/** Throws `DockerEndpointError`. Reads the certificates where the endpoint uses TLS, and nothing else. */
export function parseDockerEndpoint(environment: DockerEnvironment, home: string = homedir()): DockerEndpoint {
	const usesTls = Boolean(environment.DOCKER_TLS_VERIFY);
	const certificates = environment.DOCKER_CERT_PATH || join(home, ".docker");
	const text = environment.DOCKER_HOST?.trim() ?? "";
	if (text === "") {
		if (!usesTls) return { socketPath: DEFAULT_SOCKET_PATH };
		return withTls({ host: DEFAULT_HOST, port: DEFAULT_TLS_PORT }, certificates);
	}
	const [scheme, rest] = text.includes("://") ? splitOnce(text, "://") : ["tcp", text];
	switch (scheme) {
		case "unix":
			return { socketPath: parseSocketPath(rest) };
		case "tcp":
		case "http": {
			const address = parseAddress(text, rest, DEFAULT_PORT);
			return usesTls ? withTls(address, certificates) : { protocol: "http", ...address };
		}
		case "https": {
			const address = parseAddress(text, rest, DEFAULT_TLS_PORT);
			return usesTls ? withTls(address, certificates) : { protocol: "https", ...address };
		}
		default:
			throw new DockerEndpointError(`DOCKER_HOST: ${JSON.stringify(text)} ${whyRefused(scheme)}`);
	}
}

function whyRefused(scheme: string): string {
	const instead = "; use unix:///path/to/docker.sock or tcp://host:port";
	switch (scheme) {
		case "ssh":
			return 'is not supported; forward the socket with "ssh -N -L /path/docker.sock:/var/run/docker.sock user@host" and use unix:///path/docker.sock';
		case "fd":
			return `is an address for the engine to listen on, not one to connect to${instead}`;
		case "npipe":
			return `is a Windows pipe, which this host does not have${instead}`;
		default:
			return `is no endpoint that Docker knows${instead}`;
	}
}

function parseSocketPath(path: string): string {
	if (path === "") return DEFAULT_SOCKET_PATH;
	if (path.startsWith("/")) return path;
	throw new DockerEndpointError(
		`DOCKER_HOST: "unix://${path}" is not an absolute path; write unix:///path/to/docker.sock`,
	);
}

function parseAddress(text: string, address: string, defaultPort: number): { host: string; port: number } {
	// A scheme without meaning of its own, so that no port counts as the scheme's default and disappears.
	const url = URL.parse(`endpoint://${address}`);
	if (
		url === null ||
		!["", "/"].includes(url.pathname) ||
		url.username !== "" ||
		url.search !== "" ||
		url.hash !== ""
	) {
		throw new DockerEndpointError(`DOCKER_HOST: ${JSON.stringify(text)} is not of the form tcp://host:port`);
	}
	const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
	return { host: host || DEFAULT_HOST, port: url.port === "" ? defaultPort : Number(url.port) };
}

function withTls(address: { host: string; port: number }, directory: string): DockerEndpoint {
	const ca = readCertificate(join(directory, "ca.pem"));
	const cert = readCertificate(join(directory, "cert.pem"));
	const key = readCertificate(join(directory, "key.pem"));
	if (ca === null) {
		throw new DockerEndpointError(
			`DOCKER_TLS_VERIFY: there is no ca.pem in ${directory} to verify the engine with; set DOCKER_CERT_PATH`,
		);
	}
	if ((cert === null) !== (key === null)) {
		throw new DockerEndpointError(`DOCKER_CERT_PATH: ${directory} has only one of cert.pem and key.pem`);
	}
	const client = cert !== null && key !== null ? { client: { cert, key } } : {};
	return { protocol: "https", ...address, ca, ...client };
}

/** Null where there is none. */
function readCertificate(path: string): Buffer | null {
	try {
		return readFileSync(path);
	} catch (cause) {
		if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
		throw new DockerEndpointError(`DOCKER_CERT_PATH: ${path} cannot be read`, { cause });
	}
}

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return [text.slice(0, at), text.slice(at + separator.length)];
}
