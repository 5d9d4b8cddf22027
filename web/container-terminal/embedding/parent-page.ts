/** The page around the terminal: what it says is taken from allowed origins only, and nothing is said to others. */
import { EMBED_VERSION, type EmbedOrder, type EmbedReport, parseOrder } from "./messages.ts";

export type ParentPageOptions = {
	/** This page's own window. */
	window: Pick<Window, "addEventListener">;
	/** The window around. */
	parent: Pick<Window, "postMessage">;
	/** Those that may be around: the browser shows the page inside no other. */
	origins: readonly string[];
	onOrder(order: EmbedOrder): void;
	/** Something came that means to be an order and is none; for whoever writes the page around. */
	onNonsense(): void;
};

export class ParentPage {
	readonly #options: ParentPageOptions;
	/** Whose it is, once it has said something. */
	#origin: string | null = null;

	constructor(options: ParentPageOptions) {
		this.#options = options;
		options.window.addEventListener("message", (event) => this.#onMessage(event));
	}

	/** Goes to whoever is around if it is one of the allowed: the browser drops what is for another. */
	say(report: EmbedReport): void {
		const { origins, parent } = this.#options;
		for (const origin of this.#origin === null ? origins : [this.#origin]) {
			parent.postMessage({ berth: EMBED_VERSION, ...report }, origin);
		}
	}

	#onMessage({ data, origin, source }: MessageEvent): void {
		const { onNonsense, onOrder, origins, parent } = this.#options;
		if (source !== parent || !origins.includes(origin)) return;
		const order = parseOrder(data);
		if (order === null) {
			if (Object.hasOwn(Object(data), "berth")) onNonsense();
			return;
		}
		this.#origin = origin;
		onOrder(order);
	}
}
