/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import Docker from "dockerode";

export type Machine = {
	cores: number;
	cpu: string;
	memoryGB: number;
	kernel: string;
	docker: string;
	node: string;
	commit: string;
};

export async function machineOf(): Promise<Machine> {
	const { Version } = await new Docker().version();
	return {
		cores: cpus().length,
		cpu: cpus()[0]?.model.trim() ?? "unknown",
		memoryGB: Math.round(totalmem() / 1e9),
		kernel: release(),
		docker: Version,
		node: process.versions.node,
		commit: commit(),
	};
}

/** With a star where something is not committed. */
function commit(): string {
	const git = (...args: string[]): string =>
		execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
	return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "*");
}
