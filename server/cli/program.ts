/** All commands of `berth`. */
import { Command } from "commander";
import { addAuditCommands } from "./audit-commands.ts";
import type { ContextOf } from "./context.ts";
import { addSecretCommands } from "./secret-commands.ts";
import { addSignInCommands } from "./sign-in-commands.ts";
import { addTokenCommands } from "./token-commands.ts";
import { addUserCommands } from "./user-commands.ts";

export type GlobalOptions = { dataDir?: string; json?: true };

/** Exit codes beside 0. */
export const EXIT = { refused: 1, usage: 2, notWhole: 3 } as const;

export function createProgram(context: ContextOf): Command {
	const program = new Command("berth")
		.description("Runs a Berth: users, their secrets, tokens, sign-ins, the audit log.")
		.option("--data-dir <folder>", "the gateway's DATA_DIR")
		.option("--json", "print JSON")
		.showHelpAfterError("(--help says what there is)")
		.configureHelp({ showGlobalOptions: true })
		.addHelpText("after", ABOUT);
	addUserCommands(program, context);
	addSecretCommands(program, context);
	addTokenCommands(program, context);
	addSignInCommands(program, context);
	addAuditCommands(program, context);
	return program;
}

const ABOUT = `
It asks the gateway that runs, or works on the store in DATA_DIR where none does, and says which on standard error.
The gateway's own settings say where it is (PUBLIC_URL, HOST, PORT, DATA_DIR); for another machine:
  BERTH_URL         its address
  BERTH_TOKEN_FILE  file with a token of \`berth token add\`, readable by you alone

Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 3 the audit log is not whole.
`;
