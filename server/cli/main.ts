/** `berth` as a process: reads arguments and environment, runs the command, gives the exit code. */
import { CommanderError } from "commander";
import { z } from "zod";
import { ConfigError, readConfig } from "../config.ts";
import { httpUrl } from "../written-values.ts";
import { NotWhole } from "./audit-commands.ts";
import { type CliSettings, chooseClient } from "./choose-client.ts";
import { type Client, Refusal, Trouble } from "./client.ts";
import type { CliContext } from "./context.ts";
import { Output, printable } from "./output.ts";
import { createProgram, EXIT, type GlobalOptions } from "./program.ts";
import { readSecret } from "./typed-secret.ts";

/** Advice that fits a page, not a command line. */
const ADVICE: Readonly<Record<string, string>> = {
	BAD_REQUEST: "See --help.",
	NOT_FOUND: "It may be switched off in the gateway's settings (SIGN_IN), or there is nothing of this name.",
	UNAUTHENTICATED: "The gateway does not know the token any more. Its own machine's: restart the gateway.",
	INTERNAL: "See the gateway's log.",
};

async function main(): Promise<number> {
	using resources = new DisposableStack();
	let client: Promise<Client> | null = null;
	const context = (): CliContext => {
		const { dataDir, json } = program.opts<GlobalOptions>();
		const out = new Output(process, json === true);
		const choose = async (): Promise<Client> => {
			const environment = dataDir === undefined ? process.env : { ...process.env, DATA_DIR: dataDir };
			const chosen = resources.use(await chooseClient(readConfig(environment), cliSettings(environment)));
			out.note(`berth: using ${chosen.place}`);
			return chosen;
		};
		return {
			out,
			call: async (name, input) => {
				client ??= choose();
				return await (await client).call(name, input);
			},
			readSecret: async (question) => await readSecret(process.stdin, process.stderr, question),
		};
	};
	const program = createProgram(context);
	for (const command of [program, ...program.commands.flatMap((group) => [group, ...group.commands])]) {
		command.exitOverride();
	}
	try {
		await program.parseAsync();
		return 0;
	} catch (thrown) {
		return exitCodeOf(thrown);
	}
}

function cliSettings({ BERTH_TOKEN_FILE, BERTH_URL }: NodeJS.ProcessEnv): CliSettings {
	const url = z.preprocess((text) => (text === "" ? null : text), httpUrl().nullable()).safeParse(BERTH_URL ?? null);
	if (url.success) return { url: url.data, tokenFile: BERTH_TOKEN_FILE || null };
	throw new ConfigError(url.error.issues.map(({ message }) => `BERTH_URL: ${message}`));
}

/** Says what went wrong, and what to do. */
function exitCodeOf(thrown: unknown): number {
	const say = (text: string): boolean => process.stderr.write(`berth: ${printable(text)}\n`);
	if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT.usage;
	if (thrown instanceof NotWhole) return EXIT.notWhole;
	if (thrown instanceof ConfigError) {
		for (const problem of thrown.problems) say(problem);
		return EXIT.usage;
	}
	if (thrown instanceof Refusal) {
		const { action, code, message } = thrown.reason;
		say(`${message} [${code}]`);
		say(ADVICE[code] ?? action);
	} else if (thrown instanceof Trouble) {
		say(thrown.message);
		say(thrown.advice);
	} else process.stderr.write(`berth: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
	return EXIT.refused;
}

// Whoever reads has seen enough: `berth audit export | head`.
process.stdout.on("error", (error) => {
	if (Object(error).code === "EPIPE") process.exit(0);
	throw error;
});
process.exitCode = await main();
