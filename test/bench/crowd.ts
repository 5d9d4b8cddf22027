/**
 * Many shells at once, in a process of their own: what they cost their client does not slow down the shell whose echo
 * is being measured.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FloorAccount } from "./floor-shell.ts";

const WORKER = join(import.meta.dirname, "crowd-worker.ts");

/** Where a crowd's shells are. `cookies`: one page each, that opens `shellsPerPage`. */
export type CrowdPlace =
	| { kind: "berth"; base: string; cookies: string[]; shellsPerPage: number }
	| { kind: "floor"; accounts: FloorAccount[] };

/** What each command answers with. */
export type CrowdResults = {
	/** Connects; opens nothing yet. */
	connect: null;
	/** Opens all shells, `atOnce` at a time; time of each from the first one's start to its prompt, ms. */
	open: number[];
	/** Types a line in each. */
	line: null;
	/** Resolves once each is at a prompt again after `line`. */
	prompts: null;
	/** Types Ctrl-C in each; resolves once all are at a prompt. */
	interrupt: null;
	/** Bytes received by all so far. */
	received: number;
	startEcho: null;
	/** Each types `perSecond` bytes a second for a while; time of each byte to its echo, ms. */
	echoes: number[];
	/** Watches that numbered lines come without gap and repetition, also across connections. */
	watchNumbers: null;
	/** Resolves, once each has resumed and received more, with the Unix time when the last one did, ms. */
	untilResumed: number;
	/** Resolves once each has printed the lines up to this number. */
	untilNumber: null;
	close: null;
};

export type CrowdCommand =
	| { op: "connect"; place: CrowdPlace }
	| { op: "open"; atOnce: number }
	| { op: "line"; text: string }
	| { op: "prompts" }
	| { op: "interrupt" }
	| { op: "received" }
	| { op: "startEcho" }
	| { op: "echoes"; perSecond: number; seconds: number }
	| { op: "watchNumbers" }
	| { op: "untilResumed"; limitMs: number }
	| { op: "untilNumber"; last: number }
	| { op: "close" };

export type CrowdAnswer = { ok: true; result: CrowdResults[keyof CrowdResults] } | { ok: false; problem: string };

export class Crowd implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #gone: Promise<unknown>;
	/** Takes the answer to the command under way; null while there is none. */
	#onAnswer: ((answer: CrowdAnswer) => void) | null = null;

	/** Starts the process and connects; no shell is open yet. */
	static async gather(place: CrowdPlace): Promise<Crowd> {
		const crowd = new Crowd();
		try {
			await crowd.ask({ op: "connect", place });
			return crowd;
		} catch (error) {
			await crowd[Symbol.asyncDispose]();
			throw error;
		}
	}

	private constructor() {
		this.#child = fork(WORKER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
		this.#gone = once(this.#child, "exit");
		this.#child.on("message", (answer: CrowdAnswer) => this.#onAnswer?.(answer));
		this.#child.on("exit", () => this.#onAnswer?.({ ok: false, problem: "its process ended" }));
	}

	/** One command at a time. */
	async ask<Op extends keyof CrowdResults>(command: Extract<CrowdCommand, { op: Op }>): Promise<CrowdResults[Op]> {
		if (this.#onAnswer !== null) throw new Error(`the crowd is busy and cannot ${command.op}`);
		const { promise, resolve } = Promise.withResolvers<CrowdAnswer>();
		this.#onAnswer = resolve;
		this.#child.send(command);
		const answer = await promise;
		this.#onAnswer = null;
		if (!answer.ok) throw new Error(`crowd, ${command.op}: ${answer.problem}`);
		// The worker answers each command with its own result.
		return answer.result as CrowdResults[Op];
	}

	/** Ends its shells, unless it hangs, and the process. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		if (this.#onAnswer === null) await this.ask({ op: "close" }).catch(() => {});
		this.#child.kill("SIGKILL");
		await this.#gone;
	}
}
