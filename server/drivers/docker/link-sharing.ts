/** Finds out, by trying, whether containers can share their agent's socket with this host through a folder. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../core/log.ts";
import { isListening } from "../connect-socket.ts";
import { AGENT_CAPABILITIES, LINK_PATH } from "./container-spec.ts";
import { type Engine, EngineRefusal } from "./engine.ts";
import { runHelper } from "./helper-container.ts";
import type { LinkFolders } from "./link-folders.ts";
import type { PoolContainers } from "./pool-containers.ts";

export type LinkSharingOptions = {
	engine: Engine;
	containers: PoolContainers;
	/** Null where none are wanted, or the engine is known to run elsewhere. */
	folders: LinkFolders | null;
	poolName: string;
	image: string;
	log: Log;
};

const PROBE_FILE = "seen";

export class LinkSharing {
	readonly #options: LinkSharingOptions;
	#decision: Promise<LinkFolders | null> | null = null;

	constructor(options: LinkSharingOptions) {
		this.#options = options;
	}

	/**
	 * The folders if they can be used, or null. Found out once: the answer goes into the containers' specification, so
	 * it must not change under way. Throws `BerthError` ENGINE_UNREACHABLE; the next call tries again.
	 */
	usableFolders(): Promise<LinkFolders | null> {
		this.#decision ??= this.#decide().catch((error: unknown) => {
			this.#decision = null;
			throw error;
		});
		return this.#decision;
	}

	async #decide(): Promise<LinkFolders | null> {
		const { folders, log } = this.#options;
		if (folders === null) return null;
		const obstacle =
			(await folders.findObstacle()) ?? ((await this.#areInUse(folders)) ? null : await this.#probe(folders));
		if (obstacle === null) return folders;
		log.info({ obstacle }, "agents' sockets cannot be shared with this host; links go through docker exec");
		return null;
	}

	/** Whether an agent of the pool answers through one: after a restart of the gateway that saves the probe's time. */
	async #areInUse(folders: LinkFolders): Promise<boolean> {
		const listed = await this.#options.containers.list(this.#options.poolName);
		for (const { name, isRunning, mounted } of listed) {
			if (!isRunning || !mounted.includes(folders.folderOf(name))) continue;
			if (await isListening(folders.socketOf(name))) return true;
		}
		return false;
	}

	/** Lets a container write into a folder of ours. Returns why the file did not arrive, null where it did. */
	async #probe(folders: LinkFolders): Promise<string | null> {
		const { engine, poolName, image } = this.#options;
		await using probe = await folders.makeProbe();
		try {
			const { exitCode } = await runHelper(engine, {
				name: `berth-${poolName}-share`,
				poolName,
				image,
				command: ["touch", `${LINK_PATH}/${PROBE_FILE}`],
				hostConfig: {
					CapAdd: AGENT_CAPABILITIES,
					Tmpfs: { "/run": "rw,noexec,nosuid,nodev,mode=755" },
					Mounts: [{ Type: "bind", Source: probe.path, Target: LINK_PATH }],
				},
			});
			if (exitCode !== 0) return "containers cannot write into the folder";
			await access(join(probe.path, PROBE_FILE));
			return null;
		} catch (error) {
			if (error instanceof EngineRefusal) return error.message;
			if (error instanceof Error && "code" in error && error.code === "ENOENT") return "the engine has other folders";
			throw error;
		}
	}
}
