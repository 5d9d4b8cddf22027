/** The agent as a child process of the gateway: it ends when the gateway does, whichever way that goes. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Log } from "../../core/log.ts";

export type AgentProcessOptions = { name: string; socketPath: string; workspace: string; log: Log };

const AGENT = join(import.meta.dirname, "../../../container-image/agent/main.ts");
/** What shells of the gateway's own user need of the gateway's environment, which also holds secrets. */
const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/** The agent closes its sessions' programs first; it gives them a few seconds. */
const END_GRACE_MS = 8_000;
/** Kept to explain why it ended. */
const LAST_LINES = 20;
const LINE_LENGTH = 2_000;

export class AgentProcess implements AsyncDisposable {
	readonly socketPath: string;
	/** Identifies this very process also after its number was given to another. */
	readonly instanceId: string;
	/** Fulfilled with how it ended. */
	readonly ended: Promise<string>;
	readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
	readonly #lastLines: string[] = [];
	#isRunning = true;

	constructor({ name, socketPath, workspace, log }: AgentProcessOptions) {
		this.socketPath = socketPath;
		this.#child = spawn(process.execPath, [AGENT], {
			env: {
				...passedOn(process.env),
				BERTH_MODE: "local",
				BERTH_SOCKET: socketPath,
				BERTH_WORKSPACE: workspace,
				BERTH_CONTAINER: name,
				BERTH_IMAGE: "none",
				BERTH_NETWORK: "host",
			},
			stdio: ["pipe", "pipe", "pipe"],
			// A process group of its own, or Ctrl-C at the gateway would end it before the pages were told.
			detached: true,
		});
		this.instanceId = `${this.#child.pid ?? "unborn"}-${Date.now()}`;
		this.ended = this.#watchEnd();
		// It ended while it was spoken to; how is told by `ended`.
		this.#child.stdin.on("error", () => {});
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			createInterface({ input: stream }).on("line", (line) => this.#takeLine(line.slice(0, LINE_LENGTH), log));
		}
	}

	get isRunning(): boolean {
		return this.#isRunning;
	}

	/** The last lines that it wrote, as an error to be given as a cause. */
	get lastLines(): Error {
		return new Error(`last lines of the agent's log:\n${this.#lastLines.join("\n")}`);
	}

	/** Ends it and its sessions, and removes what it has left. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#isRunning) {
			this.#child.stdin.end();
			this.#child.kill("SIGTERM");
			const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_GRACE_MS);
			await this.ended.finally(() => clearTimeout(timer));
		}
		await rm(this.socketPath, { recursive: true, force: true });
		await rm(`${this.socketPath}.info`, { recursive: true, force: true });
	}

	async #watchEnd(): Promise<string> {
		try {
			const [code, signal] = await once(this.#child, "close");
			return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
		} catch (error) {
			return `it could not be started: ${error instanceof Error ? error.message : error}`;
		} finally {
			this.#isRunning = false;
		}
	}

	#takeLine(line: string, log: Log): void {
		this.#lastLines.push(line);
		if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
		logAgentLine(line, log);
	}
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The agent writes JSON lines; anything else comes from below it, and is worth a warning. */
function logAgentLine(line: string, log: Log): void {
	try {
		const { level, msg, time: _time, ...fields } = JSON.parse(line);
		const known = LEVELS.find((name) => name === level);
		if (known === undefined || typeof msg !== "string") throw new SyntaxError("no line of the agent's log");
		log[known](fields, msg);
	} catch {
		log.warn({ line }, "the agent wrote");
	}
}

function passedOn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(PASSED_ON.flatMap((name) => (name in environment ? [[name, environment[name]]] : [])));
}
