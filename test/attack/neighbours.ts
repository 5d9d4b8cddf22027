/** One container with the limits that it has by default, somebody who types in it, and strangers who do as they like. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { SLOWNESS } from "../support/patience.ts";
import { TestPool } from "../support/test-pool.ts";

/** Whatever is done next door, a key has to come back within this time, ms: the 99th percentile. */
const ECHO_LIMIT_MS = 100 * SLOWNESS;
const MAX_ROUNDS = 3;
const KEYS = 150;
/** Between an echo and the next key, ms. */
const KEY_PAUSE_MS = 20;
/** After it, no trace of the attack may be left. */
const RECOVERY_MS = 60_000 * SLOWNESS;

export class Neighbour {
	readonly page: PageClient;
	readonly screen: Screen;

	static async arrive(base: string): Promise<Neighbour> {
		const page = await PageClient.connect(base);
		await page.untilReady();
		return new Neighbour(page, await page.open());
	}

	private constructor(page: PageClient, screen: Screen) {
		this.page = page;
		this.screen = screen;
	}

	/** Runs a command line to its end. */
	async run(command: string): Promise<string> {
		return await this.page.run(this.screen, command);
	}

	/** Types a command line, and does not wait for it. */
	begin(command: string): void {
		this.page.type(this.screen, `${command}\r`);
	}

	async untilPrinted(text: string): Promise<void> {
		await this.page.until(() => this.screen.text.includes(text), JSON.stringify(text));
	}
}

export class Neighbours implements AsyncDisposable {
	readonly pool: TestPool;
	readonly gateway: GatewayProcess;
	readonly victim: Neighbour;
	readonly strangers: readonly Neighbour[];
	readonly #resources: AsyncDisposableStack;

	static async gather(strangers: number, settings: Record<string, string> = {}): Promise<Neighbours> {
		await using resources = new AsyncDisposableStack();
		// One more than gather here: somebody new must get in afterwards.
		const places = { MAX_CONTAINERS: "1", USERS_PER_CONTAINER: String(strangers + 2) };
		const pool = resources.use(new TestPool({ ...places, ...settings }));
		const gateway = resources.use(await GatewayProcess.start(pool.environment));
		const all: Neighbour[] = [];
		for (let count = 0; count <= strangers; count++) {
			all.push(await Neighbour.arrive(gateway.base));
			resources.use(all.at(-1)?.page);
		}
		const [victim, ...others] = all;
		assert.ok(victim);
		return new Neighbours({ pool, gateway, victim, strangers: others }, resources.move());
	}

	private constructor(
		{ pool, gateway, victim, strangers }: Pick<Neighbours, "pool" | "gateway" | "victim" | "strangers">,
		resources: AsyncDisposableStack,
	) {
		this.pool = pool;
		this.gateway = gateway;
		this.victim = victim;
		this.strangers = strangers;
		this.#resources = resources;
	}

	/** Types into a program that echoes, in a session of its own; the times of the echoes, ms, the shortest first. */
	async echoTimes(keys = KEYS): Promise<number[]> {
		const { page } = this.victim;
		const screen = await page.open();
		page.type(screen, "stty raw -echo; printf rea'dy'; exec cat\r");
		await page.until(() => screen.text.includes("ready"), "a program that echoes");
		const times: number[] = [];
		for (let at = 0; at < keys; at++) {
			const length = screen.text.length;
			const start = performance.now();
			page.type(screen, "x");
			await page.until(() => screen.text.length > length, "an echo");
			times.push(performance.now() - start);
			await sleep(KEY_PAUSE_MS);
		}
		await page.ask("session:close", { sessionId: screen.sessionId });
		return times.toSorted((one, other) => one - other);
	}

	/**
	 * That the victim can work as if nobody else were there. What strangers do goes on all the time; what else is done on
	 * this machine for a moment must not count, and gets another round.
	 */
	async assertUndisturbed(): Promise<void> {
		const rounds: string[] = [];
		while (rounds.length < MAX_ROUNDS) {
			const times = await this.echoTimes();
			const worst = times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY;
			rounds.push(`median ${times[times.length >> 1]?.toFixed(1)} ms, 99th percentile ${worst.toFixed(1)} ms`);
			process.stdout.write(`echo: ${rounds.at(-1)}\n`);
			if (worst < ECHO_LIMIT_MS) return;
		}
		assert.fail(`the echo comes late: ${rounds.join("; ")}`);
	}

	/** That nobody's session but the attacker's has ended, and that the container is healthy before long. */
	async assertHealthy(): Promise<void> {
		const deadline = performance.now() + RECOVERY_MS;
		while (!(await this.#isHealthy())) {
			assert.ok(performance.now() < deadline, "the container is not healthy after a minute");
			await sleep(1_000);
		}
		const newcomer = await Neighbour.arrive(this.gateway.base);
		assert.equal(await newcomer.run("echo works"), "works");
		newcomer.page[Symbol.dispose]();
	}

	async #isHealthy(): Promise<boolean> {
		return (await this.pool.run(1, ["/opt/berth/container-image/agent/healthcheck"])) !== null;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#resources.disposeAsync();
	}
}
