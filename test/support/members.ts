/** People who sign in by password at a gateway that a test has started with `SIGN_IN=password`. */
import assert from "node:assert/strict";
import type { UserInfo } from "../../server/protocol/api.ts";
import { ApiClient } from "./api-client.ts";
import type { GatewayProcess } from "./gateway-process.ts";

export const PASSWORD = "correct horse battery";

/** The token of a one-time link. */
export function tokenOf(url: string): string {
	const { hash, pathname } = new URL(url);
	assert.match(pathname, /\/invitation$/);
	return hash.slice(1);
}

/** The link that the gateway printed last when it started; null where it printed none. */
export function printedLink(gateway: GatewayProcess): string | null {
	return gateway.log.match(/http\S+\/invitation#[\w-]+/g)?.at(-1) ?? null;
}

/** The first operator, signed in. */
export async function firstOperator(gateway: GatewayProcess, name = "root of all"): Promise<ApiClient> {
	const link = printedLink(gateway);
	assert.ok(link, "the gateway printed no link");
	const operator = new ApiClient(gateway.base);
	await operator.ask("invitation.accept", { token: tokenOf(link), name, password: PASSWORD });
	return operator;
}

export type Member = { browser: ApiClient; user: UserInfo; name: string };

/** Somebody whom an operator has added, signed in by the invitation. */
export async function addMember(operator: ApiClient, name: string): Promise<Member> {
	const { invitation, user } = await operator.ask("user.add", { name });
	const browser = new ApiClient(operator.base);
	await browser.ask("invitation.accept", { token: tokenOf(invitation.url), password: PASSWORD });
	return { browser, user, name };
}
