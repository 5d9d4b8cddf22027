/** Short messages in the corner. */
import { byId, element, setText } from "../shared/dom.ts";

/** One that stays until it is taken away. */
export type LastingNotice = { say(text: string): void; remove(): void };

const NOTICE_MS = 8_000;
/** More than these would hide the terminal; the oldest goes. */
const MAX_NOTICES = 3;

/** Goes by itself. */
export function showNotice(text: string): void {
	const list = byId("toasts");
	const passing = [...list.children].filter((shown) => !shown.matches(".is-lasting, .is-offer"));
	const [oldest] = passing;
	for (const shown of passing) if (shown.textContent === text) shown.remove();
	if (passing.length >= MAX_NOTICES) oldest?.remove();
	const notice = element("div", { className: "toast" });
	const close = element("button", { className: "icon-button cross", type: "button", ariaLabel: "Dismiss" });
	close.addEventListener("click", () => notice.remove());
	notice.append(element("p", { textContent: text }), close);
	list.append(notice);
	setTimeout(() => notice.remove(), NOTICE_MS);
}

/** Stays until it is dismissed, or the link is followed. */
export function showOffer(text: string, link: { label: string; href: string }, onDismissed: () => void): void {
	const notice = element("div", { className: "toast is-offer" });
	const words = element("p", { textContent: `${text} ` });
	const close = element("button", { className: "icon-button cross", type: "button", ariaLabel: "Dismiss" });
	close.addEventListener("click", () => {
		notice.remove();
		onDismissed();
	});
	words.append(element("a", { textContent: link.label, href: link.href }));
	notice.append(words, close);
	byId("toasts").append(notice);
}

/** They may tell of what nobody may see any more. */
export function forgetNotices(): void {
	byId("toasts").replaceChildren();
}

/** Screen readers say `announcement` once, and not each of the texts that follow. */
export function showLastingNotice(text: string, announcement: string): LastingNotice {
	const words = element("p", { textContent: text, ariaLive: "off" });
	const notice = element("div", { className: "toast is-lasting" });
	notice.append(words);
	byId("toasts").prepend(notice);
	setText(byId("announcer"), announcement);
	return { say: (text) => setText(words, text), remove: () => notice.remove() };
}
