/**
 * What a Node process of ours holds, asked through its inspector: so that a process can be made to collect its garbage
 * without having been written for it.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Stage } from "./stage.ts";

const run = promisify(execFile);

export type Holding = {
	/** Objects of JavaScript, bytes, after all garbage was collected. */
	heap: number;
	/** Buffers and the like, bytes. */
	external: number;
	/** Open files, sockets and terminals. */
	files: number;
	/** Timers, sockets and whatever else the event loop waits for. */
	waits: number;
	/** Memory of the process as the kernel counts it, bytes; for information, as it is never given back at once. */
	resident: number;
};

/** Where a process opens its inspector that was told to by SIGUSR1. */
const DEFAULT_INSPECTOR_PORT = 9229;
const PROBE_LIMIT_MS = 30_000;

const MEASURE = `(() => {
const { heapUsed, external, rss } = process.memoryUsage();
const files = process.getBuiltinModule("node:fs").readdirSync("/proc/self/fd").length;
return JSON.stringify({ heap: heapUsed, external, files, waits: process.getActiveResourcesInfo().length, resident: rss });
})()`;

/** A module: collects garbage in the process whose inspector listens at `port` and prints what is left. */
const probeOf = (port: number): string => `
const list = await fetch("http://127.0.0.1:${port}/json/list");
const [{ webSocketDebuggerUrl }] = await list.json();
const socket = new WebSocket(webSocketDebuggerUrl);
await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
const answers = new Map();
socket.onmessage = ({ data }) => { const { id, result } = JSON.parse(data); answers.get(id)?.(result); };
let last = 0;
const call = (method, params = {}) => new Promise((resolve) => {
	last += 1;
	answers.set(last, resolve);
	socket.send(JSON.stringify({ id: last, method, params }));
});
for (let i = 0; i < 3; i += 1) {
	await call("HeapProfiler.collectGarbage");
	await new Promise((resolve) => setTimeout(resolve, 50));
}
const { result } = await call("Runtime.evaluate", { expression: ${JSON.stringify(MEASURE)}, returnByValue: true });
console.log(result.value);
socket.close();
`;

/** Settings with which a gateway can be asked. */
export const INSPECTED = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

export async function probeGateway({ gateway }: Pick<Stage, "gateway">): Promise<Holding> {
	return await probeWriterOf(gateway.log);
}

/** The process that wrote this log, on this machine, with `INSPECTED`. */
export async function probeWriterOf(log: string): Promise<Holding> {
	// The last one is of the process that runs now.
	const port = [...log.matchAll(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//g)].at(-1)?.[1];
	if (port === undefined) throw new Error("it was not started with INSPECTED");
	return await probe(process.execPath, ["--input-type=module", "-e", probeOf(Number(port))]);
}

/** The agent's inspector is reachable in its container only. */
export async function probeAgent({ pool }: Stage): Promise<Holding> {
	const inContainer = ["exec", pool.containerName(1)];
	// The init process passes it on.
	await run("docker", [...inContainer, "kill", "-USR1", "1"], { timeout: PROBE_LIMIT_MS });
	const node = ["node", "--input-type=module", "-e", probeOf(DEFAULT_INSPECTOR_PORT)];
	return await probe("docker", [...inContainer, ...node]);
}

async function probe(file: string, args: string[]): Promise<Holding> {
	const { stdout } = await run(file, args, { timeout: PROBE_LIMIT_MS });
	return JSON.parse(stdout) as Holding;
}
