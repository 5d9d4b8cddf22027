/** Has snapshots made by a process of its own, which is there only while it is needed. */
import { type ChildProcess, spawn } from "node:child_process";
import { extname, join } from "node:path";
import { EXPENDABLE, launchCommand, NOBODY } from "../launch.ts";
import type { Log } from "../log.ts";
import {
	decodeSnapshot,
	encodeJob,
	MAX_SNAPSHOT_BYTES,
	MessageReader,
	type Snapshot,
	type SnapshotJob,
	type SnapshotMaker,
} from "./snapshot-job.ts";

/** A job takes a tenth of a second; in a container at its CPU limit, twenty times as long. */
const TIME_LIMIT_MS = 10_000;
/** Starting takes as long as a job or two. */
const IDLE_MS = 10_000;
/** Beside this file, and of its kind: in the image there are no types. */
const PROGRAM = join(import.meta.dirname, `snapshot-process${extname(import.meta.filename)}`);
const NOTHING_INHERITED = { PATH: "/usr/local/bin:/usr/bin:/bin" };

export type SnapshotProcessOptions = {
	/** Whether the process is to have no rights at all; in local mode it is of the agent's own user. */
	isNobody: boolean;
	log: Log;
};

type Waiting = { job: SnapshotJob; signal: AbortSignal; resolve(snapshot: Snapshot | null): void };

export class SnapshotProcess implements SnapshotMaker {
	readonly #options: SnapshotProcessOptions;
	readonly #waiting: Waiting[] = [];
	#child: ChildProcess | null = null;
	#current: Waiting | null = null;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: SnapshotProcessOptions) {
		this.#options = options;
	}

	async make(job: SnapshotJob, signal: AbortSignal): Promise<Snapshot | null> {
		const { promise, resolve } = Promise.withResolvers<Snapshot | null>();
		this.#waiting.push({ job, signal, resolve });
		this.#next();
		return await promise;
	}

	/** Ends the process; whatever waits is answered with null. */
	close(): void {
		for (const { resolve } of this.#waiting.splice(0)) resolve(null);
		this.#end();
	}

	#next(): void {
		while (this.#current === null) {
			const next = this.#waiting.shift();
			if (next === undefined) return;
			if (next.signal.aborted) next.resolve(null);
			else this.#begin(next);
		}
	}

	#begin(next: Waiting): void {
		this.#current = next;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#onTooLong(), TIME_LIMIT_MS);
		this.#child ??= this.#start();
		this.#child.stdin?.write(encodeJob(next.job));
	}

	#start(): ChildProcess {
		const { file, args } = commandFor(this.#options);
		const child = spawn(file, args, { env: NOTHING_INHERITED, cwd: "/", stdio: ["pipe", "pipe", "ignore"] });
		const reader = new MessageReader();
		child.stdout?.on("data", (chunk: Buffer) => {
			if (this.#child === child) this.#receive(reader, chunk);
		});
		// A job that cannot be handed over is answered by the end that follows.
		child.stdin?.on("error", () => {});
		child.on("error", (error) => this.#onEnd(child, error));
		child.on("close", (code, signal) => this.#onEnd(child, { code, signal }));
		return child;
	}

	#receive(reader: MessageReader, chunk: Buffer): void {
		try {
			for (const message of reader.push(chunk)) this.#answer(decodeSnapshot(message));
		} catch (error) {
			this.#options.log.error({ error }, "snapshot process sent what is no snapshot");
			this.#end();
		}
	}

	#answer({ deflated, length }: Snapshot): void {
		const isUsable = length > 0 && length <= MAX_SNAPSHOT_BYTES && deflated.length <= MAX_SNAPSHOT_BYTES;
		this.#finish(isUsable ? { deflated, length } : null);
	}

	#finish(snapshot: Snapshot | null): void {
		const done = this.#current;
		this.#current = null;
		clearTimeout(this.#timer);
		done?.resolve(snapshot);
		this.#next();
		if (this.#current === null) this.#timer = setTimeout(() => this.#end(), IDLE_MS).unref();
	}

	#onTooLong(): void {
		this.#options.log.warn({}, "snapshot took too long");
		this.#end();
	}

	#onEnd(child: ChildProcess, reason: unknown): void {
		if (this.#child !== child) return;
		this.#options.log.warn({ reason }, "snapshot process ended");
		this.#end();
	}

	/** What was under way has failed; what waits gets a new process. */
	#end(): void {
		clearTimeout(this.#timer);
		this.#child?.kill("SIGKILL");
		this.#child = null;
		if (this.#current !== null) this.#finish(null);
	}
}

function commandFor({ isNobody }: SnapshotProcessOptions): ReturnType<typeof launchCommand> {
	const program = [process.execPath, "--max-old-space-size=192", PROGRAM];
	return launchCommand(isNobody ? { program, uid: NOBODY, niceness: 5, ...EXPENDABLE } : { program });
}
