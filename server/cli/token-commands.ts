/** `berth token …` */
import type { Command } from "commander";
import type { ContextOf } from "./context.ts";
import { table, timeText } from "./output.ts";

export function addTokenCommands(program: Command, context: ContextOf): void {
	const token = program.command("token").description("what programs use the API with, for the operators");
	token
		.command("add")
		.description("make one; it is shown once")
		.argument("<name>", "what it is for, e.g. deploy")
		.action(async (name: string) => {
			const { call, out } = context();
			const { token } = await call("token.add", { name });
			await out.result({ name, token }, token);
		});
	token
		.command("list")
		.description("list them, without what is secret of them")
		.action(async () => {
			const { call, out } = context();
			const { tokens } = await call("token.list", {});
			const rows = tokens.map(({ name, createdAt, createdBy, usedAt }) => [
				...[name, timeText(createdAt), createdBy, timeText(usedAt)],
			]);
			await out.result(tokens, table(["NAME", "MADE (UTC)", "BY", "USED (UTC)"], rows));
		});
	token
		.command("revoke")
		.description("make one useless")
		.argument("<name>", "its name")
		.action(async (name: string) => {
			const { call, out } = context();
			await call("token.revoke", { name });
			await out.result({ name }, `${name} is revoked.`);
		});
}
