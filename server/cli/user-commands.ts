/** `berth user …` */
import type { Command } from "commander";
import type { UserInfo } from "../protocol/api.ts";
import { Role } from "../protocol/sign-in.ts";
import type { CliContext, ContextOf } from "./context.ts";
import { listing, table, timeText } from "./output.ts";
import { userNamed } from "./user-named.ts";

/** How the absence of a tier is written. */
const NO_TIER = "none";

export function addUserCommands(program: Command, context: ContextOf): void {
	const user = program.command("user").description("who there is, and what they may");
	user
		.command("add")
		.description("add a user who signs in by password; prints the link with which they set it")
		.argument("<name>", "what they type to sign in")
		.option("--operator", "may act on others")
		.option("--tier <tier>", "what they may use")
		.action(async (name: string, { operator, tier }: { operator?: true; tier?: string }) => {
			const { call, out } = context();
			const added = await call("user.add", { name, role: operator ? "operator" : "user", tier: tier ?? null });
			const { user, invitation } = added;
			await out.result(
				added,
				`${user.username} was added. This link sets the password; it works once, until ${timeText(invitation.endsAt)} UTC:\n${invitation.url}`,
			);
		});
	user
		.command("list")
		.description("list users in the order in which they came")
		.option("--search <text>", "only those with this in their names")
		.action(async ({ search }: { search?: string }) => {
			const { out } = context();
			const users = await allUsers(context(), search ?? null);
			await out.result(users, usersTable(users));
		});
	user
		.command("show")
		.description("show one user")
		.argument("<user>", USER)
		.action(async (named: string) => {
			const { call, out } = context();
			const { user } = await call("user.read", { user: await userNamed(named, context()) });
			await out.result(user, userListing(user));
		});
	addChanges(user, context);
}

/** What commands that act on one say of it. */
export const USER = "username, user id, or the name they sign in with by password";

function addChanges(user: Command, context: ContextOf): void {
	const change = async (named: string, change: { role?: Role; tier?: string | null; isDisabled?: boolean }) => {
		const { call, out } = context();
		const { user } = await call("user.change", { user: await userNamed(named, context()), ...change });
		await out.result(user, userListing(user));
	};
	user
		.command("disable")
		.description("let a user in no more: sign-ins and sessions end, files stay")
		.argument("<user>", USER)
		.action(async (named: string) => await change(named, { isDisabled: true }));
	user
		.command("enable")
		.description("let a user in again")
		.argument("<user>", USER)
		.action(async (named: string) => await change(named, { isDisabled: false }));
	user
		.command("role")
		.description("make a user an operator, or a user like others")
		.argument("<user>", USER)
		.addArgument(user.createArgument("<role>", "what they may").choices(Role.options))
		.action(async (named: string, role: Role) => await change(named, { role }));
	user
		.command("tier")
		.description("say what a user may use; `none` leaves it to the rules")
		.argument("<user>", USER)
		.argument("<tier>", "a tier, or none")
		.action(async (named: string, tier: string) => await change(named, { tier: tier === NO_TIER ? null : tier }));
	user
		.command("reset")
		.description("end a user's sign-ins and password; prints a link with which to set a new one")
		.argument("<user>", USER)
		.action(async (named: string) => {
			const { call, out } = context();
			const reset = await call("user.reset", { user: await userNamed(named, context()) });
			const { url, endsAt } = reset.invitation;
			await out.result(reset, `This link sets the password; it works once, until ${timeText(endsAt)} UTC:\n${url}`);
		});
}

async function allUsers({ call }: CliContext, search: string | null): Promise<UserInfo[]> {
	const all: UserInfo[] = [];
	for (let after: UserInfo["userId"] | null = null; ; ) {
		const page: { users: UserInfo[]; next: UserInfo["userId"] | null } = await call("user.list", {
			limit: 500,
			...(search !== null && { search }),
			...(after !== null && { after }),
		});
		all.push(...page.users);
		if (page.next === null) return all;
		after = page.next;
	}
}

function usersTable(users: readonly UserInfo[]): string {
	return table(
		["USER", "NAME", "FROM", "ROLE", "TIER", "SIGNED IN (UTC)", ""],
		users.map(({ username, displayName, issuer, role, tier, signedInAt, isDisabled }) => [
			...[username, displayName, issuer, role, tier, timeText(signedInAt), isDisabled ? "disabled" : ""],
		]),
	);
}

function userListing(user: UserInfo): string {
	return listing({
		user: user.username,
		id: user.userId,
		name: user.displayName,
		from: user.issuer,
		"known there as": user.subject,
		role: user.role,
		tier: user.tier ?? "as the rules say",
		access: user.isDisabled ? "disabled" : "enabled",
		"here since": timeText(user.createdAt),
		"signed in": timeText(user.signedInAt),
	});
}
