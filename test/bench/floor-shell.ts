/**
 * The floor: a shell as the usual design starts it, one `docker exec` with a TTY each, straight through dockerode. No
 * gateway and no browser's connection is between: whoever has those has this and more.
 */
import type { Duplex } from "node:stream";
import Docker from "dockerode";
import { BenchShell } from "./bench-shell.ts";

/** Whose shell, and where: an account that a pool's agent has made. */
export type FloorAccount = { container: string; uid: number; username: string };

/** The engine ends no program of an `exec`; what is left after this long is somebody else's fault. */
const END_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 20;

const docker = new Docker();

export class FloorShell extends BenchShell {
	readonly #exec: Docker.Exec;
	readonly #stream: Duplex;

	/** The same shell, user, home and variables as the agent's. */
	static async open({ container, uid, username }: FloorAccount): Promise<FloorShell> {
		const exec = await docker.getContainer(container).exec({
			Cmd: ["/bin/bash", "-l"],
			User: `${uid}:${uid}`,
			WorkingDir: `/workspace/${username}`,
			Env: environmentOf(username),
			Tty: true,
			AttachStdin: true,
			AttachStdout: true,
			AttachStderr: true,
		});
		return new FloorShell(exec, await exec.start({ hijack: true, stdin: true, Tty: true }));
	}

	private constructor(exec: Docker.Exec, stream: Duplex) {
		super();
		this.#exec = exec;
		this.#stream = stream;
		stream.on("data", (chunk: Buffer) => this.receive(chunk));
		stream.on("error", (error) => this.fail(String(error)));
		stream.on("end", () => this.fail("the stream ended"));
	}

	type(text: string): void {
		this.#stream.write(text);
	}

	stopReading(): void {
		this.#stream.pause();
	}

	/** By signal, from this host: nothing else can end the process of an `exec`. */
	async close(): Promise<void> {
		const { Pid } = await this.#exec.inspect();
		if (Pid > 0) await endProcess(Pid);
		this.#stream.destroy();
	}
}

function environmentOf(username: string): string[] {
	return [
		"TERM=xterm-256color",
		"COLORTERM=truecolor",
		"LANG=C.UTF-8",
		`HOME=/workspace/${username}`,
		`USER=${username}`,
		`LOGNAME=${username}`,
		"SHELL=/bin/bash",
		"BERTH_MOTD=/etc/motd",
	];
}

async function endProcess(pid: number): Promise<void> {
	const deadline = performance.now() + END_PATIENCE_MS;
	while (isKilled(pid) && performance.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
	}
}

/** False once there is no such process. */
function isKilled(pid: number): boolean {
	try {
		return process.kill(pid, "SIGKILL");
	} catch {
		return false;
	}
}
