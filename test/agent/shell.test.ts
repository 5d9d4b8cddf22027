import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentProcess } from "./agent-process.ts";

test("a shell opens, echoes, and reports its exit code", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "echo $((6*7))-answer\n");
	await link.see(terminal, "42-answer");
	link.type(terminal, "exit 7\n");
	const info = await link.exit(terminal.sessionId);
	assert.deepEqual(info.state.kind === "exited" && { ...info.state, at: 0 }, {
		kind: "exited",
		at: 0,
		exitCode: 7,
		signal: null,
		expired: null,
	});
	await link.until(() => terminal.log.end === info.outputEnd, "all output");
});

test("a shell inherits no descriptor of the agent: not the terminals of other sessions, nor any socket", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	await link.openTerminal();
	await link.openTerminal();
	const third = await link.openTerminal();
	link.type(third, `find /proc/$$/fd -lname '*ptmx*' -o -lname 'socket:*' -o -lname 'pipe:*' | wc -l; echo counted\n`);
	await link.see(third, /[\r\n]0\r\ncounted/);
});
