/** Drawing with WebGL, where that is worth it. */
import type { Terminal } from "@xterm/xterm";

/** WebGL that the main processor computes, under the names it goes by, is slower than the browser's own drawing. */
const SOFTWARE_GRAPHICS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let isKnown: boolean | null = null;

/** Draws with WebGL where that works, and without where it does not or stops to. */
export async function drawWithGraphicsProcessor(terminal: Terminal): Promise<void> {
	if (!hasGraphicsProcessor()) return;
	try {
		const { WebglAddon } = await import("@xterm/addon-webgl");
		const webgl = new WebglAddon();
		webgl.onContextLoss(() => webgl.dispose());
		terminal.loadAddon(webgl);
	} catch {
		// The DOM renderer, which is there already, goes on.
	}
}

/** Asked once: each question takes one of the few graphics contexts that a page may have. */
function hasGraphicsProcessor(): boolean {
	isKnown ??= ask();
	return isKnown;
}

function ask(): boolean {
	const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
	if (context === null) return false;
	const info = context.getExtension("WEBGL_debug_renderer_info");
	const renderer = String(context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
	context.getExtension("WEBGL_lose_context")?.loseContext();
	return !SOFTWARE_GRAPHICS.test(renderer);
}
