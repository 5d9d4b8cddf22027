/** The crowd's own process: does what `crowd.ts` asks for, one command at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import { assertNever } from "../../server/protocol/assert-never.ts";
import type { BenchShell } from "./bench-shell.ts";
import { BerthPage, type BerthShell } from "./berth-shell.ts";
import type { CrowdAnswer, CrowdCommand, CrowdPlace, CrowdResults } from "./crowd.ts";
import { stopFlood } from "./flood.ts";
import { FloorShell } from "./floor-shell.ts";
import { NumberWatch } from "./number-watch.ts";

const CONNECTIONS_AT_ONCE = 20;
const CLOSED_AT_ONCE = 20;
const OPEN_PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 5;
const KEYS = "abcdefghijklmnopqrstuvwxyz";

/** Opens one shell. */
type Opener = () => Promise<BenchShell>;

const pages: BerthPage[] = [];
const openers: Opener[] = [];
const shells: BenchShell[] = [];
const watches: { page: BerthPage; shell: BerthShell; watch: NumberWatch; isResumed: boolean }[] = [];
const pageOf = new Map<BenchShell, BerthPage>();

process.on("message", (command: CrowdCommand) => {
	void carryOut(command).then(
		(result) => answer({ ok: true, result }),
		(error: unknown) => answer({ ok: false, problem: error instanceof Error ? (error.stack ?? "") : String(error) }),
	);
});
process.on("disconnect", () => process.exit(0));

function answer(answer: CrowdAnswer): void {
	process.send?.(answer);
}

async function carryOut(command: CrowdCommand): Promise<CrowdResults[keyof CrowdResults]> {
	switch (command.op) {
		case "connect":
			return await connect(command.place);
		case "open":
			return await open(command.atOnce);
		case "line":
			for (const shell of shells) shell.type(`${command.text}\r`);
			return null;
		case "prompts":
			await Promise.all(shells.map((shell) => shell.untilFirstPrompt()));
			return null;
		case "interrupt":
			await Promise.all(shells.map((shell) => stopFlood(shell)));
			return null;
		case "received":
			return shells.reduce((bytes, { received }) => bytes + received, 0);
		case "startEcho":
			await inTurns(shells, CONNECTIONS_AT_ONCE, (shell) => shell.startEcho());
			return null;
		case "echoes":
			return await echoes(command.perSecond, command.seconds);
		case "watchNumbers":
			watchNumbers();
			return null;
		case "untilResumed":
			return await untilResumed(command.limitMs);
		case "untilNumber":
			await Promise.all(watches.map(({ shell, watch }) => untilNumber(shell, watch, command.last)));
			return assertRight();
		case "close":
			return await close();
		default:
			return assertNever(command);
	}
}

async function connect(place: CrowdPlace): Promise<null> {
	if (place.kind === "floor") {
		openers.push(...place.accounts.map((account) => () => FloorShell.open(account)));
		return null;
	}
	await inTurns(place.cookies, CONNECTIONS_AT_ONCE, async (cookie) => {
		const page = await BerthPage.connect(place.base, cookie);
		pages.push(page);
		for (let count = 0; count < place.shellsPerPage; count++) openers.push(() => openOn(page));
	});
	return null;
}

async function openOn(page: BerthPage): Promise<BerthShell> {
	const shell = await page.open();
	pageOf.set(shell, page);
	return shell;
}

async function open(atOnce: number): Promise<number[]> {
	const times: number[] = [];
	const start = performance.now();
	await inTurns(openers, atOnce, async (opener) => {
		const shell = await opener();
		shells.push(shell);
		times.push((await shell.untilFirstPrompt(OPEN_PATIENCE_MS)) - start);
	});
	return times;
}

/** Each shell at its own moments, so that they do not type in step. */
async function echoes(perSecond: number, seconds: number): Promise<number[]> {
	const pauseMs = 1000 / perSecond;
	const times: number[] = [];
	const end = performance.now() + seconds * 1000;
	await Promise.all(
		shells.map(async (shell, index) => {
			await sleep((pauseMs * index) / shells.length);
			for (let count = 0; performance.now() < end; count++) {
				const took = await shell.echo(KEYS[count % KEYS.length] ?? "");
				times.push(took);
				await sleep(Math.max(0, pauseMs - took));
			}
		}),
	);
	return times;
}

function watchNumbers(): void {
	for (const shell of shells as BerthShell[]) {
		const page = pageOf.get(shell);
		if (page === undefined) throw new Error("only pages resume");
		const watched = { page, shell, watch: new NumberWatch(), isResumed: true };
		shell.onOutput = (chunk) => watched.watch.read(chunk);
		watches.push(watched);
		page.socket.on("disconnect", () => {
			watched.isResumed = false;
		});
		page.socket.on("place", (place) => {
			if (place.kind === "ready" && !watched.isResumed) void resume(watched);
		});
	}
}

/** Resumed is who is attached again and has all output there was when it attached. */
async function resume(watched: (typeof watches)[number]): Promise<void> {
	const { page, shell } = watched;
	const from = shell.offset;
	const attached = await page.attach(shell);
	if (attached.from !== from) throw new Error(`resumed at ${attached.from} instead of ${from}`);
	if (shell.offset < attached.session.outputEnd) {
		await shell.until(() => shell.offset >= attached.session.outputEnd, "the output to be caught up with");
	}
	watched.isResumed = true;
}

async function untilResumed(limitMs: number): Promise<number> {
	const deadline = performance.now() + limitMs;
	while (watches.some(({ isResumed }) => !isResumed)) {
		if (performance.now() > deadline) {
			throw new Error(`${watches.filter(({ isResumed }) => !isResumed).length} shells did not resume`);
		}
		await sleep(LOOK_EVERY_MS);
	}
	const at = Date.now();
	assertRight();
	return at;
}

async function untilNumber(shell: BenchShell, watch: NumberWatch, last: number): Promise<void> {
	if (watch.last < last) await shell.until(() => watch.last >= last, `line ${last}`);
}

function assertRight(): null {
	const wrong = watches.flatMap(({ watch }) => watch.problems);
	if (wrong.length > 0) throw new Error(`output is not what was printed: ${wrong.slice(0, 3).join("; ")}`);
	return null;
}

async function close(): Promise<null> {
	await inTurns(shells.splice(0), CLOSED_AT_ONCE, (shell) => shell.close());
	for (const page of pages.splice(0)) page[Symbol.dispose]();
	return null;
}

/** Does something with each value, `atOnce` at a time. */
async function inTurns<Value>(values: readonly Value[], atOnce: number, act: (value: Value) => Promise<void>) {
	const rest = [...values];
	const worker = async (): Promise<void> => {
		for (let value = rest.shift(); value !== undefined; value = rest.shift()) await act(value);
	};
	await Promise.all(Array.from({ length: Math.min(atOnce, values.length) }, worker));
}
