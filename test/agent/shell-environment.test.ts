/** Secrets on the way to one login shell: the real agent in local mode. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LocalShells } from "../../container-image/agent/shells.ts";
import { SessionId } from "../../server/protocol/ids.ts";
import { areSecretsWithinBounds, MAX_SECRETS } from "../../server/protocol/secret-names.ts";
import { AgentProcess } from "./agent-process.ts";
import { ADA, DEFAULT_LIMITS, type LinkClient } from "./link-client.ts";

async function setUp(t: TestContext): Promise<LinkClient> {
	const agent = await AgentProcess.start();
	t.after(() => agent[Symbol.asyncDispose]());
	return await agent.link();
}

test("as many and as long as may be come to the shell whole", async (t) => {
	const link = await setUp(t);
	const environment: Record<string, string> = {};
	for (let at = 0; at < MAX_SECRETS; at++) environment[`SECRET_NUMBER_${at}`] = `${at}${"✓ö"[at % 2]}`.padEnd(480, "x");
	assert.ok(areSecretsWithinBounds(environment));
	const terminal = await link.openTerminal({ environment });
	link.type(terminal, "env | grep -c ^SECRET_NUMBER_; env | grep ^SECRET_NUMBER_ | wc -c\r");
	const bytes = Object.entries(environment).reduce(
		(sum, [name, value]) => sum + Buffer.byteLength(`${name}=${value}\n`),
		0,
	);
	await link.see(terminal, `${MAX_SECRETS}\r\n${bytes}\r\n`);
});

test("one shell has them, the next one of the same user does not", async (t) => {
	const link = await setUp(t);
	const first = await link.openTerminal({ environment: { KEY: "first" } });
	const second = await link.openTerminal();
	for (const [terminal, seen] of [
		[first, "[first]"],
		[second, "[]"],
	] as const) {
		link.type(terminal, 'printf "%s\\n" "[$KEY""]"\r');
		await link.see(terminal, seen);
	}
});

test("whatever came past all checks, it does not change what the shell goes by", () => {
	const shells = new LocalShells({
		...{ shell: "/bin/bash", searchPath: "/usr/bin", motdPath: "/motd", toolsDir: "/tools" },
		infoPath: () => "/info",
	});
	const environment = { PATH: "/evil", HOME: "/evil", SHELL: "/evil", BERTH_INFO: "/evil", TERM: "evil" };
	const bounds = { limits: DEFAULT_LIMITS, mayWrite: true, environment };
	const { env = {} } = shells.describe(ADA, { home: "/home" }, SessionId.parse("A".repeat(22)), bounds);
	assert.equal(Object.values(env).join().includes("evil"), false);
});
