/** An HTTP proxy as some offices and browsers make one: it lets no WebSocket through, or no cookie. */
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type Pickiness = {
	isDroppingCookies?: boolean;
	/** How long each request for news is held back, ms: what happens meanwhile comes in one answer. */
	pollsHeldMs?: number;
};

export class PickyProxy implements AsyncDisposable {
	readonly #server: Server;
	/** WebSockets that were refused. */
	refused = 0;
	/** Times that the page itself was asked for. */
	pages = 0;

	/** `base` is the gateway's address. */
	static async before(base: string, pickiness: Pickiness = {}): Promise<PickyProxy> {
		const proxy = new PickyProxy(new URL(base), pickiness);
		await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
		return proxy;
	}

	private constructor(target: URL, { isDroppingCookies = false, pollsHeldMs = 0 }: Pickiness) {
		this.#server = createServer(async (asked, answer) => {
			if (asked.url?.endsWith("/container-terminal")) this.pages += 1;
			const isPoll = asked.method === "GET" && asked.url?.includes("transport=polling");
			if (isPoll && pollsHeldMs > 0) await delay(pollsHeldMs);
			const { hostname, port } = target;
			const onward = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers });
			onward.on("response", (response) => {
				const { "set-cookie": cookies, ...headers } = response.headers;
				const isKept = cookies !== undefined && !isDroppingCookies;
				answer.writeHead(response.statusCode ?? 502, isKept ? { ...headers, "set-cookie": cookies } : headers);
				response.pipe(answer);
			});
			onward.on("error", () => answer.destroy());
			answer.on("close", () => onward.destroy());
			asked.pipe(onward);
		});
		this.#server.on("upgrade", (_asked, socket) => {
			this.refused += 1;
			socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
		});
	}

	get base(): string {
		return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
