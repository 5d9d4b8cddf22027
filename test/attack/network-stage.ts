/** An attacker with a shell in a pool container, in a network where every address answers. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";
import { WholeWorld } from "./whole-world.ts";

export class Attacker {
	readonly #page: PageClient;
	readonly #screen: Screen;

	/** The caller disposes it, also where it does not get in. */
	static async arrive(gateway: GatewayProcess, owner: AsyncDisposableStack): Promise<Attacker> {
		const page = await PageClient.connect(gateway.base);
		owner.use(page);
		await page.untilReady();
		return new Attacker(page, await page.open());
	}

	private constructor(page: PageClient, screen: Screen) {
		this.#page = page;
		this.#screen = screen;
	}

	get container(): string {
		const place = this.#page.place;
		assert.equal(place?.kind, "ready");
		return place.container;
	}

	run(command: string): Promise<string> {
		return this.#page.run(this.#screen, command);
	}

	/** Runs a Python program. */
	python(program: string): Promise<string> {
		return this.run(`echo ${Buffer.from(program).toString("base64")} | base64 -d | python3 -`);
	}

	/** What comes of connecting to each address: what it answers, or the system's word for the error. */
	async knock(addresses: readonly string[], port: number): Promise<string[]> {
		const said = await this.python(KNOCK.replace("TARGETS", JSON.stringify(addresses)).replace("PORT", String(port)));
		return said.split("\n");
	}
}

/** All at once, as a refusal takes a second. Whatever is merely dropped would wait for minutes. */
const KNOCK = `
import concurrent.futures, errno, socket
def knock(address):
    try:
        with socket.create_connection((address, PORT), timeout=3) as connection:
            return connection.makefile().readline().strip()
    except TimeoutError:
        return "nothing"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    for answer in pool.map(knock, TARGETS): print(answer)
`;

export type NetworkStage = {
	pool: TestPool;
	world: WholeWorld;
	attacker: Attacker;
	/** Another user: in the container with the fewest, the first on a tie. */
	arrive(): Promise<Attacker>;
	/** Starts the gateway again with other settings. The container goes on; returns a new shell in it. */
	change(settings: Record<string, string>): Promise<Attacker>;
};

/** Everything of it is removed when the test ends. */
export async function networkStage(
	t: TestContext,
	settings: (world: WholeWorld) => Record<string, string> = () => ({}),
): Promise<NetworkStage> {
	// The latest is disposed first: the network only when nobody is in it any more.
	const resources = new AsyncDisposableStack();
	t.after(() => resources.disposeAsync());
	const pool = new TestPool();
	const world = resources.use(await WholeWorld.start(`berth-${pool.name}-world`));
	resources.use(pool);
	const own = { MAX_CONTAINERS: "1", CONTAINER_NETWORK: world.network, ...settings(world) };
	const gateway = resources.use(await GatewayProcess.start({ ...pool.environment, ...own }));
	const arrive = (): Promise<Attacker> => Attacker.arrive(gateway, resources);
	const untilReady = async (): Promise<void> => {
		while ((await gateway.readiness()).containers.ready < Number(own.MAX_CONTAINERS)) await sleep(100);
	};
	await untilReady();
	const attacker = await arrive();
	const change = async (changes: Record<string, string>): Promise<Attacker> => {
		const { Id } = await pool.container(1).inspect();
		await gateway.stop();
		await gateway.start(changes);
		await untilReady();
		const again = await arrive();
		assert.equal((await pool.container(1).inspect()).Id, Id, "the container was replaced");
		return again;
	};
	return { pool, world, attacker, arrive, change };
}

/** What is said of each of so many addresses. */
export function each(addresses: readonly string[], answer: string): string[] {
	return addresses.map(() => answer);
}

/** What connecting says at once where a rule forbids it: "no route to host". */
export const REFUSED = "EHOSTUNREACH";
/** The same over IPv6: "permission denied". */
export const REFUSED6 = "EACCES";
