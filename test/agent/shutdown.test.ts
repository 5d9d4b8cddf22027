import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { readProcess } from "../../container-image/agent/processes.ts";
import { AgentProcess } from "./agent-process.ts";
import type { LinkClient, Terminal } from "./link-client.ts";

async function pidOf(link: LinkClient, terminal: Terminal, expression: string): Promise<number> {
	link.type(terminal, `echo pid''=${expression}.\n`);
	await link.see(terminal, /pid=\d+\./);
	return Number(/pid=(\d+)\./.exec(terminal.log.text)?.[1]);
}

test("told to end, the agent ends its sessions, says goodbye and is gone within two seconds", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const [polite, stubborn] = [await link.openTerminal(), await link.openTerminal()];
	const shell = await pidOf(link, polite, "$$");
	link.type(stubborn, "trap '' HUP TERM\n");
	const stubbornShell = await pidOf(link, stubborn, "$$");
	const askedAt = performance.now();
	agent.child.kill("SIGTERM");
	assert.equal(await agent.untilExit(), 0);
	assert.ok(performance.now() - askedAt < 2_000, `it took ${performance.now() - askedAt} ms`);
	await link.until(() => link.isClosed, "the end of the link");
	assert.equal(link.bye?.code, "SHUTDOWN");
	for (const pid of [shell, stubbornShell]) assert.equal(readProcess(pid), null);
	assert.ok(!existsSync(`${agent.socketPath}.info`));
});

test("in local mode the agent ends with its gateway", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const shell = await pidOf(link, await link.openTerminal(), "$$");
	agent.child.stdin?.end();
	assert.equal(await agent.untilExit(), 0);
	assert.equal(readProcess(shell), null);
});

test("a wrong environment is explained, one line per variable", async () => {
	await assert.rejects(AgentProcess.start({ BERTH_MODE: "cloud", BERTH_WORKSPACE: "relative" }), (error) => {
		assert.ok(error instanceof Error);
		assert.match(error.message, /BERTH_MODE: /);
		assert.match(error.message, /BERTH_WORKSPACE: must be an absolute path/);
		return true;
	});
});
