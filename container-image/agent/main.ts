/** Main process of every pool container, and in local mode a child of the gateway. */
import { z } from "zod";
import { Agent } from "./agent.ts";
import { type Config, readConfig } from "./config.ts";
import { createLog } from "./log.ts";

const EXIT_CONFIG = 2;
const EXIT_FAILED = 1;

function readConfigOrExit(): Config {
	try {
		return readConfig(process.env);
	} catch (thrown) {
		if (!(thrown instanceof z.ZodError)) throw thrown;
		for (const { path, message } of thrown.issues) console.error(`${path.join(".")}: ${message}`);
		process.exit(EXIT_CONFIG);
	}
}

const config = readConfigOrExit();
const log = createLog(config.logLevel, (line) => process.stdout.write(line));
// Whoever read the log has gone: no reason to end before the sessions have been ended in order.
process.stdout.on("error", () => {});

process.on("uncaughtException", (error) => {
	// Whatever it was, the state is unknown: the engine starts a fresh agent.
	log.error({ error }, "agent failed");
	process.exit(EXIT_FAILED);
});

const agent = new Agent(config, log);
await agent.start();
log.info({ mode: config.mode, socket: config.socketPath }, "agent listens");

let isStopping = false;
async function stop(reason: string): Promise<void> {
	if (isStopping) return;
	isStopping = true;
	log.info({ reason }, "agent ends");
	await agent.stop();
	process.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
if (config.mode === "local") process.stdin.on("end", () => void stop("the gateway has ended")).resume();
