/**
 * How much the accounts' homes hold, measured by `du` as the account itself: it sees what the account sees, and links
 * lead it nowhere else. One measurement at a time and with the lowest priority: a number in `container-info` must not
 * slow anybody's shell down.
 */
import { execFile } from "node:child_process";
import { launchCommand, SYSTEM_PATH } from "./launch.ts";

export type DiskUsage = {
	usedBytes: number;
	/** Unix time, ms. */
	measuredAt: number;
};

/** A home that takes longer is not measured. */
const MEASURE_TIMEOUT_MS = 20_000;
/** Bytes, then the number of files and folders. */
const MEASURE = 'du -sx --block-size=1 -- "$1"; du -sx --inodes -- "$1"';
/** What a file counts at least: a disk runs out of files as well as of space. */
export const LEAST_FILE_BYTES = 4096;
/** `du` says one line each time. It runs as the user, who could make it say more. */
const MAX_ANSWER_BYTES = 4 * 1024;

export class DiskMeter {
	#queue: Promise<unknown> = Promise.resolve();

	/** `owner`: uid of the home's owner; null for the agent's own user. Null where it could not be measured. */
	async measure(home: string, owner: number | null): Promise<DiskUsage | null> {
		const turn = this.#queue.then(() => runDu(home, owner));
		this.#queue = turn;
		return await turn;
	}
}

function runDu(home: string, owner: number | null): Promise<DiskUsage | null> {
	const program = ["/bin/sh", "-c", MEASURE, "measure", home];
	const { file, args } = launchCommand({ program, niceness: 19, ...(owner === null ? {} : { uid: owner }) });
	const options = {
		env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
		cwd: "/",
		timeout: MEASURE_TIMEOUT_MS,
		killSignal: "SIGKILL",
		maxBuffer: MAX_ANSWER_BYTES,
	} as const;
	return new Promise((resolve) => {
		// A failure may still have an answer: `du` complains of folders that the owner has closed to itself.
		execFile(file, args, options, (_error, stdout) => resolve(parseDu(stdout)));
	});
}

function parseDu(answer: string): DiskUsage | null {
	const [, bytes, files] = /^(\d{1,15})\s.*\n(\d{1,15})\s.*\n?$/.exec(answer) ?? [];
	if (bytes === undefined) return null;
	return { usedBytes: Math.max(Number(bytes), Number(files) * LEAST_FILE_BYTES), measuredAt: Date.now() };
}
