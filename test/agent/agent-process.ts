/** The real agent in local mode, as a child process with folders of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinkClient, type Rules } from "./link-client.ts";

const AGENT_MAIN = join(import.meta.dirname, "../../container-image/agent/main.ts");

export class AgentProcess implements AsyncDisposable {
	readonly child: ChildProcess;
	readonly folder: string;
	readonly socketPath: string;
	readonly workspace: string;
	/** All that it has logged. */
	log = "";
	readonly #clients: LinkClient[] = [];

	static async start(env: Record<string, string> = {}): Promise<AgentProcess> {
		const folder = await mkdtemp(join(tmpdir(), "berth-agent-"));
		const agent = new AgentProcess(folder, env);
		try {
			await agent.#untilListening();
			return agent;
		} catch (thrown) {
			await agent[Symbol.asyncDispose]();
			throw thrown;
		}
	}

	private constructor(folder: string, env: Record<string, string>) {
		this.folder = folder;
		this.socketPath = join(folder, "agent.sock");
		this.workspace = join(folder, "homes");
		this.child = spawn(process.execPath, [AGENT_MAIN], {
			env: {
				PATH: process.env.PATH,
				BERTH_MODE: "local",
				BERTH_SOCKET: this.socketPath,
				BERTH_WORKSPACE: this.workspace,
				BERTH_CONTAINER: "local",
				SHELL: "/bin/bash",
				...env,
			},
			stdio: ["pipe", "pipe", "pipe"],
		});
		this.child.stdout?.on("data", (text) => {
			this.log += text;
		});
		this.child.stderr?.on("data", (text) => {
			this.log += text;
		});
	}

	/** A new link; `rules` as in `LinkClient.open`. */
	async link(rules?: Rules | null): Promise<LinkClient> {
		const client = await LinkClient.open(this.socketPath, rules);
		this.#clients.push(client);
		return client;
	}

	/** Ends the agent as its gateway's end would, and removes its folders. */
	async [Symbol.asyncDispose](): Promise<void> {
		for (const client of this.#clients) await client.close();
		this.child.stdin?.end();
		await this.untilExit();
		await rm(this.folder, { recursive: true, force: true });
	}

	async untilExit(): Promise<number | null> {
		const { child } = this;
		if (child.exitCode === null && child.signalCode === null) {
			await new Promise((resolve) => child.once("exit", resolve));
		}
		return child.exitCode;
	}

	async #untilListening(): Promise<void> {
		const deadline = performance.now() + 10_000;
		while (!this.log.includes("agent listens") || !existsSync(this.socketPath)) {
			if (this.child.exitCode !== null || performance.now() > deadline) throw new Error(`agent: ${this.log}`);
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}
}
