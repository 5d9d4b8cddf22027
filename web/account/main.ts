/** The account page: who one is, where one is signed in, and what one may change of it. */
import { ApiFailure, call } from "../shared/api-client.ts";
import { showProblem } from "../shared/callout.ts";
import { byId } from "../shared/dom.ts";
import { followTheme } from "../shared/page-theme.ts";
import { SettingsStore } from "../shared/settings.ts";
import { themeChoice } from "../shared/theme-choice.ts";
import { showGuestFiles } from "./guest-files.ts";
import { showPasswordChange } from "./password.ts";
import { showSecrets } from "./secrets.ts";
import { showSignIns } from "./sign-ins.ts";
import { showWho } from "./who.ts";

const settings = new SettingsStore();
followTheme(settings);
byId("theme").append(themeChoice(settings));
await show();

async function show(): Promise<void> {
	try {
		const account = await call("account.read", {});
		const { hasGuestFiles, method, user } = account;
		if (user === null || method === null || user.isDisabled) {
			location.replace("sign-in");
			return;
		}
		showWho({ ...account, user, method });
		showGuestFiles(hasGuestFiles);
		showPasswordChange(method === "password" ? user : null);
		await Promise.all([showSecrets(user), method === "anonymous" ? null : showSignIns()]);
	} catch (thrown) {
		if (!(thrown instanceof ApiFailure)) throw thrown;
		showProblem(byId("problem"), thrown.error);
	} finally {
		byId("sheet").ariaBusy = null;
	}
}
