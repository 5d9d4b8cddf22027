/** Fields whose text is hidden have a button that shows it. */
import { byId, element } from "./dom.ts";

/** Puts the button behind the field. `what` is what it shows, e.g. `password`. */
export function revealable(id: string, what: string): void {
	const field = byId(id);
	const button = element("button", {
		type: "button",
		className: "button button-quiet button-large",
		textContent: "Show",
		ariaLabel: `Show ${what}`,
		ariaPressed: "false",
	});
	button.addEventListener("click", () => {
		const isShown = button.ariaPressed !== "true";
		button.ariaPressed = String(isShown);
		button.textContent = isShown ? "Hide" : "Show";
		if (field instanceof HTMLInputElement) field.type = isShown ? "text" : "password";
		else field.classList.toggle("is-masked", !isShown);
	});
	field.after(button);
}
