/** Who one is, and the way out. */
import type { OperationResult } from "../../server/protocol/api.ts";
import type { SignInMethod } from "../../server/protocol/sign-in.ts";
import { call } from "../shared/api-client.ts";
import { askOnClick } from "../shared/click.ts";
import { byId, setText } from "../shared/dom.ts";
import { METHOD_WORDS } from "./words.ts";

type Account = OperationResult<"account.read">;
type Somebody = Account & { user: NonNullable<Account["user"]>; method: SignInMethod };

export function showWho({ method, methods, user }: Somebody): void {
	const isGuest = method === "anonymous";
	const isSignInThere = methods.some((way) => way.method !== "anonymous");
	setText(byId("who-name"), user.displayName);
	setText(byId("who-username"), user.username);
	setText(byId("who-role"), user.role === "operator" ? "Operator: runs this Berth" : "User");
	setText(byId("who-method"), METHOD_WORDS[method]);
	byId("guest-words").hidden = !isGuest;
	byId("guest-keeps").hidden = !isGuest || !isSignInThere;
	byId("guest-sign-in").hidden = !isGuest || !isSignInThere;
	byId("leave").hidden = isGuest;
	byId("who").hidden = false;
	askOnClick(byId("leave"), byId("leave-problem"), leave);
}

async function leave(): Promise<void> {
	const { continueAt } = await call("sign-in.leave", {});
	location.assign(continueAt !== null && isWebAddress(continueAt) ? continueAt : "sign-in?signed-out");
}

function isWebAddress(text: string): boolean {
	return ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "");
}
