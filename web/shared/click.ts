/** Buttons that ask the gateway for something. */
import { setText } from "./dom.ts";
import { failureOf, refusalWords } from "./form.ts";

/** `act` throws `ApiFailure`, which is said in `problem`, a live region. Clicks meanwhile do not count. */
export function askOnClick(button: HTMLElement, problem: HTMLElement, act: () => Promise<void>): void {
	let isBusy = false;
	button.addEventListener("click", async () => {
		if (isBusy) return;
		isBusy = true;
		// Disabled, it would lose the keyboard.
		button.ariaDisabled = "true";
		setText(problem, "");
		const failure = await failureOf(act);
		if (failure !== null) setText(problem, refusalWords(failure));
		button.ariaDisabled = null;
		isBusy = false;
	});
}
