/** What a page says above all else. */
import type { WireError } from "../../server/protocol/errors.ts";
import { element } from "./dom.ts";

/** `place` is a live region: screen readers say what comes into it. */
export function showProblem(place: HTMLElement, { action, message }: WireError): void {
	const box = element("div", { className: "callout callout-trouble" });
	box.append(element("p", { textContent: message }), element("p", { textContent: action }));
	place.replaceChildren(box);
}

export function showText(place: HTMLElement, text: string): void {
	const box = element("div", { className: "callout" });
	box.append(element("p", { textContent: text }));
	place.replaceChildren(box);
}
