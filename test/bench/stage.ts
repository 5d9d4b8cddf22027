/** Where scenarios play: a real gateway with a pool of its own on the machine's engine, of which nothing stays. */
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";
import { BerthPage, type BerthShell } from "./berth-shell.ts";
import { type FloorAccount, FloorShell } from "./floor-shell.ts";
import { PROBE_SOCKET, type ProbeAnswer, type ProbeRequest } from "./probe-protocol.ts";
import { childrenOf, cpuSecondsOf, enginePids } from "./process-figures.ts";

const PROBE = join(import.meta.dirname, "gateway-probe.ts");
const START_PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 100;
/** Cookies asked for at once. */
const COOKIES_AT_ONCE = 20;

export type StageOptions = {
	containers: number;
	/** Cores that each container may use. */
	cpus: number;
};

export class Stage implements AsyncDisposable {
	readonly pool: TestPool;
	readonly gateway: GatewayProcess;
	readonly containers: readonly string[];
	readonly #stack: AsyncDisposableStack;
	#cookies: string[] = [];
	#floorAccount: Promise<FloorAccount> | null = null;

	/** Starts a gateway and waits for all of its containers. */
	static async start({ containers, cpus }: StageOptions): Promise<Stage> {
		await using stack = new AsyncDisposableStack();
		const { CONTAINER_IMAGE = "" } = process.env;
		const pool = stack.use(
			new TestPool({
				MAX_CONTAINERS: String(containers),
				USERS_PER_CONTAINER: "1000",
				SESSIONS_PER_USER: "100",
				CONTAINER_IMAGE,
				CONTAINER_CPUS: String(cpus),
				CONTAINER_MEMORY: "2g",
				CONTAINER_PIDS_LIMIT: "8192",
				LOG_LEVEL: "info",
				NODE_OPTIONS: `--import=${PROBE}`,
			}),
		);
		const gateway = stack.use(await GatewayProcess.start(pool.environment));
		const stage = new Stage(pool, gateway, containers, stack.move());
		try {
			await stage.untilReady();
			return stage;
		} catch (error) {
			await stage[Symbol.asyncDispose]();
			throw error;
		}
	}

	private constructor(pool: TestPool, gateway: GatewayProcess, containers: number, stack: AsyncDisposableStack) {
		this.pool = pool;
		this.gateway = gateway;
		this.containers = Array.from({ length: containers }, (_, index) => pool.containerName(index + 1));
		this.#stack = stack;
	}

	get base(): string {
		return this.gateway.base;
	}

	async untilReady(): Promise<void> {
		const deadline = performance.now() + START_PATIENCE_MS;
		while (performance.now() < deadline) {
			const { containers } = await this.gateway.readiness();
			if (containers.ready === containers.wanted) return;
			await sleep(LOOK_EVERY_MS);
		}
		throw new Error(`the pool did not come up:\n${this.gateway.log.slice(-2_000)}`);
	}

	/** Cookies of `count` guests, always the same ones. */
	async cookies(count: number): Promise<string[]> {
		while (this.#cookies.length < count) {
			const missing = Math.min(COOKIES_AT_ONCE, count - this.#cookies.length);
			const fresh = await Promise.all(Array.from({ length: missing }, () => PageClient.newCookie(this.base)));
			this.#cookies.push(...fresh);
		}
		return this.#cookies.slice(0, count);
	}

	/** A page of the guest with this number. */
	async page(guest = 0): Promise<BerthPage> {
		const cookie = (await this.cookies(guest + 1))[guest] ?? "";
		return await BerthPage.connect(this.base, cookie);
	}

	/** A page whose account has had a shell: its home and everything a first login makes are there. */
	async warmPage(guest = 0): Promise<BerthPage> {
		const page = await this.page(guest);
		const shell = await page.open();
		await shell.untilFirstPrompt();
		await shell.close();
		return page;
	}

	/**
	 * An account for the floor's shells. It keeps a session of its own open: once an account's last session has ended,
	 * the agent ends whatever else runs as that account.
	 */
	async floorAccount(): Promise<FloorAccount> {
		this.#floorAccount ??= this.#makeFloorAccount();
		return await this.#floorAccount;
	}

	async #makeFloorAccount(): Promise<FloorAccount> {
		const page = this.#stack.use(await BerthPage.connect(this.base, await PageClient.newCookie(this.base)));
		const shell = await page.open();
		await shell.untilFirstPrompt();
		return { container: page.container, username: page.username, uid: await uidOf(shell) };
	}

