/** One's own password. */
import type { UserInfo } from "../../server/protocol/api.ts";
import { call } from "../shared/api-client.ts";
import { byId, formById, inputById, setText } from "../shared/dom.ts";
import { sendByScript } from "../shared/form.ts";
import { revealable } from "../shared/reveal.ts";
import { showSignIns } from "./sign-ins.ts";

/** `user` is null where there is no password to change: they sign in by other means. */
export function showPasswordChange(user: UserInfo | null): void {
	byId("password").hidden = user === null;
	if (user === null) return;
	revealable("current", "current password");
	revealable("new", "new password");
	// For the browser's password keeper, which shall know whose it is.
	inputById("password-name").value = user.displayName;
	const form = formById("password-form");
	form.addEventListener("input", () => setText(byId("password-done"), ""));
	sendByScript({
		form,
		send: async () => {
			await call("password.change", { current: inputById("current").value, password: inputById("new").value });
			form.reset();
			setText(byId("password-done"), "Your password is another one now, and your other sign-ins have ended.");
			await showSignIns();
		},
		fieldOf: (code) => (code === "WRONG_CREDENTIALS" ? inputById("current") : null),
	});
}
