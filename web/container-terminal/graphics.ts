/** Whether WebGL is worth using here. */

/** WebGL that the main processor computes, under the names it goes by, is slower than the browser's own drawing. */
const SOFTWARE_GRAPHICS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let isKnown: boolean | null = null;

/** Asked once: each question takes one of the few graphics contexts that a page may have. */
export function hasGraphicsProcessor(): boolean {
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
