/** Variables of the user's shells whose values come back to nobody. */
import type { SecretInfo, UserInfo } from "../../server/protocol/api.ts";
import type { UserId } from "../../server/protocol/ids.ts";
import { call } from "../shared/api-client.ts";
import { askOnClick } from "../shared/click.ts";
import { confirm } from "../shared/dialog.ts";
import { byId, element, formById, inputById, setText, textAreaById } from "../shared/dom.ts";
import { failureOf, refusalWords, sendByScript } from "../shared/form.ts";
import { revealable } from "../shared/reveal.ts";
import { agoWords, whoWords } from "./words.ts";

const OF_MINE = { user: "me" } as const;

export async function showSecrets({ userId }: UserInfo): Promise<void> {
	// Whoever keeps the secrets may be out of reach, and the rest of the page is not.
	const failure = await failureOf(() => list(userId));
	if (failure !== null) setText(byId("secret-problem"), refusalWords(failure));
	byId("secrets").hidden = false;
	revealable("secret-value", "value");
	const form = formById("secret-form");
	form.addEventListener("input", () => setText(byId("secrets-done"), ""));
	sendByScript({
		form,
		send: async () => {
			const name = inputById("secret-name").value;
			await call("secret.set", { ...OF_MINE, name, value: textAreaById("secret-value").value });
			form.reset();
			inputById("secret-name").focus();
			await list(userId);
			setText(byId("secrets-done"), `${name} is set, for shells that you open from now on.`);
		},
		fieldOf: (code) => (code === "BAD_REQUEST" ? inputById("secret-name") : null),
	});
}

async function list(userId: UserId): Promise<void> {
	const { secrets } = await call("secret.list", OF_MINE);
	const now = Date.now();
	byId("secret-rows").replaceChildren(...secrets.map((secret) => rowOf(secret, userId, now)));
	byId("secret-rows").hidden = secrets.length === 0;
}

function rowOf({ changedAt, changedBy, name }: SecretInfo, userId: UserId, now: number): HTMLElement {
	const words = element("div", { className: "row-words" });
	const when = changedAt === null ? "" : `Set ${agoWords(changedAt, now)}`;
	words.append(
		element("code", { textContent: name }),
		element("small", { textContent: `${when}${changedBy === null ? "" : ` ${whoWords(changedBy, userId)}`}` }),
	);
	const remove = element("button", {
		type: "button",
		className: "button button-quiet",
		textContent: "Remove",
		ariaLabel: `Remove ${name}`,
	});
	askOnClick(remove, byId("secret-problem"), async () => {
		const text = "Shells that you open from now on are without it. Nobody can bring the value back.";
		if (!(await confirm({ title: `Remove ${name}?`, text, yes: "Remove", isDanger: true }))) return;
		await call("secret.remove", { ...OF_MINE, name });
		await list(userId);
		setText(byId("secrets-done"), `${name} is removed.`);
		byId("secrets-title").focus();
	});
	const row = element("li", { className: "row" });
	row.append(words, remove);
	return row;
}
