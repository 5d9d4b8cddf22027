/** From what an operator types to the user. */
import { UserId, Username } from "../protocol/ids.ts";
import { Trouble } from "./client.ts";
import type { CliContext } from "./context.ts";

/**
 * A username, a user's id, or the name with which somebody signs in by password. Not what people are called elsewhere:
 * they choose that themselves, and could choose to be taken for somebody else. Throws `Trouble`.
 */
export async function userNamed(text: string, { call }: CliContext): Promise<UserId | Username> {
	const userId = UserId.safeParse(text);
	if (userId.success) return userId.data;
	const { users } = await call("user.list", { search: text, limit: 500 });
	const found =
		users.find(({ username }) => username === text) ??
		users.find(({ issuer, displayName }) => issuer === "password" && isSame(displayName, text));
	if (found !== undefined) return found.userId;
	const username = Username.safeParse(text);
	if (username.success) return username.data;
	throw new Trouble(`there is no user ${JSON.stringify(text)}`, "`berth user list` shows who there is.");
}

function isSame(one: string, other: string): boolean {
	return one.toLowerCase() === other.toLowerCase();
}
