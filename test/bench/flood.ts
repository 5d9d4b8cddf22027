/** A program that prints as fast as its terminal takes it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchShell } from "./bench-shell.ts";

/** Lines as they are in logs and listings; with `yes` alone the terminal would do little but turn line ends. */
export const FLOOD_COMMAND = `yes ${"berth ".repeat(13)}`;
export const INTERRUPT = "\x03";
/** Between two floods: what the first one left on its way is gone. */
const SETTLE_MS = 200;

/** Starts a flood; resolves once it flows. */
export async function startFlood(shell: BenchShell): Promise<void> {
	const from = shell.received;
	const flowing = shell.until(() => shell.received - from > FLOWING_BYTES, "the flood to begin");
	shell.type(`${FLOOD_COMMAND}\r`);
	await flowing;
}
const FLOWING_BYTES = 1_000_000;

/** Interrupts a flood; resolves with the time until the prompt is back, ms. */
export async function stopFlood(shell: BenchShell): Promise<number> {
	const back = shell.untilPrompt();
	const start = performance.now();
	shell.type(INTERRUPT);
	const took = (await back) - start;
	await sleep(SETTLE_MS);
	return took;
}

/** Lets so many bytes come; resolves with the time they took, ms. */
export async function untilReceived(shell: BenchShell, bytes: number, patienceMs?: number): Promise<number> {
	const start = performance.now();
	const from = shell.received;
	return (await shell.until(() => shell.received - from >= bytes, `${bytes} bytes`, patienceMs)) - start;
}
