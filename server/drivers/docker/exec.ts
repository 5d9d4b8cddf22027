/** One-shot programs inside a running container, as its root. */
import type { Duplex } from "node:stream";
import type { Engine } from "./engine.ts";

export type InsideTask = {
	containerId: string;
	command: string[];
	/** After this long its end is no longer waited for. */
	limitMs: number;
};

/** Its exit code; null where it did not end in time. Throws `EngineRefusal`, `BerthError` ENGINE_UNREACHABLE. */
export async function runInside(engine: Engine, { containerId, command, limitMs }: InsideTask): Promise<number | null> {
	const exec = await engine.request((client, abortSignal) =>
		client.getContainer(containerId).exec({
			Cmd: command,
			User: "0:0",
			Tty: false,
			AttachStdin: false,
			AttachStdout: true,
			AttachStderr: true,
			abortSignal,
		}),
	);
	const output = await engine.request((_client, abortSignal) =>
		exec.start({ hijack: true, stdin: false, abortSignal }),
	);
	await ended(output, limitMs);
	return (await engine.request((_client, abortSignal) => exec.inspect({ abortSignal }))).ExitCode;
}

/** Drops what the stream still brings and waits for its end, or for the end of patience. */
async function ended(stream: Duplex, limitMs: number): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	stream.on("close", resolve).on("error", () => {});
	stream.resume().on("end", () => stream.destroy());
	const timer = setTimeout(() => stream.destroy(), limitMs);
	await promise.finally(() => clearTimeout(timer));
}
