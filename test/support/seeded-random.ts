/** Chance that can be had again: the same seed decides everything in the same way. */

/** Of a run that nobody gave a seed: short enough to be typed again. */
const LARGEST_SEED = 0xffff_ffff;

export class SeededRandom {
	readonly seed: number;
	#state: number;

	constructor(seed: number) {
		this.seed = seed;
		this.#state = seed >>> 0;
	}

	/** With the seed that `BERTH_SEED` names, or a new one. */
	static fromEnvironment(): SeededRandom {
		const { BERTH_SEED } = process.env;
		const seed = BERTH_SEED === undefined ? Math.floor(Math.random() * LARGEST_SEED) : Number(BERTH_SEED);
		if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`BERTH_SEED is no seed: ${BERTH_SEED}`);
		return new SeededRandom(seed);
	}

	/** At least 0 and less than 1 (mulberry32: 32 bits of state are plenty to choose moments by). */
	readonly next = (): number => {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
	};

	/** From `least` to `most`, both possible. */
	integer(least: number, most: number): number {
		return least + Math.floor(this.next() * (most - least + 1));
	}

	isTrue(probability: number): boolean {
		return this.next() < probability;
	}

	pick<Value>(values: readonly Value[]): Value {
		const value = values[this.integer(0, values.length - 1)];
		if (value === undefined) throw new RangeError("nothing to pick from");
		return value;
	}

	/** The same values in another order. */
	shuffle<Value>(values: readonly Value[]): Value[] {
		return values
			.map((value) => ({ value, place: this.next() }))
			.toSorted((one, other) => one.place - other.place)
			.map(({ value }) => value);
	}

	/** A source of its own for one part of a run, so that the parts do not take each other's numbers. */
	fork(): SeededRandom {
		return new SeededRandom(Math.floor(this.next() * LARGEST_SEED));
	}
}
