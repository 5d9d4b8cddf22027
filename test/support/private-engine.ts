/**
 * A Docker engine of the test's own, so that it can be stopped without taking anybody's containers down. It gets the
 * pool's image from the machine's engine. It runs in a network namespace of its own: an engine takes the interface
 * `docker0` for its own, also when it is told to have no bridge, and would remove the other engine's.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import Docker from "dockerode";

const START_PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 100;

export class PrivateEngine implements AsyncDisposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "berth-engine-"));
	readonly socketPath = join(this.#folder, "docker.sock");
	#daemon: ChildProcess | null = null;

	/** Starts an engine that has `image`. */
	static async startWith(image: string): Promise<PrivateEngine> {
		const engine = new PrivateEngine();
		await engine.start();
		// A pipe, so that a gigabyte is not written twice.
		await promisify(execFile)("bash", [
			"-o",
			"pipefail",
			"-c",
			'docker save "$1" | docker --host "unix://$2" load',
			"--",
			image,
			engine.socketPath,
		]);
		return engine;
	}

	async start(): Promise<void> {
		const at = (name: string): string => join(this.#folder, name);
		this.#daemon = spawn(
			"unshare",
			[
				["--net", "dockerd"],
				["--host", `unix://${this.socketPath}`],
				["--data-root", at("data")],
				["--exec-root", at("exec")],
				["--pidfile", at("pid")],
				["--oom-score-adjust", "0"],
				["--bridge", "none"],
				"--iptables=false",
			].flat(),
			{ stdio: ["ignore", "pipe", "pipe"] },
		);
		const log = createWriteStream(at("log"), { flags: "a" });
		this.#daemon.stdout?.pipe(log, { end: false });
		this.#daemon.stderr?.pipe(log, { end: false });
		await this.#untilItAnswers();
	}

	/** Stops it as an operator would; it takes its containers down. */
	async stop(): Promise<void> {
		const daemon = this.#daemon;
		this.#daemon = null;
		if (daemon === null || daemon.exitCode !== null) return;
		const ended = once(daemon, "exit");
		daemon.kill("SIGTERM");
		await ended;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
		rmSync(this.#folder, { recursive: true, force: true });
	}

	async #untilItAnswers(): Promise<void> {
		const docker = new Docker({ socketPath: this.socketPath });
		const deadline = performance.now() + START_PATIENCE_MS;
		while (performance.now() < deadline) {
			const answers = await docker.ping().then(
				() => true,
				() => false,
			);
			if (answers) return;
			await sleep(LOOK_EVERY_MS);
		}
		throw new Error(`the private engine did not start, see ${join(this.#folder, "log")}`);
	}
}
