/**
 * A process that starts sessions' programs, and tells when they have ended: see `berth-launch.c` for its wire. Its
 * programs are in the control groups that it is in: for a process to be moved takes the kernel some milliseconds for each
 * tree of groups, and everybody would wait for that before each prompt.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { BerthError } from "../../server/protocol/errors.ts";
import { LAUNCHER, type Launch, launchArguments, launchCommand } from "./launch.ts";

/** `signal` is 0 where the program exited. */
export type ProgramEnd = { exitCode: number; signal: number };

export type Program = { pid: number; ended: Promise<ProgramEnd> };

/** As `berth-launch.c` has it. */
const MAX_REQUEST_BYTES = 64 * 1024;

export class Launcher implements Disposable {
	readonly #process: ChildProcessByStdio<Writable, Readable, null>;
	readonly #starting = new Map<number, PromiseWithResolvers<Program>>();
	readonly #running = new Map<number, (end: ProgramEnd) => void>();
	readonly #onLost: (cause: Error | undefined) => void;
	#lastId = 0;
	#isEnded = false;

	/**
	 * `groups`: folders of control groups that it joins. `onLost`: it has ended, and was not told to; of its programs,
	 * which go on, no end is told any more.
	 */
	constructor(groups: readonly string[], onLost: (cause: Error | undefined) => void) {
		this.#onLost = onLost;
		const { file, args } = launchCommand({ program: [LAUNCHER, "--serve"], groups });
		this.#process = spawn(file, args, { env: {}, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
		createInterface({ input: this.#process.stdout }).on("line", (line) => this.#take(line));
		this.#process.on("error", (error) => this.#onEnd(error));
		this.#process.on("exit", () => this.#onEnd());
		// How it ended is told by its exit.
		this.#process.stdin.on("error", () => {});
	}

	/** Throws `BerthError` SPAWN_FAILED where the system refuses, e.g. at the limit of processes. */
	async start(launch: Launch): Promise<Program> {
		if (this.#isEnded) throw new BerthError("SPAWN_FAILED", { detail: "the launcher has ended" });
		this.#lastId += 1;
		const id = this.#lastId;
		const request = encodeRequest([String(id), ...launchArguments(launch)]);
		const starting = Promise.withResolvers<Program>();
		this.#starting.set(id, starting);
		this.#process.stdin.write(request);
		return await starting.promise;
	}

	/** What it has started goes on. */
	[Symbol.dispose](): void {
		this.#isEnded = true;
		this.#process.stdin.end();
	}

	#take(line: string): void {
		const [kind = "", ...rest] = line.split(" ");
		const numbers = rest.map(Number);
		const [first = 0, second = 0, third = 0] = numbers;
		if (kind === "started") this.#onStarted(first, second);
		else if (kind === "failed") this.#onFailed(first, second);
		else if (kind === "exited") this.#onEnded(first, { exitCode: second, signal: third });
		else throw new Error(`the launcher wrote: ${line.slice(0, 200)}`);
	}

	#onStarted(id: number, pid: number): void {
		const { promise: ended, resolve } = Promise.withResolvers<ProgramEnd>();
		this.#running.set(pid, resolve);
		this.#starting.get(id)?.resolve({ pid, ended });
		this.#starting.delete(id);
	}

	#onFailed(id: number, errno: number): void {
		const cause = new Error(`errno ${errno}`);
		this.#starting.get(id)?.reject(new BerthError("SPAWN_FAILED", { cause }));
		this.#starting.delete(id);
	}

	#onEnded(pid: number, end: ProgramEnd): void {
		this.#running.get(pid)?.(end);
		this.#running.delete(pid);
	}

	#onEnd(cause?: Error): void {
		const isExpected = this.#isEnded;
		this.#isEnded = true;
		for (const { reject } of this.#starting.values()) reject(new BerthError("SPAWN_FAILED", { cause }));
		this.#starting.clear();
		if (!isExpected) this.#onLost(cause);
	}
}

/** Length, then strings with their ends. */
function encodeRequest(strings: string[]): Buffer {
	const body = Buffer.from(strings.map((text) => `${text}\0`).join(""));
	if (body.length > MAX_REQUEST_BYTES) throw new BerthError("SPAWN_FAILED", { detail: "its environment is too long" });
	const length = Buffer.alloc(4);
	length.writeUInt32LE(body.length);
	return Buffer.concat([length, body]);
}
