/**
 * Phones draw their keyboard over the page, and some then move the page up below it. What is left to be seen is the
 * visual viewport: the page is made that high, and held in place.
 */
export function followVisualViewport(): void {
	const { visualViewport: viewport } = window;
	if (viewport === null) return;
	const follow = (): void => {
		// Enlarged by two fingers, it is a look at a part, not less room.
		if (viewport.scale > 1) return;
		document.documentElement.style.setProperty("--visible-height", `${viewport.height}px`);
		scrollTo(0, 0);
	};
	viewport.addEventListener("resize", follow);
	viewport.addEventListener("scroll", follow);
	follow();
}
