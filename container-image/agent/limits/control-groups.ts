/**
 * The container's own part of the control groups, where the kernel keeps limits per account. Laid out as
 *
 *     agent              the agent and what it starts for itself: outside of the users' limits
 *     users              everybody's programs together, with the limits that the operator gave the container
 *     users/u20001       one account
 *
 * Version 1 has a tree like this for each controller, version 2 one for all. The trees are read-only in a container;
 * the hardening helper opens them for its root alone.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CONTROLLERS = ["memory", "cpu", "cpuacct", "pids"] as const;
type Controller = (typeof CONTROLLERS)[number];

export const AGENT_GROUP = "agent";
export const USERS_GROUP = "users";

const MOVE_ATTEMPTS = 20;

/** One file of a group, by its names in version 1 and version 2. */
export type GroupFile = { controller: Controller; v1: string; v2: string };

export class ControlGroups {
	readonly isV2: boolean;
	readonly #root: string;
	/** Folders that are trees of their own: several controllers may share one. */
	readonly #trees: readonly string[];

	/** The trees are prepared: the agent's processes stand in their group. Throws where they are not writable. */
	constructor(root = "/sys/fs/cgroup") {
		this.#root = root;
		this.isV2 = existsSync(join(root, "cgroup.controllers"));
		this.#trees = this.isV2 ? [root] : v1Trees(root);
		this.make(AGENT_GROUP);
		this.#emptyRoot();
		this.make(USERS_GROUP);
		if (this.isV2) this.#passOn(USERS_GROUP);
	}

	/** Makes a group; one that is there is fine. */
	make(group: string): void {
		for (const folder of this.foldersOf(group)) mkdirSync(folder, { recursive: true });
	}

	/** False where something is still in it. */
	remove(group: string): boolean {
		try {
			for (const folder of this.foldersOf(group)) if (existsSync(folder)) rmdirSync(folder);
			return true;
		} catch {
			return false;
		}
	}

	/** What a process must join to be in a group. */
	foldersOf(group: string): string[] {
		return this.#trees.map((tree) => join(tree, group));
	}

	/** Throws where the kernel refuses. */
	write(group: string, file: GroupFile, value: string): void {
		writeFileSync(this.#pathOf(group, file), value);
	}

	has(group: string, file: GroupFile): boolean {
		return existsSync(this.#pathOf(group, file));
	}

	/** Null where there is no such file. */
	read(group: string, file: GroupFile): string | null {
		try {
			return readFileSync(this.#pathOf(group, file), "utf8").trim();
		} catch {
			return null;
		}
	}

	#pathOf(group: string, { controller, v1, v2 }: GroupFile): string {
		return this.isV2 ? join(this.#root, group, v2) : join(this.#root, controller, group, v1);
	}

	/** A check of the container's health may come in at any moment, and in version 2 nothing may be left. */
	#emptyRoot(): void {
		for (let attempt = 1; ; attempt++) {
			for (const tree of this.#trees) moveAll(tree, join(tree, AGENT_GROUP));
			try {
				if (this.isV2) this.#passOn("");
				return;
			} catch (error) {
				if (attempt === MOVE_ATTEMPTS) throw error;
			}
		}
	}

	/** Version 2 has limits only in groups whose parent passes the controllers on, and that has no processes itself. */
	#passOn(group: string): void {
		writeFileSync(join(this.#root, group, "cgroup.subtree_control"), "+cpu +memory +pids");
	}
}

/** Where controllers are mounted together, one folder is a link to the other. */
function v1Trees(root: string): string[] {
	return [...new Set(CONTROLLERS.map((controller) => realpathSync(join(root, controller))))];
}

/** Processes that end meanwhile need not be moved. */
function moveAll(from: string, to: string): void {
	const target = join(to, "cgroup.procs");
	for (const pid of readFileSync(join(from, "cgroup.procs"), "utf8").split("\n")) {
		if (pid !== "" && pid !== "0") tryMove(target, pid);
	}
}

function tryMove(target: string, pid: string): void {
	try {
		writeFileSync(target, pid);
	} catch (thrown) {
		if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")) throw thrown;
	}
}
