/** Menus: a list of things to do, beside what they are about. Keys as in menus everywhere. */
import { element } from "../shared/dom.ts";

export type MenuItem = { label: string; hint?: string; isDanger?: boolean; isDisabled?: boolean; onChosen(): void };

/** Room between a menu and the edge of the page, px. */
const MARGIN = 8;

/** Opens a menu at a point of the page; `onClosed` gives the keyboard back. */
export function openMenu(label: string, items: readonly MenuItem[], x: number, y: number, onClosed: () => void): void {
	const menu = element("div", { className: "menu", role: "menu", ariaLabel: label, popover: "auto" });
	menu.append(...items.map((item) => itemButton(item, () => menu.hidePopover())));
	menu.addEventListener("keydown", (event) => onKey(event, menu));
	menu.addEventListener("toggle", (event) => {
		if (!(event instanceof ToggleEvent) || event.newState !== "closed") return;
		const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
		menu.remove();
		if (hadFocus) onClosed();
	});
	document.body.append(menu);
	menu.showPopover();
	const { width, height } = menu.getBoundingClientRect();
	menu.style.left = `${Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN))}px`;
	menu.style.top = `${Math.max(MARGIN, Math.min(y, innerHeight - height - MARGIN))}px`;
	step(menu, 1);
}

function itemButton({ label, hint, isDanger, isDisabled, onChosen }: MenuItem, close: () => void): HTMLElement {
	const item = element("button", { type: "button", role: "menuitem", tabIndex: -1, disabled: isDisabled === true });
	item.className = isDanger ? "menu-item menu-item-danger" : "menu-item";
	item.append(element("span", { textContent: label }));
	if (hint !== undefined) item.append(element("kbd", { textContent: hint }));
	item.addEventListener("click", () => {
		close();
		onChosen();
	});
	return item;
}

function onKey(event: KeyboardEvent, menu: HTMLElement): void {
	if (event.key === "ArrowDown") step(menu, 1);
	else if (event.key === "ArrowUp") step(menu, -1);
	else if (event.key === "Tab") menu.hidePopover();
	else return;
	event.preventDefault();
}

function step(menu: HTMLElement, by: 1 | -1): void {
	const items = [...menu.querySelectorAll(".menu-item:enabled")].filter((item) => item instanceof HTMLElement);
	const at = items.findIndex((item) => item.matches(":focus"));
	items[at < 0 ? 0 : (at + by + items.length) % items.length]?.focus();
}
