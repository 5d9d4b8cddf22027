/**
 * Preloaded into the gateway that is measured: answers questions about its memory and records its CPU, on a unix socket
 * beside its data. It does nothing until it is asked.
 */
import { rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PROBE_SOCKET, type ProbeAnswer, type ProbeRequest } from "./probe-protocol.ts";

const { DATA_DIR } = process.env;
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as NodeJS.GCFunction;
let profiler: Session | null = null;

if (DATA_DIR !== undefined) {
	const path = join(DATA_DIR, PROBE_SOCKET);
	// A gateway that was killed leaves it behind.
	rmSync(path, { force: true });
	createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", (bytes) => void answer(socket, JSON.parse(bytes.toString("utf8"))));
	})
		.listen(path)
		.unref();
}

async function answer(socket: Socket, request: ProbeRequest): Promise<void> {
	if (request.op === "profile-start") await startProfile();
	else if (request.op === "profile-stop") await stopProfile(request.path);
	else if (request.op === "memory") collectAll();
	const answer: ProbeAnswer = { pid: process.pid, memory: process.memoryUsage() };
	socket.end(JSON.stringify(answer));
}

/** What is left afterwards is in use. */
function collectAll(): void {
	collectGarbage({ execution: "sync", flavor: "last-resort", type: "major" });
}

async function startProfile(): Promise<void> {
	profiler = new Session();
	profiler.connect();
	await profiler.post("Profiler.enable");
	await profiler.post("Profiler.start");
}

async function stopProfile(path: string): Promise<void> {
	const stopped = await profiler?.post("Profiler.stop");
	profiler?.disconnect();
	profiler = null;
	if (stopped !== undefined) writeFileSync(path, JSON.stringify(stopped.profile));
}
