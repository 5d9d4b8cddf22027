/** Light, dark, or as the system is: a choice that holds at once. */
import { element } from "./dom.ts";
import type { SettingsStore, ThemeChoice } from "./settings.ts";

const THEMES: readonly { value: ThemeChoice; label: string }[] = [
	{ value: "auto", label: "System" },
	{ value: "light", label: "Light" },
	{ value: "dark", label: "Dark" },
];

export function themeChoice(store: SettingsStore): HTMLElement {
	const group = element("fieldset", { className: "choice" });
	const options = element("div", { className: "choice-options" });
	for (const { value, label } of THEMES) {
		const radio = element("input", { type: "radio", name: "theme", value, checked: store.current.theme === value });
		radio.addEventListener("change", () => store.change({ theme: value }));
		const line = element("label", { className: "choice-option" });
		line.append(radio, element("span", { textContent: label }));
		options.append(line);
	}
	group.append(element("legend", { textContent: "Theme" }), options);
	return group;
}
