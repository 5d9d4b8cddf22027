/** Where one is signed in; each can be ended. */
import type { SignInInfo } from "../../server/protocol/api.ts";
import { call } from "../shared/api-client.ts";
import { askOnClick } from "../shared/click.ts";
import { byId, element, setText } from "../shared/dom.ts";
import { agoWords, deviceWords, METHOD_WORDS } from "./words.ts";

const OF_MINE = { user: "me" } as const;
let isListening = false;

/** Throws `ApiFailure`. */
export async function showSignIns(): Promise<void> {
	const { signIns } = await call("sign-in.list", OF_MINE);
	const now = Date.now();
	byId("sign-in-rows").replaceChildren(...signIns.map((signIn) => rowOf(signIn, now)));
	byId("end-others").hidden = !signIns.some(({ isCurrent }) => !isCurrent);
	byId("sign-ins").hidden = signIns.length === 0;
	if (isListening) return;
	isListening = true;
	askOnClick(byId("end-others"), byId("sign-ins-problem"), async () => {
		const { ended } = await call("sign-in.end-others", OF_MINE);
		await showSignIns();
		tell(ended === 1 ? "One sign-in has ended." : `${ended} sign-ins have ended.`);
	});
}

function rowOf(signIn: SignInInfo, now: number): HTMLElement {
	const { address, createdAt, device, isCurrent, method, usedAt } = signIn;
	const name = deviceWords(device);
	const words = element("div", { className: "row-words", textContent: name, title: device });
	const used = isCurrent ? "in use now" : `last used ${agoWords(usedAt, now)}`;
	const facts = `${METHOD_WORDS[method]}, from ${address}; ${used}, since ${agoWords(createdAt, now)}`;
	if (isCurrent) words.append(element("span", { className: "chip", textContent: "This browser" }));
	words.append(element("small", { textContent: facts }));
	const row = element("li", { className: "row" });
	row.append(words);
	if (!isCurrent) row.append(endButton(signIn, name));
	return row;
}

function endButton({ address, signInId }: SignInInfo, name: string): HTMLElement {
	const button = element("button", {
		type: "button",
		className: "button button-quiet",
		textContent: "End",
		ariaLabel: `End the sign-in of ${name}, from ${address}`,
	});
	askOnClick(button, byId("sign-ins-problem"), async () => {
		await call("sign-in.end", { ...OF_MINE, signInId });
		await showSignIns();
		tell(`The sign-in of ${name} has ended.`);
	});
	return button;
}

/** The button that was pressed is gone: the keyboard goes to what it was about. */
function tell(words: string): void {
	setText(byId("sign-ins-done"), words);
	byId("sign-ins-title").focus();
}