	/** A shell each, at their prompts. */
	async pair(guest = 0): Promise<Pair> {
		const page = await this.warmPage(guest);
		const berth = await page.open();
		await berth.untilFirstPrompt();
		const floor = await FloorShell.open(await this.floorAccount());
		await floor.untilFirstPrompt();
		return new Pair(page, berth, floor);
	}

	/** Memory of the gateway once all garbage is collected. */
	async gatewayMemory(): Promise<NodeJS.MemoryUsage> {
		return (await this.probe({ op: "memory" })).memory;
	}

	async probe(request: ProbeRequest): Promise<ProbeAnswer> {
		const socket = connect(join(this.gateway.dataDir, PROBE_SOCKET));
		socket.write(JSON.stringify(request));
		return JSON.parse(await text(socket)) as ProbeAnswer;
	}

	/** Ids of the pool's containers as the engine knows them. */
	async containerIds(): Promise<string[]> {
		return await Promise.all(this.containers.map(async (name) => (await this.#inspect(name)).Id));
	}

	/** The agent's process, as this host numbers it. */
	async agentPid(container: string): Promise<number> {
		const tini = (await this.#inspect(container)).State.Pid;
		const [agent] = childrenOf(tini);
		if (agent === undefined) throw new Error(`${container} has no agent`);
		return agent;
	}

	/** CPU time that gateway, agents and engine have used so far, and this process as their client: seconds. */
	async cpuSeconds(): Promise<CpuSeconds> {
		const agents = await Promise.all(this.containers.map((name) => this.agentPid(name)));
		const engine = enginePids(await this.containerIds());
		const sum = (pids: number[]): number => pids.reduce((seconds, pid) => seconds + cpuSecondsOf(pid), 0);
		const { user, system } = process.cpuUsage();
		return {
			gateway: cpuSecondsOf((await this.probe({ op: "pid" })).pid),
			agents: sum(agents),
			engine: sum(engine),
			client: (user + system) / 1e6,
		};
	}

	/** Kills the gateway, as a crash would, and resolves once one that follows it listens. */
	async killGateway(): Promise<void> {
		await this.gateway.stop("SIGKILL");
		await this.gateway.start();
	}

	/** What gateway and agents logged as unusual, newest last. */
	async complaints(): Promise<string> {
		const logs = this.containers.map(async (name) => {
			const log = await this.pool.docker.getContainer(name).logs({ stdout: true, stderr: true });
			return log.toString("utf8");
		});
		const all = [this.gateway.log, ...(await Promise.all(logs))].map(unusualLines);
		return all.flat().join("\n");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#stack.disposeAsync();
	}

	async #inspect(container: string): Promise<{ Id: string; State: { Pid: number } }> {
		return await this.pool.docker.getContainer(container).inspect();
	}
}

export type CpuSeconds = { gateway: number; agents: number; engine: number; client: number };

export class Pair implements AsyncDisposable {
	readonly page: BerthPage;
	readonly berth: BerthShell;
	readonly floor: FloorShell;

	constructor(page: BerthPage, berth: BerthShell, floor: FloorShell) {
		this.page = page;
		this.berth = berth;
		this.floor = floor;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([this.berth.close(), this.floor.close()]);
		this.page[Symbol.dispose]();
	}
}

/** pino writes levels as numbers, the agent as words. */
function unusualLines(log: string): string[] {
	const lines = log.split("\n").filter((line) => /"level":("warn"|"error"|[456]0)/.test(line));
	return lines.slice(-SHOWN_LINES);
}
const SHOWN_LINES = 10;

async function uidOf(shell: BerthShell): Promise<number> {
	let printed = "";
	shell.onOutput = (chunk) => {
		printed += Buffer.from(chunk).toString("latin1");
	};
	await shell.run("id -u");
	shell.onOutput = null;
	const [, uid] = /[\r\n](\d+)\r\n/.exec(printed) ?? [];
	if (uid === undefined) throw new Error(`no uid in ${JSON.stringify(printed)}`);
	return Number(uid);
}
