/**
 * The folders through which pool containers share their agent's socket with this host. Each container gets one of its
 * own: it is mounted there, so a container can reach its own agent's socket and no other's.
 */
import { access, chmod, constants, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { FIRST_UID } from "../../core/accounts.ts";
import { BerthError } from "../../protocol/errors.ts";
import { fitsSocketPath } from "../connect-socket.ts";

/** Root and the gateway's group only; what the container's root makes inside gets the gateway's group. */
const FOLDER_MODE = 0o2770;
const SOCKET_NAME = "agent.sock";

export class LinkFolders {
	readonly #root: string;
	readonly #longestName: string;

	/** `longestName`: the longest name that a container of the pool may have. */
	constructor(root: string, longestName: string) {
		this.#root = root;
		this.#longestName = longestName;
	}

	/** Names of containers are made by us and safe as file names. */
	folderOf(containerName: string): string {
		return join(this.#root, containerName);
	}

	socketOf(containerName: string): string {
		return join(this.folderOf(containerName), SOCKET_NAME);
	}

	/**
	 * Makes the container's folder where it is missing. What a former container left in it stays: nobody answers there,
	 * and the new agent replaces it. Throws `BerthError` CONTAINER_FAILED.
	 */
	async prepare(containerName: string): Promise<void> {
		const folder = this.folderOf(containerName);
		try {
			await mkdir(folder, { recursive: true });
			await chmod(folder, FOLDER_MODE);
		} catch (cause) {
			const detail = `${folder} cannot be made ready; is it another user's? It may be removed.`;
			throw new BerthError("CONTAINER_FAILED", { detail, cause });
		}
	}

	async remove(containerName: string): Promise<void> {
		await rm(this.folderOf(containerName), { recursive: true, force: true });
	}

	/** A folder with a random name, by which the engine can show that it sees what we see. */
	async makeProbe(): Promise<AsyncDisposable & { path: string }> {
		const path = await mkdtemp(join(this.#root, "probe-"));
		await chmod(path, FOLDER_MODE);
		return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
	}

	/** Why sockets cannot be shared from here, whatever the engine can do; null where they can. Makes the root. */
	async findObstacle(): Promise<string | null> {
		if (!fitsSocketPath(this.socketOf(this.#longestName))) return `${this.#root} is too long a path for sockets`;
		// An account of the pool with the gateway's own number would own the folder inside the container.
		if (isUserNumber(process.getuid?.()) || isUserNumber(process.getgid?.())) {
			return `the gateway's uid or gid is one of those that users get (from ${FIRST_UID})`;
		}
		try {
			await mkdir(this.#root, { recursive: true, mode: 0o700 });
			await access(this.#root, constants.R_OK | constants.W_OK | constants.X_OK);
			return null;
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		}
	}
}

function isUserNumber(id: number | undefined): boolean {
	return id !== undefined && id >= FIRST_UID;
}
