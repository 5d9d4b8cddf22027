/** Finding, making and filling elements of the page. */

/** An element that the page's own HTML has. */
export function byId(id: string): HTMLElement {
	const found = document.getElementById(id);
	if (found === null) throw new Error(`the page has no #${id}`);
	return found;
}

export function inputById(id: string): HTMLInputElement {
	const found = byId(id);
	if (!(found instanceof HTMLInputElement)) throw new Error(`#${id} is no field`);
	return found;
}

export function textAreaById(id: string): HTMLTextAreaElement {
	const found = byId(id);
	if (!(found instanceof HTMLTextAreaElement)) throw new Error(`#${id} is no text area`);
	return found;
}

export function formById(id: string): HTMLFormElement {
	const found = byId(id);
	if (!(found instanceof HTMLFormElement)) throw new Error(`#${id} is no form`);
	return found;
}

/** A new element; text goes in by `textContent`, so that nothing a program prints ever becomes markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
	name: Name,
	properties: Partial<HTMLElementTagNameMap[Name]>,
): HTMLElementTagNameMap[Name] {
	return Object.assign(document.createElement(name), properties);
}

/** Writing the same text again would make screen readers say it again. */
export function setText(node: HTMLElement, text: string): void {
	if (node.textContent !== text) node.textContent = text;
}

/** False inside another page whose reader is elsewhere on it: to take the keyboard from there would be rude. */
export function mayTakeFocus(): boolean {
	return window.parent === window || document.hasFocus();
}

/** Resolves when the page can be seen, which is when its browser gives it time. */
export async function untilVisible(): Promise<void> {
	if (document.visibilityState === "visible") return;
	await new Promise<void>((resolve) => {
		const listen = (): void => {
			if (document.visibilityState !== "visible") return;
			document.removeEventListener("visibilitychange", listen);
			resolve();
		};
		document.addEventListener("visibilitychange", listen);
	});
}
