/** Two people in one container and a third in another on the same volume, who do not know each other. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

export type Person = {
	page: PageClient;
	screen: Screen;
	name: string;
	home: string;
	run(command: string): Promise<string>;
};

export class Strangers implements AsyncDisposable {
	readonly pool: TestPool;
	readonly gateway: GatewayProcess;
	/** Has something to lose. */
	readonly ada: Person;
	/** Attacks from the same container. */
	readonly mallory: Person;
	/** Attacks from another container. */
	readonly trudy: Person;

	readonly #resources: AsyncDisposableStack;

	static async gather(): Promise<Strangers> {
		await using resources = new AsyncDisposableStack();
		const pool = resources.use(new TestPool({ MAX_CONTAINERS: "2" }));
		const gateway = resources.use(await GatewayProcess.start(pool.environment));
		// Both containers have to be there, or everybody would go to the first.
		while ((await gateway.readiness()).containers.ready < 2) await sleep(100);
		const all: Person[] = [];
		for (const container of [1, 2, 1]) {
			const person = await arrive(gateway.base);
			resources.use(person.page);
			const { place } = person.page;
			assert.equal(place?.kind === "ready" && place.container, pool.containerName(container));
			all.push(person);
		}
		const [ada, trudy, mallory] = all;
		assert.ok(ada && trudy && mallory);
		return new Strangers({ pool, gateway, ada, trudy, mallory }, resources.move());
	}

	private constructor(
		{ pool, gateway, ada, trudy, mallory }: Pick<Strangers, "pool" | "gateway" | "ada" | "trudy" | "mallory">,
		resources: AsyncDisposableStack,
	) {
		this.pool = pool;
		this.gateway = gateway;
		this.ada = ada;
		this.trudy = trudy;
		this.mallory = mallory;
		this.#resources = resources;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#resources.disposeAsync();
	}
}

async function arrive(base: string): Promise<Person> {
	const page = await PageClient.connect(base);
	await page.untilReady();
	const screen = await page.open();
	const name = page.welcome?.user.username ?? "";
	return { page, screen, name, home: `/workspace/${name}`, run: (command) => page.run(screen, command) };
}
