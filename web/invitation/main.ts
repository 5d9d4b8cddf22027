/** What a one-time link leads to: a name where there is none yet, a password, and one is signed in. */
import type { OperationResult } from "../../server/protocol/api.ts";
import { ApiFailure, call, errorOf } from "../shared/api-client.ts";
import { showProblem } from "../shared/callout.ts";
import { byId, formById, inputById, setText } from "../shared/dom.ts";
import { sendByScript } from "../shared/form.ts";
import { followTheme } from "../shared/page-theme.ts";
import { revealable } from "../shared/reveal.ts";
import { SettingsStore } from "../shared/settings.ts";

type Invitation = OperationResult<"invitation.look">;

const WORDS: Record<Invitation["kind"], { title: string; lead: string }> = {
	invitation: { title: "Welcome to Berth", lead: "You have been invited. Set a password, and you are in." },
	reset: { title: "Set a new password", lead: "The one that you had is of no use any more." },
	"first-operator": {
		title: "Set up this Berth",
		lead: "You are its first operator: you add the others, and see what is going on.",
	},
};

/** Behind the `#`, which browsers send to nobody. It stays in the address: until it is used a reload needs it. */
const token = location.hash.slice(1);

followTheme(new SettingsStore());
revealable("password", "password");
// Another link pasted into the same tab is another page.
addEventListener("hashchange", () => location.reload());
await look();

async function look(): Promise<void> {
	try {
		if (token === "") throw new ApiFailure(errorOf("LINK_USED"));
		show(await call("invitation.look", { token }));
	} catch (thrown) {
		if (!(thrown instanceof ApiFailure)) throw thrown;
		const { error } = thrown;
		// A link that was copied by halves is no link: the schema's words would help nobody.
		showProblem(byId("problem"), error.code === "BAD_REQUEST" ? errorOf("LINK_USED") : error);
		byId("ways").hidden = false;
	} finally {
		byId("door").ariaBusy = null;
	}
}

function show({ kind, name }: Invitation): void {
	const { lead, title } = WORDS[kind];
	document.title = `${title} – Berth`;
	setText(byId("title"), title);
	setText(byId("lead"), lead);
	const field = inputById("name");
	// Given names stay to be seen: password keepers remember them beside the password.
	field.value = name ?? "";
	field.readOnly = name !== null;
	setText(byId("name-hint"), name === null ? "What you sign in with; you choose." : "What you sign in with.");
	byId("form").hidden = false;
	(name === null ? field : inputById("password")).focus();
	sendByScript({
		form: formById("form"),
		send: async () => {
			const chosen = name === null ? field.value.trim() : null;
			await call("invitation.accept", { token, name: chosen, password: inputById("password").value });
			location.replace("container-terminal");
		},
		fieldOf: (code) => (code === "NAME_TAKEN" ? field : null),
	});
}
