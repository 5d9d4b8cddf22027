/** The sign-in page: shows each way in that is on. */
import type { MethodInfo, UserInfo } from "../../server/protocol/api.ts";
import { isErrorCode } from "../../server/protocol/errors.ts";
import { ApiFailure, call, errorOf } from "../shared/api-client.ts";
import { showProblem, showText } from "../shared/callout.ts";
import { byId, element, formById, inputById } from "../shared/dom.ts";
import { sendByScript } from "../shared/form.ts";
import { followTheme } from "../shared/page-theme.ts";
import { revealable } from "../shared/reveal.ts";
import { SettingsStore } from "../shared/settings.ts";

const TERMINAL = "container-terminal";

followTheme(new SettingsStore());
tellWhatWas();
revealable("password", "password");
sendByScript({
	form: formById("password-form"),
	send: async () => {
		await call("sign-in.password", { name: inputById("name").value, password: inputById("password").value });
		// Back would lead to a form that is done with.
		location.replace(TERMINAL);
	},
	fieldOf: (code) => (code === "WRONG_CREDENTIALS" ? selected(inputById("password")) : null),
});
await offerWaysIn();

/** Words of our own for what the address says: anybody can make one with theirs. */
function tellWhatWas(): void {
	const query = new URLSearchParams(location.search);
	const code = query.get("error");
	if (isErrorCode(code)) showProblem(byId("problem"), errorOf(code));
	if (query.has("signed-out")) showText(byId("notice"), "You have signed out.");
	// Else a reload would say it again.
	history.replaceState(null, "", location.pathname);
}

async function offerWaysIn(): Promise<void> {
	try {
		const account = await call("account.read", {});
		offer(account.methods);
		if (account.user?.isDisabled) showProblem(byId("problem"), errorOf("USER_DISABLED"));
		else if (account.user !== null && account.method !== "anonymous") showWhoIsHere(account.user);
		else if (!byId("password-form").hidden) inputById("name").focus();
	} catch (thrown) {
		if (!(thrown instanceof ApiFailure)) throw thrown;
		showProblem(byId("problem"), thrown.error);
	} finally {
		byId("door").ariaBusy = null;
	}
}

function offer(methods: readonly MethodInfo[]): void {
	const isPasswordOn = methods.some(({ method, path }) => method === "password" && path === null);
	const ways = methods.filter(({ path }) => path !== null);
	byId("password-form").hidden = !isPasswordOn;
	byId("or").hidden = !isPasswordOn || ways.length === 0;
	byId("ways").hidden = ways.length === 0;
	byId("ways").replaceChildren(...ways.map((way, index) => wayIn(way, index === 0 && !isPasswordOn)));
	if (methods.length === 0) showText(byId("notice"), "You sign in where you came from: go back there and begin again.");
}

function wayIn({ label, method, path }: MethodInfo, isMain: boolean): HTMLElement {
	// Whoever has an account shall not become a guest for want of looking.
	const className = `button button-large${isMain && method !== "anonymous" ? "" : " button-quiet"}`;
	return element("a", { className, textContent: label, href: path ?? "" });
}

function showWhoIsHere({ displayName }: UserInfo): void {
	byId("here-name").textContent = displayName;
	byId("here").hidden = false;
	byId("or-else").hidden = false;
}

function selected(field: HTMLInputElement): HTMLInputElement {
	field.select();
	return field;
}
