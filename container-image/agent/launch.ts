/**
 * How every other program is started: by `berth-launch`, which closes all descriptors but the standard three, sets
 * limits and gives up rights before the program runs. node-pty opens terminals without close-on-exec: a program that
 * inherited them could read and type in other people's shells.
 */
import { join } from "node:path";

export const LAUNCHER = join(import.meta.dirname, "../launcher/berth-launch");

/** The system's folders alone; users' own ones are added by their login files. */
export const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";

export type Launch = {
	/** Absolute path of the program, and its arguments. */
	program: string[];
	/** What it runs as: user and group of this number, and no more. Without it: as the agent's user. */
	uid?: number;
	/** Its controlling terminal. Without it: standard input and output are those of whoever launches. */
	tty?: string;
	cwd?: string;
	/** All of its environment. Without it: that of whoever launches. */
	env?: Record<string, string>;
	niceness?: number;
	/** See `EXPENDABLE`. */
	oomScoreAdj?: number;
	limits?: {
		/** Greatest image of a crashed program, bytes. */
		core?: number;
		/** What its user may have, threads included. */
		nproc?: number;
	};
};

/**
 * Where memory runs out, the kernel ends the program with the highest score. The agent's is 0, as is everybody's in a
 * container; without this it might be chosen, and with it everybody's sessions. Images of crashed programs would only
 * fill the volume.
 */
export const EXPENDABLE = { oomScoreAdj: 500, limits: { core: 0 } } as const satisfies Partial<Launch>;

/** Owns nothing anywhere. */
export const NOBODY = 65_534;

/** What `berth-launch` is to be told. Throws where a NUL would cut a string short. */
export function launchArguments(launch: Launch): string[] {
	const { program, uid, tty, cwd, env = {}, niceness, oomScoreAdj, limits = {} } = launch;
	const single = { "--uid": uid, "--tty": tty, "--cwd": cwd, "--nice": niceness, "--oom-score-adj": oomScoreAdj };
	const options = [
		...Object.entries(single).filter(([, value]) => value !== undefined),
		...Object.entries(limits).map(([name, most]) => ["--limit", `${name}=${most}`]),
		...Object.entries(env).map(([name, value]) => ["--env", `${name}=${value}`]),
	];
	const all = [...options.flat().map(String), "--", ...program];
	if (all.some((text) => text.includes("\0"))) throw new TypeError("a NUL in what is to be launched");
	return all;
}

/** The same for `child_process`. */
export function launchCommand(launch: Launch): { file: string; args: string[] } {
	return { file: LAUNCHER, args: launchArguments(launch) };
}
