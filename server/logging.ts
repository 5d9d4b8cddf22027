/** How the gateway logs: pino, JSON for machines, pretty on a terminal. Never input, output, cookies or secrets. */
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "./config.ts";

export function createLogger({ LOG_FORMAT, LOG_LEVEL }: Pick<Config, "LOG_FORMAT" | "LOG_LEVEL">): Logger {
	const isPretty = LOG_FORMAT === "pretty" || (LOG_FORMAT === "auto" && process.stdout.isTTY);
	const options = { level: LOG_LEVEL, timestamp: stdTimeFunctions.isoTime, base: null };
	if (!isPretty) return pino(options);
	return pino({
		...options,
		transport: { target: "pino-pretty", options: { translateTime: "SYS:HH:MM:ss", ignore: "pid,hostname" } },
	});
}
