/** Follows the engine's events through its outages. */
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { DriverEvent } from "../../core/container-driver.ts";
import type { Log } from "../../core/log.ts";
import { type BackOff, backOffMs } from "../../core/pool/back-off.ts";
import { BerthError } from "../../protocol/errors.ts";
import { LABELS } from "./container-spec.ts";
import { asUnreachable, type Engine, PING_TIMEOUT_MS } from "./engine.ts";
import { ContainerEvent, STOP_EVENTS, StopReporter } from "./stop-reporter.ts";

export type EngineWatchOptions = {
	engine: Engine;
	poolName: string;
	onEvent(event: DriverEvent): void;
	log: Log;
	signal: AbortSignal;
};

/** An engine that no longer answers goes unnoticed for this and the time limit of a ping at most. */
const PING_INTERVAL_MS = 3_000;
/** Asking is cheap, and people wait in front of their pages for the engine to return. */
const RETURN_BACK_OFF: BackOff = { firstMs: 200, longestMs: 2_000 };
/** An engine that answers but closes the stream again and again shall not keep us busy. */
const REOPEN_PAUSE_MS = 100;
/** An event is about a kilobyte; long labels may lengthen it. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** Reports until `signal` is aborted. Begins with `engine-up` or `engine-down`; never throws. */
export async function watchEngine({ engine, poolName, onEvent, log, signal }: EngineWatchOptions): Promise<void> {
	const reporter = new StopReporter(onEvent, log);
	let failures = 0;
	while (!signal.aborted) {
		try {
			await engine.ping();
			// Opened before the engine is reported to be up, so that nothing stops unseen after the stocktaking.
			const events = await openEvents(engine, poolName);
			failures = 0;
			if (!signal.aborted) onEvent({ kind: "engine-up" });
			await follow(events, engine, reporter, log, signal);
			await pause(REOPEN_PAUSE_MS, signal);
		} catch (error) {
			failures += 1;
			// Only the first failure in a row is news.
			if (failures === 1 && !signal.aborted) onEvent({ kind: "engine-down", reason: reasonOf(error) });
			await pause(backOffMs(RETURN_BACK_OFF, failures), signal);
		}
	}
}

async function openEvents(engine: Engine, poolName: string): Promise<Readable> {
	const filters = {
		type: ["container" as const],
		event: [...STOP_EVENTS],
		label: [`${LABELS.pool}=${poolName}`],
	};
	try {
		const events = await engine.request(
			(client, abortSignal) => client.getEvents({ filters, abortSignal }),
			PING_TIMEOUT_MS,
		);
		return events instanceof Readable ? events : new Readable().wrap(events);
	} catch (error) {
		throw asUnreachable(error);
	}
}

/** Returns when the stream has ended or broken; throws where the engine no longer answers pings. */
async function follow(
	events: Readable,
	engine: Engine,
	reporter: StopReporter,
	log: Log,
	signal: AbortSignal,
): Promise<void> {
	let silence: unknown = null;
	const heartbeat = setInterval(() => {
		engine.ping().catch((error) => {
			silence = error;
			events.destroy();
		});
	}, PING_INTERVAL_MS);
	const stop = (): void => void events.destroy();
	signal.addEventListener("abort", stop, { once: true });
	if (signal.aborted) stop();
	try {
		for await (const line of linesOf(events)) reportLine(line, reporter);
	} catch (err) {
		if (!signal.aborted) log.debug({ err }, "the engine's event stream broke");
	} finally {
		clearInterval(heartbeat);
		signal.removeEventListener("abort", stop);
		events.destroy();
	}
	if (silence !== null) throw silence;
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
	let rest = "";
	stream.setEncoding("utf8");
	for await (const text of stream) {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		if (rest.length > MAX_LINE_LENGTH) throw new Error("an event of the engine is too long");
		yield* lines;
	}
}

/** Whatever is no event that we know is none of our business. */
function reportLine(line: string, reporter: StopReporter): void {
	if (line.trim() === "") return;
	const event = ContainerEvent.safeParse(JSON.parse(line));
	if (event.success) reporter.take(event.data);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => {});
}

function reasonOf(error: unknown): string {
	if (error instanceof BerthError) return error.detail ?? error.message;
	return error instanceof Error ? error.message : String(error);
}
