/**
 * Stands in a connection's way, TCP or unix socket, and breaks it as networks do: at once, in the middle of a message,
 * or on one side long before the other side hears of it.
 */
import { rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type CutStyle =
	/** Both sides are reset at once; what was on its way is lost. */
	| { kind: "reset" }
	/**
	 * The next chunk that goes this way arrives in part, `share` of it (0 to 1), and then nothing more. Where nothing
	 * goes that way for a while it is a reset.
	 */
	| { kind: "in-chunk"; way: Way; share: number }
	/**
	 * The near side is reset. The far side gets what the near side had sent `lateMs` later, and only then the end: as
	 * where a laptop changes its network.
	 */
	| { kind: "late"; lateMs: number };

/** `up`: from who connected to who listens behind the proxy. */
export type Way = "up" | "down";

/** A chunk to be cut apart has to come within this time. */
const CHUNK_PATIENCE_MS = 100;
const LATE_READING_MS = 10;

export class CuttableProxy implements AsyncDisposable {
	readonly #target: () => NetConnectOpts;
	readonly #connections = new Set<ProxiedConnection>();
	readonly #server: Server;
	/** Connections whose far side may not have heard of the cut. */
	readonly #lingering = new Set<ProxiedConnection>();
	/** Of a unix socket, to be removed. */
	#path: string | null = null;
	#isInterrupted = false;

	/** `target` is asked for each connection: what listens may have moved. */
	constructor(target: () => NetConnectOpts) {
		this.#target = target;
		this.#server = createServer((near) => this.#forward(near));
	}

	/** Takes connections at a free port of this machine; returns it. */
	async listenOnPort(): Promise<number> {
		await this.#listen({ host: "127.0.0.1", port: 0 });
		return (this.#server.address() as AddressInfo).port;
	}

	async listenAt(path: string): Promise<void> {
		await this.#listen({ path });
		this.#path = path;
	}

	/** Connections through it now. */
	get connections(): number {
		return this.#connections.size;
	}

	/** Cuts each connection that there is. Resolves to how many, once they are cut on the near side. */
	async cut(style: CutStyle): Promise<number> {
		const all = [...this.#connections];
		await Promise.all(all.map((connection) => this.#cutOne(connection, style)));
		return all.length;
	}

	/** Resets all connections, and for so long each that is made meanwhile. */
	async interrupt(ms: number): Promise<void> {
		this.#isInterrupted = true;
		await this.cut({ kind: "reset" });
		await sleep(ms);
		this.#isInterrupted = false;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		// Whoever is cut off would only connect again.
		const closed = new Promise((resolve) => this.#server.close(resolve));
		await this.cut({ kind: "reset" });
		await Promise.all([...this.#lingering].map((connection) => connection.untilEnded()));
		await closed;
		if (this.#path !== null) rmSync(this.#path, { force: true });
	}

	async #listen(where: { host: string; port: number } | { path: string }): Promise<void> {
		await new Promise<void>((resolve, reject) => this.#server.once("error", reject).listen(where, resolve));
	}

	async #cutOne(connection: ProxiedConnection, style: CutStyle): Promise<void> {
		this.#lingering.add(connection);
		await connection.cut(style);
		void connection.untilEnded().then(() => this.#lingering.delete(connection));
	}

	#forward(near: Socket): void {
		if (this.#isInterrupted) {
			reset(near);
			return;
		}
		const connection = new ProxiedConnection(near, connect(this.#target()));
		this.#connections.add(connection);
		near.once("close", () => this.#connections.delete(connection));
	}
}

class ProxiedConnection {
	readonly #near: Socket;
	readonly #far: Socket;
	/** Set while the next chunk is to be cut apart. */
	#cutNext: { way: Way; share: number; onCut: () => void } | null = null;
	/** What the near side sent since the cut that the far side shall hear of late. */
	#late: Buffer[] | null = null;
	#farEnd = Promise.resolve();

	constructor(near: Socket, far: Socket) {
		this.#near = near;
		this.#far = far;
		near.on("data", (chunk: Buffer) => this.#pass("up", chunk));
		far.on("data", (chunk: Buffer) => this.#pass("down", chunk));
		near.on("drain", () => far.resume()).on("error", () => {});
		far.on("drain", () => near.resume()).on("error", () => {});
		near.on("close", () => {
			if (this.#late === null) far.destroySoon();
		});
		far.on("close", () => near.destroySoon());
	}

	/** Resolves once the near side is cut. */
	async cut(style: CutStyle): Promise<void> {
		if (style.kind === "late") await this.#cutLate(style.lateMs);
		else if (style.kind === "in-chunk") await this.#cutInChunk(style.way, style.share);
		else this.#reset();
	}

	/** Resolves once the far side is, too. */
	async untilEnded(): Promise<void> {
		await this.#farEnd;
	}

	#pass(way: Way, chunk: Buffer): void {
		if (this.#cutNext?.way === way) {
			this.#cutApart(chunk, this.#cutNext);
			return;
		}
		if (way === "up" && this.#late !== null) {
			this.#late.push(chunk);
			return;
		}
		const [from, to] = way === "up" ? [this.#near, this.#far] : [this.#far, this.#near];
		if (!to.destroyed && !to.write(chunk)) from.pause();
	}

	#cutApart(chunk: Buffer, { way, share, onCut }: { way: Way; share: number; onCut: () => void }): void {
		this.#cutNext = null;
		const [from, to] = way === "up" ? [this.#near, this.#far] : [this.#far, this.#near];
		from.destroy();
		to.write(chunk.subarray(0, Math.floor(chunk.length * share)));
		to.destroySoon();
		onCut();
	}

	async #cutInChunk(way: Way, share: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#cutNext = { way, share, onCut: resolve };
		await Promise.race([promise, sleep(CHUNK_PATIENCE_MS)]);
		if (this.#cutNext !== null) this.#reset();
	}

	/** Does not wait for the far side. */
	async #cutLate(lateMs: number): Promise<void> {
		const late: Buffer[] = [];
		this.#late = late;
		// What the near side has written already is read first: it is what arrives late.
		await sleep(LATE_READING_MS);
		reset(this.#near);
		this.#far.resume();
		this.#farEnd = sleep(lateMs).then(() => {
			if (!this.#far.destroyed) this.#far.write(Buffer.concat(late));
			this.#far.destroySoon();
		});
	}

	#reset(): void {
		reset(this.#near);
		reset(this.#far);
	}
}

/**
 * Unix sockets know no reset, and one that is not connected yet has nobody to tell. One that is being ended cannot be
 * reset any more: Node would never close it, nor tell anybody.
 */
function reset(socket: Socket): void {
	if (socket.remoteAddress === undefined || socket.writableEnded) socket.destroy();
	else socket.resetAndDestroy();
}
