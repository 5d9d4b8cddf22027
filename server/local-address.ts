/** The gateway's address as its own machine reaches it. */
import type { Config } from "./config.ts";

/** Without a slash at its end. `port`: the one that it got, where the settings leave it open. */
export function localAddress({ BASE_PATH, HOST, PORT, TLS_CERT_FILE }: Config, port = PORT): string {
	return `${TLS_CERT_FILE === null ? "http" : "https"}://${hostAsReached(HOST)}:${port}${BASE_PATH}`;
}

function hostAsReached(host: string): string {
	if (host === "0.0.0.0") return "127.0.0.1";
	if (host === "::") return "[::1]";
	return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
