/** `berth sign-in …` */
import type { Command } from "commander";
import { SignInId } from "../protocol/ids.ts";
import { Trouble } from "./client.ts";
import type { ContextOf } from "./context.ts";
import { table, timeText } from "./output.ts";
import { USER } from "./user-commands.ts";
import { userNamed } from "./user-named.ts";

export function addSignInCommands(program: Command, context: ContextOf): void {
	const signIn = program.command("sign-in").description("where users are signed in");
	signIn
		.command("list")
		.description("list a user's, newest use first")
		.argument("<user>", USER)
		.action(async (named: string) => {
			const { call, out } = context();
			const { signIns } = await call("sign-in.list", { user: await userNamed(named, context()) });
			const rows = signIns.map(({ signInId, method, usedAt, address, device }) => [
				...[signInId, method, timeText(usedAt), address, device],
			]);
			await out.result(signIns, table(["ID", "BY", "USED (UTC)", "FROM", "DEVICE"], rows));
		});
	signIn
		.command("end")
		.description("end one of a user's, or all; their pages are disconnected at once")
		.argument("<user>", USER)
		.argument("[id]", "which; as `berth sign-in list` shows it")
		.option("--all", "all of them")
		.action(async (named: string, id: string | undefined, { all }: { all?: true }) => {
			const { call, out } = context();
			if ((id === undefined) === (all === undefined)) {
				throw new Trouble("say which sign-in, or --all", "`berth sign-in list` shows them.");
			}
			const user = await userNamed(named, context());
			if (id === undefined) {
				const { ended } = await call("sign-in.end-others", { user });
				await out.result({ ended }, `${ended} ended.`);
				return;
			}
			const signInId = SignInId.safeParse(id);
			if (!signInId.success) throw new Trouble(`${id} is no sign-in's id`, "`berth sign-in list` shows them.");
			await call("sign-in.end", { user, signInId: signInId.data });
			await out.result({ ended: 1 }, "1 ended.");
		});
}
