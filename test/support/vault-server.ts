/**
 * A server that speaks HashiCorp Vault's KV version 2 as its API documentation has it, as far as it is used here: read,
 * write with check-and-set, deletion of the latest version, tokens, and what goes wrong. Keeps everything in memory.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

type Version = { data: Record<string, unknown> | null; created: string; deleted: string };

/** What the next requests are met with instead of an answer. */
export type Trouble =
	| { kind: "status"; status: number }
	| { kind: "silence" }
	| { kind: "flood" }
	| { kind: "redirect"; to: string }
	| { kind: "text"; text: string };

export class VaultServer implements AsyncDisposable {
	token = "hvs.first-token";
	trouble: Trouble | null = null;
	/** Requests so far, with the token that each carried. */
	readonly asked: { method: string; path: string; token: string }[] = [];
	readonly #server: Server;
	readonly #documents = new Map<string, Version[]>();

	static async start(): Promise<VaultServer> {
		const server = createServer((request, response) => void vault.#answer(request, response));
		const vault = new VaultServer(server);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return vault;
	}

	private constructor(server: Server) {
		this.#server = server;
	}

	get address(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** As `vault kv put` without check-and-set does. */
	put(path: string, data: Record<string, unknown>): void {
		this.#versionsOf(path).push({ data, created: new Date().toISOString(), deleted: "" });
	}

	/** As `vault kv delete` does: the latest version is marked. */
	deleteLatest(path: string): void {
		const latest = this.#versionsOf(path).at(-1);
		if (latest !== undefined) Object.assign(latest, { data: null, deleted: new Date().toISOString() });
	}

	/** The latest version's data; undefined where there is no document. */
	dataOf(path: string): Record<string, unknown> | null | undefined {
		return this.#documents.get(path)?.at(-1)?.data;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await closed;
	}

	#versionsOf(path: string): Version[] {
		const versions = this.#documents.get(path) ?? [];
		this.#documents.set(path, versions);
		return versions;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = "", url = "" } = request;
		const token = [request.headers["x-vault-token"]].flat()[0] ?? "";
		this.asked.push({ method, path: url, token });
		if (this.trouble !== null) {
			cause(this.trouble, response);
			return;
		}
		const body = method === "POST" ? Object(await json(request)) : {};
		const [status, answer] = this.#answerTo(method, url, token, body);
		response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
	}

	#answerTo(method: string, url: string, token: string, body: WriteBody): Answer {
		if (token !== this.token) return [403, { errors: ["permission denied"] }];
		const path = /^\/v1\/secret\/data\/([\w/-]+)$/.exec(url)?.[1];
		if (path === undefined) return [404, { errors: [`no handler for route "${url}"`] }];
		if (method === "GET") return this.#read(path);
		return method === "POST" ? this.#write(path, body) : [405, { errors: ["unsupported operation"] }];
	}

	#read(path: string): Answer {
		const versions = this.#documents.get(path) ?? [];
		const latest = versions.at(-1);
		if (latest === undefined) return [404, { errors: [] }];
		const data = { data: latest.data, metadata: metadataOf(versions) };
		return [latest.data === null ? 404 : 200, { request_id: "1", lease_id: "", renewable: false, data }];
	}

	#write(path: string, { data, options }: WriteBody): Answer {
		const versions = this.#versionsOf(path);
		if (typeof data !== "object" || data === null) return [400, { errors: ["no data provided"] }];
		if (options?.cas !== undefined && options.cas !== versions.length) {
			return [400, { errors: ["check-and-set parameter did not match the current version"] }];
		}
		this.put(path, { ...data });
		return [200, { request_id: "1", data: metadataOf(versions) }];
	}
}

type Answer = [status: number, body: object];
type WriteBody = { data?: unknown; options?: { cas?: unknown } };

/** Of the latest version. */
function metadataOf(versions: readonly Version[]): object {
	const { created = "", deleted = "" } = versions.at(-1) ?? {};
	const version = versions.length;
	return { created_time: created, custom_metadata: null, deletion_time: deleted, destroyed: false, version };
}

function cause(trouble: Trouble, response: ServerResponse): void {
	switch (trouble.kind) {
		case "status":
			response.writeHead(trouble.status).end('{"errors":["as was asked for"]}');
			return;
		case "silence":
			return;
		case "flood":
			response.writeHead(200).end("x".repeat(4 * 1024 * 1024));
			return;
		case "redirect":
			response.writeHead(307, { Location: trouble.to }).end();
			return;
		case "text":
			response.writeHead(200).end(trouble.text);
	}
}
