/** `berth secret …` */

import type { Command } from "commander";
import type { OperationResult } from "../protocol/api.ts";
import type { ContextOf } from "./context.ts";
import { table, timeText } from "./output.ts";
import { USER } from "./user-commands.ts";
import { userNamed } from "./user-named.ts";

type OfUser = { user: string };

export function addSecretCommands(program: Command, context: ContextOf): void {
	const secret = program.command("secret").description("variables that only one user's shells get");
	secret
		.command("set")
		.description("set one; its value is asked for, or comes by standard input")
		.argument("<name>", "the variable, e.g. GEMINI_API_KEY")
		.requiredOption("--user <user>", USER)
		.addHelpText("after", "\nThe value is never an argument: others on this machine could see it.\n")
		.action(async (name: string, { user: named }: OfUser) => {
			const { call, out, readSecret } = context();
			const user = await userNamed(named, context());
			await call("secret.set", { user, name, value: await readSecret(`Value of ${name}: `) });
			await out.result({ user, name }, `${name} is set for new shells.`);
		});
	secret
		.command("list")
		.description("list the names of a user's; their values are never shown")
		.requiredOption("--user <user>", USER)
		.action(async ({ user: named }: OfUser) => {
			const { call, out } = context();
			const { secrets } = await call("secret.list", { user: await userNamed(named, context()) });
			const rows = secrets.map(({ name, changedAt, changedBy }) => [name, timeText(changedAt), changedBy]);
			await out.result(secrets, table(["NAME", "CHANGED (UTC)", "BY"], rows));
		});
	secret
		.command("remove")
		.description("take one away from new shells")
		.argument("<name>", "the variable")
		.requiredOption("--user <user>", USER)
		.action(async (name: string, { user: named }: OfUser) => {
			const { call, out } = context();
			const user = await userNamed(named, context());
			await call("secret.remove", { user, name });
			await out.result({ user, name }, `${name} is removed.`);
		});
	secret
		.command("rotate")
		.description("encrypt everybody's secrets with a new key")
		.action(async () => {
			const { call, out } = context();
			const rotated = await call("secrets.rotate", {});
			await out.result(rotated, rotationWords(rotated));
		});
}

function rotationWords({ keyId, secrets, unneededKeys, unreadable }: OperationResult<"secrets.rotate">): string {
	const left = unreadable === 0 ? "" : `\n${unreadable} could not be read, and stay as they are: their keys are gone.`;
	const unneeded = unneededKeys.length === 0 ? "" : `\nNothing needs these keys any more: ${unneededKeys.join(", ")}.`;
	return `${secrets} secrets are encrypted with key ${keyId} now.${left}${unneeded}`;
}
