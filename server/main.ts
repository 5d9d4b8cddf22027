/** The gateway as a process: reads the configuration, starts, listens to signals, gives the exit code. */

import type { Logger } from "pino";
import { ConfigError, readConfig } from "./config.ts";
import { type Reload, startGateway } from "./gateway.ts";
import { createLogger } from "./logging.ts";

const EXIT_BAD_CONFIGURATION = 2;
/** Everything that closes is told to close at once; whatever has not by then is cut off. */
const SHUTDOWN_LIMIT_MS = 10_000;

async function main(): Promise<void> {
	const config = readConfig(process.env);
	const log = createLogger(config);
	if (config.USE_CONTAINERS && process.getuid?.() === 0)
		log.warn({}, "running as root, which the gateway does not need");
	const gateway = await startGateway(config, log);
	const { address, firstOperatorLink } = gateway;
	const invitation =
		firstOperatorLink === null ? "" : `  To become its operator, open this within a day, once: ${firstOperatorLink}\n`;
	process.stdout.write(`\n  Berth is at ${address}\n${invitation}\n`);

	const shutDown = async (signal: NodeJS.Signals): Promise<void> => {
		log.info({ signal }, "closing; programs go on in their containers");
		setTimeout(() => {
			log.error({}, "did not close in time");
			process.exit(1);
		}, SHUTDOWN_LIMIT_MS).unref();
		await gateway[Symbol.asyncDispose]();
		log.info({}, "closed");
		process.exit(0);
	};
	process.on("SIGHUP", () => {
		for (const each of gateway.reloads) reload(each, log);
	});
	process.once("SIGTERM", shutDown);
	process.once("SIGINT", shutDown);
}

function reload({ run, what }: Reload, log: Logger): void {
	try {
		run();
		log.info({}, `${what} were read again`);
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		log.error({ problems: error.problems }, `${what} stay as they were`);
	}
}

main().catch((error: unknown) => {
	if (error instanceof ConfigError) {
		process.stderr.write(`${error.problems.join("\n")}\n`);
		process.exit(EXIT_BAD_CONFIGURATION);
	}
	process.stderr.write(`Berth could not start: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exit(1);
});
