/** A terminal that takes its time: parses what it is given in order, and says so later, as xterm.js does. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { PageScreen } from "./page-model.ts";

/** Once in a while the page is busy with something else. */
const BUSY_PROBABILITY = 0.03;
const BUSY_MS = 15;

type Piece = { bytes: Uint8Array; onParsed: () => void };

export class ScreenModel implements PageScreen {
	readonly #random: SeededRandom;
	readonly #onBytes: (bytes: Uint8Array) => void;
	#waiting: Piece[] = [];
	#isParsing = false;

	/** `onBytes`: these are on the screen now. */
	constructor(random: SeededRandom, onBytes: (bytes: Uint8Array) => void) {
		this.#random = random;
		this.#onBytes = onBytes;
	}

	write(bytes: Uint8Array, onParsed: () => void): void {
		this.#waiting.push({ bytes, onParsed });
		if (!this.#isParsing) void this.#parse();
	}

	/** Who reads bytes has no use for an empty screen. */
	reset(onDone: () => void): void {
		this.write(new Uint8Array(), onDone);
	}

	resize(): void {}

	async #parse(): Promise<void> {
		this.#isParsing = true;
		while (this.#waiting.length > 0) {
			if (this.#random.isTrue(BUSY_PROBABILITY)) await sleep(this.#random.integer(0, BUSY_MS));
			else await nextTurn();
			for (const { bytes, onParsed } of this.#waiting.splice(0, this.#random.integer(1, 8))) {
				this.#onBytes(bytes);
				onParsed();
			}
		}
		this.#isParsing = false;
	}
}
