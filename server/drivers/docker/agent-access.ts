/** The two ways to a container's agent: its socket in a shared folder, and an exec that bridges to it. */
import type { Duplex } from "node:stream";
import type { Log } from "../../core/log.ts";
import { BerthError } from "../../protocol/errors.ts";
import { AGENT_SOCKET_PATH } from "../../protocol/link.ts";
import { connectSocket, isListening } from "../connect-socket.ts";
import { type Engine, EngineRefusal } from "./engine.ts";
import { runInside } from "./exec.ts";
import { ExecStream } from "./exec-stream.ts";
import type { LinkFolders } from "./link-folders.ts";

export type AgentAddress = {
	containerId: string;
	containerName: string;
	/** Null where the container has no shared folder. */
	folders: LinkFolders | null;
};

/**
 * `-t0`: when the gateway has closed, an agent that is still sending shall not keep the bridge alive. `-b`: a frame at
 * once instead of eight pieces makes bulk output half as fast again.
 */
const BRIDGE = ["socat", "-t0", "-b65536", "STDIO", `UNIX-CONNECT:${AGENT_SOCKET_PATH}`];
/** Connects, says nothing, and ends with exit code 0 where somebody listens. */
const KNOCK = ["socat", "-u", "OPEN:/dev/null", `UNIX-CONNECT:${AGENT_SOCKET_PATH}`];

/** Knocking takes 50 ms; under load it may take a second. */
const KNOCK_LIMIT_MS = 5_000;

export class AgentAccess {
	readonly #engine: Engine;
	readonly #log: Log;
	#hasWarned = false;

	constructor(engine: Engine, log: Log) {
		this.#engine = engine;
		this.#log = log;
	}

	/** A new stream to the agent. Throws `BerthError` LINK_BROKEN or ENGINE_UNREACHABLE. */
	async connect(address: AgentAddress): Promise<Duplex> {
		const { folders, containerName } = address;
		if (folders === null) return this.#bridge(address);
		try {
			return await connectSocket(folders.socketOf(containerName));
		} catch (err) {
			const stream = await this.#bridge(address);
			// Only now: a container that has ended cannot be bridged to either, and is no reason to warn.
			this.#warnOnce(err, containerName);
			return stream;
		}
	}

	async isListeningOnSocket({ folders, containerName }: AgentAddress): Promise<boolean> {
		return folders !== null && (await isListening(folders.socketOf(containerName)));
	}

	/** Slower, and the only way where the socket cannot be reached from here. */
	async isListeningInside({ containerId }: AgentAddress): Promise<boolean> {
		return (await runInside(this.#engine, { containerId, command: KNOCK, limitMs: KNOCK_LIMIT_MS })) === 0;
	}

	async #bridge({ containerId, containerName }: AgentAddress): Promise<Duplex> {
		try {
			const exec = await this.#createBridge(containerId);
			return new ExecStream(
				await this.#engine.request((_client, abortSignal) => exec.start({ hijack: true, stdin: true, abortSignal })),
			);
		} catch (error) {
			if (!(error instanceof EngineRefusal)) throw error;
			throw new BerthError("LINK_BROKEN", { detail: `${containerName}: ${error.message}`, cause: error });
		}
	}

	#createBridge(containerId: string) {
		return this.#engine.request((client, abortSignal) =>
			client.getContainer(containerId).exec({
				Cmd: BRIDGE,
				User: "0:0",
				Tty: false,
				AttachStdin: true,
				AttachStdout: true,
				AttachStderr: true,
				abortSignal,
			}),
		);
	}

	#warnOnce(err: unknown, container: string): void {
		if (this.#hasWarned) return;
		this.#hasWarned = true;
		this.#log.warn({ err, container }, "the agent's socket cannot be reached from here; going through docker exec");
	}
}
