/** The dialog in which one chooses theme, text size and screen-reader mode; each choice holds at once. */
import { button, element, open, row } from "./dialogs.ts";
import { FONT_SIZE, type SettingsStore, type ThemeChoice } from "./settings.ts";

const THEMES: readonly { value: ThemeChoice; label: string }[] = [
	{ value: "auto", label: "System" },
	{ value: "light", label: "Light" },
	{ value: "dark", label: "Dark" },
];

export async function showSettings(store: SettingsStore): Promise<void> {
	const close = button("Done", "button", "done");
	await open("Settings", [themeChoice(store), fontSize(store), screenReader(store), row(close)], close);
}

function themeChoice(store: SettingsStore): HTMLElement {
	const group = element("fieldset", { className: "choice" });
	group.append(element("legend", { textContent: "Theme" }));
	for (const { value, label } of THEMES) {
		const radio = element("input", { type: "radio", name: "theme", value, checked: store.current.theme === value });
		radio.addEventListener("change", () => store.change({ theme: value }));
		const line = element("label", { className: "choice-option" });
		line.append(radio, element("span", { textContent: label }));
		group.append(line);
	}
	return group;
}

function fontSize(store: SettingsStore): HTMLElement {
	const line = element("label", { className: "setting" });
	const shown = element("output", { textContent: `${store.current.fontSize} px` });
	const slider = element("input", {
		type: "range",
		min: String(FONT_SIZE.least),
		max: String(FONT_SIZE.most),
		value: String(store.current.fontSize),
	});
	slider.addEventListener("input", () => {
		store.change({ fontSize: slider.valueAsNumber });
		shown.textContent = `${store.current.fontSize} px`;
	});
	line.append(element("span", { textContent: "Text size" }), slider, shown);
	return line;
}

function screenReader(store: SettingsStore): HTMLElement {
	const line = element("label", { className: "setting" });
	const box = element("input", { type: "checkbox", checked: store.current.isScreenReader });
	box.addEventListener("change", () => store.change({ isScreenReader: box.checked }));
	line.append(element("span", { textContent: "Screen-reader mode" }), box);
	return line;
}
