/**
 * The newest output of one session, addressed by absolute offset. Takes memory as it fills, doubling, and never more
 * than its capacity; from then on each byte that comes in pushes the oldest one out.
 */
const FIRST_SIZE_BYTES = 4 * 1024;

export class ReplayRing {
	/** The byte at offset `o` stands at `o % length`. */
	#bytes: Buffer;
	#start = 0;
	#end = 0;
	readonly capacity: number;

	readonly #onEvicted: (bytes: Buffer) => void;

	/** `capacity` in bytes, at least 1. `onEvicted` sees each byte once, in order, before it is gone. */
	constructor(capacity: number, onEvicted: (bytes: Buffer) => void = () => {}) {
		this.capacity = capacity;
		this.#onEvicted = onEvicted;
		this.#bytes = Buffer.allocUnsafeSlow(Math.min(FIRST_SIZE_BYTES, capacity));
	}

	/** Offset of the oldest byte that can still be read. */
	get start(): number {
		return this.#start;
	}

	/** Offset behind the newest byte: how many bytes there have ever been. */
	get end(): number {
		return this.#end;
	}

	/** Memory held now, bytes. */
	get size(): number {
		return this.#bytes.length;
	}

	append(chunk: Buffer): void {
		this.#growFor(this.#end - this.#start + chunk.length);
		const size = this.#bytes.length;
		const start = Math.max(this.#start, this.#end + chunk.length - size);
		this.#evictUntil(Math.min(start, this.#end));
		if (start > this.#end) this.#onEvicted(chunk.subarray(0, start - this.#end));
		const kept = chunk.length > size ? chunk.subarray(chunk.length - size) : chunk;
		this.#end += chunk.length;
		this.#put(kept, this.#end - kept.length);
		this.#start = start;
	}

	/**
	 * Up to `max` bytes from `offset` on, which must not lie before `start`. May be fewer than there are, never none
	 * where there are some. The result is valid until the next `append`.
	 */
	read(offset: number, max: number): Buffer {
		if (offset < this.#start || offset > this.#end) throw new RangeError(`offset ${offset} is not in the ring`);
		const at = offset % this.#bytes.length;
		const length = Math.min(max, this.#end - offset, this.#bytes.length - at);
		return this.#bytes.subarray(at, at + length);
	}

	/** Forgets all but the newest `bytes`, and gives the memory back. The ring can grow again. */
	trim(bytes: number): void {
		const size = Math.max(1, Math.min(bytes, this.capacity));
		if (size >= this.#bytes.length) return;
		this.#evictUntil(this.#end - size);
		this.#resize(size);
	}

	/** Tells of the bytes before `offset`, in at most two pieces. They are still there, and stay until overwritten. */
	#evictUntil(offset: number): void {
		while (this.#start < offset) {
			const piece = this.read(this.#start, offset - this.#start);
			this.#onEvicted(piece);
			this.#start += piece.length;
		}
	}

	#growFor(needed: number): void {
		let size = this.#bytes.length;
		while (size < needed && size < this.capacity) size = Math.min(size * 2, this.capacity);
		if (size > this.#bytes.length) this.#resize(size);
	}

	#resize(size: number): void {
		const kept = Buffer.concat(this.#newest(size));
		this.#bytes = Buffer.allocUnsafeSlow(size);
		this.#start = this.#end - kept.length;
		this.#put(kept, this.#start);
	}

	/** The newest bytes in order, at most `max`, as at most two pieces. */
	#newest(max: number): Buffer[] {
		const from = Math.max(this.#start, this.#end - max);
		const first = this.read(from, max);
		return [first, this.read(from + first.length, max)];
	}

	/** Writes `bytes`, no more than fit, as those from `offset` on. */
	#put(bytes: Buffer, offset: number): void {
		const at = offset % this.#bytes.length;
		const untilEdge = Math.min(bytes.length, this.#bytes.length - at);
		bytes.copy(this.#bytes, at, 0, untilEdge);
		bytes.copy(this.#bytes, 0, untilEdge);
	}
}
