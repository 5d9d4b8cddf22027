/**
 * The native half of node-pty, of which terminals are opened and resized. Programs are started by `berth-launch`: a fork
 * of the agent costs more than everything else on the way to a prompt. node-pty's JavaScript half does three things that
 * must not happen here: it destroys the terminal 200 ms after the program's end whether or not its output has been read
 * (lost output where the reader is paused); it keeps an unbounded queue of input; and while a program does not read its
 * input it retries without a pause, which would let any user take the whole container's CPU share with one paste.
 *
 * Neither half marks the terminal's descriptor close-on-exec: see `launch.ts`.
 */
import { createRequire } from "node:module";

export type NativePty = {
	/**
	 * A new terminal: descriptors of both sides, and the path of the side that a program gets. Throws where the system
	 * refuses, e.g. at the limit of terminals.
	 */
	open(cols: number, rows: number): { master: number; slave: number; pty: string };
	resize(fd: number, cols: number, rows: number): void;
};

const load = createRequire(import.meta.url);

export const nativePty: NativePty = asNativePty(load("node-pty/lib/utils.js"));

function asNativePty(utils: { loadNativeModule(name: string): { module: NativePty } }): NativePty {
	const { module } = utils.loadNativeModule("pty");
	if (typeof module.open !== "function" || typeof module.resize !== "function") {
		throw new Error("this version of node-pty has another native interface");
	}
	return module;
}
