/** A gateway with one container, of which everything between page and program can be broken from outside. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { type CutStyle, CuttableProxy } from "../support/cuttable-proxy.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

/** How the link is carried: by the agent's socket in a shared folder, or by an exec of the engine's. */
export const CARRIERS = ["socket", "exec"] as const;
export type Carrier = (typeof CARRIERS)[number];

const ENGINE_SOCKET = "/var/run/docker.sock";

export class Stage implements AsyncDisposable {
	readonly pool: TestPool;
	readonly gateway: GatewayProcess;
	/** Where pages connect, e.g. `http://127.0.0.1:40123`. */
	readonly base: string;
	readonly #pages: CuttableProxy;
	readonly #links: CuttableProxy;
	readonly #stack: AsyncDisposableStack;

	/** `settings` of the gateway, beside those of its pool. */
	static async open(carrier: Carrier, settings: Record<string, string> = {}): Promise<Stage> {
		await using stack = new AsyncDisposableStack();
		const pool = stack.use(new TestPool({ MAX_CONTAINERS: "1", CONTAINER_CPUS: "2", ...settings }));
		const { gateway, links } = await (carrier === "socket" ? openBySocket(pool, stack) : openByExec(pool, stack));
		const pages = stack.use(new CuttableProxy(() => ({ host: "127.0.0.1", port: Number(new URL(gateway.base).port) })));
		const port = await pages.listenOnPort();
		return new Stage({ pool, gateway, pages, links, port, stack: stack.move() });
	}

	private constructor({ pool, gateway, pages, links, port, stack }: StageParts) {
		this.pool = pool;
		this.gateway = gateway;
		this.#pages = pages;
		this.#links = links;
		this.base = `http://127.0.0.1:${port}`;
		this.#stack = stack;
	}

	/** Newest lines of the gateway's log. */
	get lastWords(): string {
		return lastLines(this.gateway);
	}

	/** A user that nobody else is. */
	async newCookie(): Promise<string> {
		return await PageClient.newCookie(this.gateway.base);
	}

	/** Resolves to how many connections of pages were cut. */
	async cutPages(style: CutStyle): Promise<number> {
		return await this.#pages.cut(style);
	}

	/** Resolves to how many connections were cut; with exec that is all that the gateway has to the engine. */
	async cutLinks(style: CutStyle): Promise<number> {
		return await this.#links.cut(style);
	}

	/** The link breaks, and cannot be opened again for so long. */
	async withoutLink(ms: number): Promise<void> {
		await this.#links.interrupt(ms);
	}

	/** Ends the gateway, as a full memory does or as an operator, and starts it again. */
	async killGateway(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
		await this.gateway.stop(signal);
		await this.gateway.start();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#stack[Symbol.asyncDispose]();
	}
}

const EXIT_INTERRUPTED = 130;

/** For commands: has a stage while `play` runs, and leaves nothing of it behind, also where a signal ends the process. */
export async function onStage<Outcome>(
	carrier: Carrier,
	settings: Record<string, string>,
	play: (stage: Stage) => Promise<Outcome>,
): Promise<Outcome> {
	const opening = Stage.open(carrier, settings);
	let closing: Promise<void> | null = null;
	const close = async (): Promise<void> => {
		closing ??= opening.then((stage) => stage[Symbol.asyncDispose]());
		await closing;
	};
	const onSignal = (): void => void close().finally(() => process.exit(EXIT_INTERRUPTED));
	process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
	try {
		return await play(await opening);
	} finally {
		process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
		await close();
	}
}

type Linked = { gateway: GatewayProcess; links: CuttableProxy };
type StageParts = Linked & { pool: TestPool; pages: CuttableProxy; port: number; stack: AsyncDisposableStack };

/** Puts the proxy where the gateway looks for the agent's socket. */
async function openBySocket(pool: TestPool, stack: AsyncDisposableStack): Promise<Linked> {
	const gateway = stack.use(await GatewayProcess.start(pool.environment));
	await untilReady(gateway);
	// Connections that there are go around the proxy.
	await gateway.stop();
	const folder = join(gateway.dataDir, "links", pool.containerName(1));
	const [socket, moved] = [join(folder, "agent.sock"), join(folder, "moved.sock")];
	renameSync(socket, moved);
	const links = stack.use(new CuttableProxy(() => ({ path: moved })));
	await links.listenAt(socket);
	await gateway.start();
	await untilReady(gateway);
	return { gateway, links };
}

/** The gateway takes an engine that is reached by TCP for another host's, with which it shares no folder. */
async function openByExec(pool: TestPool, stack: AsyncDisposableStack): Promise<Linked> {
	const links = stack.use(new CuttableProxy(() => ({ path: ENGINE_SOCKET })));
	const port = await links.listenOnPort();
	const settings = { ...pool.environment, DOCKER_HOST: `tcp://127.0.0.1:${port}` };
	const gateway = stack.use(await GatewayProcess.start(settings));
	await untilReady(gateway);
	return { gateway, links };
}

const READY_PATIENCE_MS = 60_000;

async function untilReady(gateway: GatewayProcess): Promise<void> {
	const deadline = performance.now() + READY_PATIENCE_MS;
	while ((await gateway.readiness()).containers.ready === 0) {
		if (performance.now() > deadline) throw new Error(`the container was not ready:\n${lastLines(gateway)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const LAST_LINES = 30;

function lastLines({ log }: GatewayProcess): string {
	return log.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
}
