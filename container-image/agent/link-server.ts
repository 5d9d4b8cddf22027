/** Listens for gateways, on a unix socket that only root and, where the host mounts it, the gateway's group reach. */
import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { LinkEvent } from "../../server/protocol/link.ts";
import { LinkConnection, type LinkOptions } from "./link-connection.ts";

/** A gateway, its successor during an upgrade, health checks: more than this at once is a mistake. */
const MAX_LINKS = 64;

export class LinkServer {
	readonly #options: Omit<LinkOptions, "onClosed">;
	readonly #links = new Set<LinkConnection>();
	readonly #server: Server;

	constructor(options: Omit<LinkOptions, "onClosed">) {
		this.#options = options;
		this.#server = createServer((socket) => this.#onConnection(socket));
		this.#server.maxConnections = MAX_LINKS;
	}

	/** Throws where the socket cannot be made. */
	async listen(socketPath: string): Promise<void> {
		const folder = dirname(socketPath);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		// Left by an agent that was killed. Whoever can put something else there is root.
		rmSync(socketPath, { force: true });
		await new Promise<void>((resolve, reject) => {
			this.#server.once("error", reject).listen(socketPath, resolve);
		});
		shareWithGroupOf(folder, socketPath);
	}

	/** Tells all gateways. */
	broadcast(event: LinkEvent): void {
		for (const link of this.#links) link.sendEvent(event);
	}

	/** Says goodbye to all gateways and stops listening. */
	close(): void {
		for (const link of this.#links) link.bye("SHUTDOWN", "the agent ends");
		this.#server.close();
	}

	#onConnection(socket: Socket): void {
		const link = new LinkConnection(socket, {
			...this.#options,
			onClosed: () => this.#links.delete(link),
		});
		this.#links.add(link);
	}
}

/** The gateway may be of a group that the folder was given to. Where that group is not ours to give, the owner remains. */
function shareWithGroupOf(folder: string, socketPath: string): void {
	const { gid } = statSync(folder);
	try {
		chownSync(socketPath, process.getuid?.() ?? 0, gid);
		chmodSync(socketPath, 0o660);
	} catch {
		chmodSync(socketPath, 0o600);
	}
}
