/** Short messages in the corner, which go by themselves. */
import { byId, element } from "./dom.ts";

const NOTICE_MS = 8_000;
/** More than these would hide the terminal; the oldest goes. */
const MAX_NOTICES = 3;

export function showNotice(text: string): void {
	const list = byId("toasts");
	for (const shown of list.children) if (shown.textContent === text) shown.remove();
	while (list.childElementCount >= MAX_NOTICES) list.firstElementChild?.remove();
	const notice = element("div", { className: "toast" });
	const close = element("button", { className: "icon-button cross", type: "button", ariaLabel: "Dismiss" });
	close.addEventListener("click", () => notice.remove());
	notice.append(element("p", { textContent: text }), close);
	list.append(notice);
	setTimeout(() => notice.remove(), NOTICE_MS);
}
