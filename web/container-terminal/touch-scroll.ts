/**
 * Scrolling by finger, which xterm.js does not do. A finger moves the scrollback under it, line by line; where a
 * full-screen program is shown it turns the mouse's wheel instead, of which xterm.js tells the program in its own way.
 */
import type { Terminal } from "@xterm/xterm";

/** A finger that rests or taps moves as far. */
const SLACK_PX = 8;

type Drag = { finger: number; startX: number; startY: number; lastY: number; isScrolling: boolean };

/** `terminal` is open already. Lasts as long as its element. */
export function scrollByTouch(terminal: Terminal): void {
	const { element } = terminal;
	if (element === undefined) return;
	let drag: Drag | null = null;
	element.addEventListener("touchstart", ({ touches }) => {
		const [touch] = touches;
		// Two fingers make the page larger or smaller. A grid that does not fit is itself moved about.
		const isOurs = touches.length === 1 && element.closest(".is-clipped") === null;
		drag = touch === undefined || !isOurs ? null : startOf(touch);
	});
	element.addEventListener(
		"touchmove",
		(event) => {
			const touch = [...event.touches].find(({ identifier }) => identifier === drag?.finger);
			if (drag === null || touch === undefined || !goesOn(drag, touch)) return;
			// Otherwise the browser would pull at the page, and take the end for a tap.
			if (event.cancelable) event.preventDefault();
			scroll(terminal, drag, touch);
		},
		{ passive: false },
	);
	for (const type of ["touchend", "touchcancel"] as const) element.addEventListener(type, () => (drag = null));
}

function startOf({ clientX, clientY, identifier }: Touch): Drag {
	return { finger: identifier, startX: clientX, startY: clientY, lastY: clientY, isScrolling: false };
}

/** Whether the finger scrolls: it has moved, and rather up or down than to a side. */
function goesOn(drag: Drag, { clientX, clientY }: Touch): boolean {
	const across = Math.abs(clientX - drag.startX);
	const along = Math.abs(clientY - drag.startY);
	if (along > SLACK_PX && along > across) drag.isScrolling = true;
	return drag.isScrolling;
}

/** By whole lines; what is left of one is kept for the next move. */
function scroll(terminal: Terminal, drag: Drag, touch: Touch): void {
	const height = terminal.element?.querySelector(".xterm-screen")?.clientHeight ?? 0;
	const lineHeight = height / terminal.rows;
	if (lineHeight === 0) return;
	const lines = Math.trunc((drag.lastY - touch.clientY) / lineHeight);
	if (lines === 0) return;
	drag.lastY -= lines * lineHeight;
	const isProgramScrolling = terminal.modes.mouseTrackingMode !== "none" || terminal.buffer.active.type === "alternate";
	if (isProgramScrolling) turnWheel(touch, lines);
	else terminal.scrollLines(lines);
}

function turnWheel({ clientX, clientY, target }: Touch, lines: number): void {
	const deltaY = Math.sign(lines);
	const deltaMode = WheelEvent.DOM_DELTA_LINE;
	for (let turned = 0; turned < Math.abs(lines); turned += 1) {
		target.dispatchEvent(
			new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX, clientY, deltaMode, deltaY }),
		);
	}
}
