/** The dialog in which one chooses theme, text size and screen-reader mode; each choice holds at once. */
import { button, open, row } from "../shared/dialog.ts";
import { element } from "../shared/dom.ts";
import type { SettingsStore } from "../shared/settings.ts";
import { themeChoice } from "../shared/theme-choice.ts";

export async function showSettings(store: SettingsStore): Promise<void> {
	const close = button("Done", "button", "done");
	await open("Settings", [themeChoice(store), fontSize(store), screenReader(store), row(close)], close);
}

function fontSize(store: SettingsStore): HTMLElement {
	const line = element("div", { className: "setting" });
	const shown = element("output", { textContent: `${store.current.fontSize} px` });
	const step = (sign: string, label: string, by: number): HTMLElement => {
		const key = element("button", { type: "button", className: "icon-button", textContent: sign, ariaLabel: label });
		key.addEventListener("click", () => {
			store.change({ fontSize: store.current.fontSize + by });
			shown.textContent = `${store.current.fontSize} px`;
		});
		return key;
	};
	const stepper = element("div", { className: "stepper" });
	stepper.append(step("−", "Smaller text", -1), shown, step("+", "Larger text", 1));
	line.append(element("span", { textContent: "Text size" }), stepper);
	return line;
}

function screenReader(store: SettingsStore): HTMLElement {
	const line = element("label", { className: "setting" });
	const box = element("input", { type: "checkbox", className: "switch", checked: store.current.isScreenReader });
	box.role = "switch";
	box.addEventListener("change", () => store.change({ isScreenReader: box.checked }));
	const words = element("span", { textContent: "Screen-reader mode" });
	words.append(element("small", { textContent: "Gives the terminal’s text to assistive technology as it comes." }));
	line.append(words, box);
	return line;
}
