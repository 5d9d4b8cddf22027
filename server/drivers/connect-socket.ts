import { once } from "node:events";
import { connect, type Socket } from "node:net";

/**
 * Longest path that a unix socket may have on every system (`sun_path` of macOS, its final NUL left out; Linux has 107
 * bytes). Longer ones are cut by the system or refused.
 */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Connecting to a socket of this host either succeeds or fails at once; more means that its backlog is full. */
const CONNECT_TIMEOUT_MS = 2_000;

export function fitsSocketPath(path: string): boolean {
	return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

/** A connection to a unix socket. Throws the system's error, e.g. with code ENOENT or ECONNREFUSED, or a time-out. */
export async function connectSocket(path: string): Promise<Socket> {
	const socket = connect(path);
	try {
		await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
		return socket;
	} catch (error) {
		socket.on("error", () => {}).destroy();
		throw error;
	}
}

/** Whether a process listens on a unix socket. */
export async function isListening(path: string): Promise<boolean> {
	try {
		(await connectSocket(path)).destroy();
		return true;
	} catch {
		return false;
	}
}
