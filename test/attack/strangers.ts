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

	static async gather(): Promise<Strangers> {
		const pool = new TestPool({ MAX_CONTAINERS: "2" });
		const gateway = await GatewayProcess.start(pool.environment);
		// Both containers have to be there, or everybody would go to the first.
		while ((await gateway.readiness()).containers.ready < 2) await sleep(100);
		const all = [await arrive(gateway.base), await arrive(gateway.base), await arrive(gateway.base)];
		const [ada, trudy, mallory] = all;
		assert.ok(ada && trudy && mallory);
		const containers = all.map(({ page }) => page.place?.kind === "ready" && page.place.container);
		const [one, two] = [pool.containerName(1), pool.containerName(2)];
		assert.deepEqual(containers, [one, two, one]);
		return new Strangers(pool, gateway, { ada, mallory, trudy });
	}

	private constructor(
		pool: TestPool,
		gateway: GatewayProcess,
		{ ada, mallory, trudy }: { ada: Person; mallory: Person; trudy: Person },
	) {
		this.pool = pool;
		this.gateway = gateway;
		this.ada = ada;
		this.mallory = mallory;
		this.trudy = trudy;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const { page } of [this.ada, this.mallory, this.trudy]) page[Symbol.dispose]();
		await this.gateway[Symbol.asyncDispose]();
		await this.pool[Symbol.asyncDispose]();
	}
}

async function arrive(base: string): Promise<Person> {
	const page = await PageClient.connect(base);
	await page.untilReady();
	const screen = await page.open();
	const name = page.welcome?.user.username ?? "";
	return { page, screen, name, home: `/workspace/${name}`, run: (command) => page.run(screen, command) };
}
