/**
 * The native half of node-pty, used directly. Its JavaScript half does three things that must not happen here:
 * it destroys the terminal 200 ms after the program's end whether or not its output has been read (lost output where
 * the reader is paused); it keeps an unbounded queue of input; and while a program does not read its input it retries
 * without a pause, which would let any user take the whole container's CPU share with one paste.
 *
 * Neither half marks the terminal's descriptor close-on-exec: see `launch.ts`.
 */
import { createRequire } from "node:module";

export type NativePty = {
	/** Starts a program on a new terminal. Throws where the system refuses, e.g. at the limit of processes. */
	fork(
		file: string,
		args: string[],
		/** `NAME=value` each. */
		env: string[],
		cwd: string,
		cols: number,
		rows: number,
		uid: number,
		gid: number,
		/** Whether the line editor of the kernel treats input as UTF-8. */
		isUtf8: boolean,
		helperPath: string,
		/** `signal` is 0 where the program exited. */
		onExit: (exitCode: number, signal: number) => void,
	): { fd: number; pid: number; pty: string };
	resize(fd: number, cols: number, rows: number): void;
};

const load = createRequire(import.meta.url);

export const nativePty: NativePty = asNativePty(load("node-pty/lib/utils.js"));

function asNativePty(utils: { loadNativeModule(name: string): { module: NativePty } }): NativePty {
	const { module } = utils.loadNativeModule("pty");
	if (typeof module.fork !== "function" || typeof module.resize !== "function") {
		throw new Error("this version of node-pty has another native interface");
	}
	return module;
}
