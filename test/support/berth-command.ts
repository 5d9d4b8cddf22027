/** Runs `berth` as an operator does, and keeps what it said. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const MAIN = join(import.meta.dirname, "../../server/cli/main.ts");

export type Said = { code: number | null; stdout: string; stderr: string };

/** With nothing of this process's environment but what finds programs. */
export class BerthCommand {
	readonly environment: Record<string, string>;

	constructor(environment: Record<string, string>) {
		this.environment = { PATH: process.env.PATH ?? "", ...environment };
	}

	async run(...args: string[]): Promise<Said> {
		return await this.runWith("", ...args);
	}

	/** `input` comes by standard input. */
	async runWith(input: string, ...args: string[]): Promise<Said> {
		const child = spawn(process.execPath, [MAIN, ...args], { env: this.environment });
		child.stdin.on("error", () => {}).end(input);
		const ended = once(child, "exit");
		const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
		const [code] = await ended;
		return { code, stdout, stderr };
	}

	/** What it prints as JSON. Throws where it failed. */
	async json<Result>(...args: string[]): Promise<Result> {
		const { code, stdout, stderr } = await this.run("--json", ...args);
		if (code !== 0) throw new Error(`berth ${args.join(" ")} ended with ${code}: ${stderr}`);
		return JSON.parse(stdout) as Result;
	}

	/** What it prints as lines of JSON. Throws where it failed. */
	async lines<Result>(...args: string[]): Promise<Result[]> {
		const { code, stdout, stderr } = await this.run("--json", ...args);
		if (code !== 0) throw new Error(`berth ${args.join(" ")} ended with ${code}: ${stderr}`);
		return stdout
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line) as Result);
	}
}
