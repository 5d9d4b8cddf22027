/** A real gateway process on a free port, so that tests can signal and kill it like an operator. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readiness } from "../../server/core/readiness.ts";
import { SLOWNESS } from "./patience.ts";

const MAIN = join(import.meta.dirname, "../../server/main.ts");
const START_PATIENCE_MS = 30_000 * SLOWNESS;

export class GatewayProcess implements AsyncDisposable {
	/** e.g. `http://localhost:40123`; what `PUBLIC_URL` says where it is set. */
	base = "";
	/** Where it listens on this machine. */
	port = 0;
	/** All log lines, for failures. */
	log = "";
	readonly dataDir: string;
	readonly #environment: Record<string, string>;
	#child: ChildProcess | null = null;
	#port = "0";

	/** Starts a gateway with these settings; `DATA_DIR` is a new folder, removed at the end. */
	static async start(environment: Record<string, string>): Promise<GatewayProcess> {
		const gateway = new GatewayProcess(environment);
		await gateway.start();
		return gateway;
	}

	private constructor(environment: Record<string, string>) {
		this.dataDir = mkdtempSync(join(tmpdir(), "berth-gw-"));
		this.#environment = { ...environment };
	}

	/** Starts it, or starts it again: on the same port, with the same data, and with `changes` of its settings. */
	async start(changes: Record<string, string> = {}): Promise<void> {
		Object.assign(this.#environment, changes);
		const { PATH = "", HOME = "", DOCKER_HOST = "" } = process.env;
		const child = spawn(process.execPath, [MAIN], {
			env: {
				PATH,
				HOME,
				DOCKER_HOST,
				DATA_DIR: this.dataDir,
				PORT: this.#port,
				LOG_FORMAT: "json",
				LOG_LEVEL: "debug",
				...this.#environment,
			},
			stdio: ["ignore", "pipe", "pipe"],
		});
		this.#child = child;
		const { promise, resolve, reject } = Promise.withResolvers<{ base: string; port: string }>();
		// Where the log is not to say where it listens, people reach it there directly.
		const isQuiet = ["warn", "error"].includes(this.#environment.LOG_LEVEL ?? "");
		const onText = (chunk: Buffer): void => {
			this.log += chunk.toString("utf8");
			const log = this.log.slice(this.#logStart);
			const [, base] = /Berth is at (https?:\S+?)\/container-terminal/.exec(log) ?? [];
			// Two lines, which may come in two pieces.
			const [, port = isQuiet ? new URL(base ?? "http://none").port : undefined] =
				/"listening":\{[^}]*"port":(\d+)/.exec(log) ?? [];
			if (base !== undefined && port !== undefined) resolve({ base, port });
		};
		this.#logStart = this.log.length;
		child.stdout.on("data", onText);
		child.stderr.on("data", onText);
		child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}:\n${this.log}`)));
		const timer = setTimeout(() => reject(new Error(`no address:\n${this.log}`)), START_PATIENCE_MS);
		const { base, port } = await promise.finally(() => clearTimeout(timer));
		this.base = base;
		this.port = Number(port);
		this.#port = port;
	}
	#logStart = 0;

	/** Sends a signal and waits for the end; returns the exit code, null where the signal ended it. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
		const child = this.#child;
		assert.ok(child, "the gateway was not started");
		this.#child = null;
		if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
		const ended = once(child, "exit");
		child.kill(signal);
		const [code] = await ended;
		return code;
	}

	/** Sends a signal that it goes on after. */
	signal(signal: NodeJS.Signals): void {
		this.#child?.kill(signal);
	}

	async readiness(): Promise<{ httpStatus: number } & Omit<Readiness, "isReady">> {
		const response = await fetch(`${this.base}/readyz`);
		const body = (await response.json()) as Omit<Readiness, "isReady">;
		return { httpStatus: response.status, ...body };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child !== null) await this.stop();
		rmSync(this.dataDir, { recursive: true, force: true });
	}
}
