/** A secret's value, looked for wherever it should not be: logs, files, arguments, what others see. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AgentProcess } from "../agent/agent-process.ts";
import { Refused } from "../agent/link-client.ts";
import { ApiCaller } from "../support/api-caller.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import { Strangers } from "./strangers.ts";

const newValue = (): string => `found-${randomBytes(12).toString("hex")}`;

/** Said where the variable has as many characters as a value; nothing of it is typed. */
const HAS_IT = "[ $(printf %s $API_KEY | wc -c) = 30 ] && echo th''ere";

/** Files that hold the value, as it is or encoded. */
function filesWith(value: string, folder: string): string[] {
	const needles = [value, Buffer.from(value).toString("base64").slice(0, -4), Buffer.from(value).toString("hex")];
	return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
		const path = join(folder, name);
		return statSync(path).isFile() && needles.some((needle) => readFileSync(path).includes(needle));
	});
}

/** Sets it rightly and wrongly, and returns all that was answered. */
async function setIt({ base, dataDir }: GatewayProcess, cookie: string, value: string): Promise<string> {
	const api = ApiCaller.asBrowser({ base, dataDir }, cookie);
	const replies = [
		await api.call("secret.set", { user: "me", name: "API_KEY", value }),
		await api.call("secret.list", { user: "me" }),
		await api.send("PUT", "/users/me/secrets/API_KEY", `{"value":"${value}"`),
		await api.send("PUT", "/users/me/secrets/API_KEY", JSON.stringify([value])),
		await api.send("PUT", "/users/me/secrets/API_KEY", JSON.stringify({ value: [value] })),
		await api.send("PUT", "/users/me/secrets/API_KEY", JSON.stringify({ value: `${value}\0` })),
		await api.send("PUT", "/users/me/secrets/API_KEY", JSON.stringify({ value: value.repeat(5_000) })),
		await api.send("PUT", "/users/nobody-there/secrets/API_KEY", JSON.stringify({ value })),
		await api.send("POST", "/users/me/secrets/API_KEY", JSON.stringify({ value })),
		await api.call("account.read", {}),
	];
	assert.deepEqual(
		replies.map(({ status }) => status),
		[200, 200, 400, 400, 400, 400, 413, 403, 404, 200].map((status) => (status === 413 ? 400 : status)),
	);
	return replies.map(({ text }) => text).join("\n");
}

test("the value is in the shells of its user, and nowhere else", async () => {
	await using all = await Strangers.gather();
	const { ada, gateway, mallory, pool, trudy } = all;
	const value = newValue();
	const answers = await setIt(gateway, ada.page.cookie, value);
	const shell = await ada.page.open();
	const run = (command: string) => ada.page.run(shell, command);
	assert.equal(await run(HAS_IT), "there");
	await run("sleep 1000 & tmux new-session -d; sleep 0.3");
	assert.equal(answers.includes(value), false, "an answer of the API");
	assert.equal(gateway.log.includes(value), false, "the gateway's log, and what it says of audit");
	assert.match(gateway.log, /"action":"secret\.set".*"name":"API_KEY"/);
	assert.deepEqual(filesWith(value, gateway.dataDir), [], "database, its log, keys");
	for (const ordinal of [1, 2]) {
		const name = pool.containerName(ordinal);
		const of = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" });
		for (const told of [
			of("inspect", name),
			of("logs", name),
			of("top", name, "-eo", "pid,args"),
			of("exec", name, "env"),
		]) {
			assert.equal(told.includes(value), false, told);
		}
		const files = await pool.run(ordinal, [
			"sh",
			"-c",
			`grep -rlF ${value} /workspace /tmp /var/tmp /run /dev/shm /opt 2>/dev/null`,
		]);
		assert.equal(files, "", "files in the container");
	}
	// Its owner finds it in several processes of their own; not even the container's root may look at those.
	const holders = 'grep -lzF "$API_KEY" /proc/[0-9]*/environ 2>/dev/null | wc -l';
	assert.ok(Number(await run(holders)) >= 3);
	assert.equal(
		await pool.run(1, ["sh", "-c", `grep -lzF ${value} /proc/[0-9]*/environ 2>/dev/null | grep -v self`]),
		"",
	);
	const argued = `cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -F ${value.slice(0, 12)} | grep -v grep | grep -vF 'sh -c' || true`;
	assert.doesNotMatch(await pool.run(1, ["sh", "-c", argued]), new RegExp(`API_KEY=${value}`));
	for (const stranger of [mallory, trudy]) {
		const seen = await stranger.run(
			"env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; ps -efwwE 2>/dev/null; ps -efww; tmux ls 2>&1; container-info",
		);
		assert.equal(seen.includes(value), false);
		const api = ApiCaller.asBrowser(gateway, stranger.page.cookie);
		for (const user of [ada.name, "me"]) {
			for (const name of ["secret.list", "user.read"] as const) {
				assert.equal((await api.call(name, { user })).text.includes(value), false);
			}
		}
	}
	await using backup = new AsyncDisposableStack();
	await gateway.stop();
	backup.defer(() => gateway.start());
	assert.deepEqual(filesWith(value, gateway.dataDir), [], "what is left when the gateway has ended");
});

test("the agent's log at its most talkative has no value, whatever is wrong with the request", async () => {
	await using agent = await AgentProcess.start({ BERTH_LOG_LEVEL: "debug" });
	const link = await agent.link();
	const value = newValue();
	const terminal = await link.openTerminal({ environment: { API_KEY: value } });
	link.type(terminal, `${HAS_IT}\r`);
	await link.see(terminal, "there");
	for (const environment of [
		{ LD_PRELOAD: value },
		{ "BAD NAME": value },
		{ API_KEY: `${value}\0` },
		{ A: value.repeat(500), B: value.repeat(500), C: value.repeat(500) },
		{ API_KEY: 5, OTHER: value },
		[value],
		value,
	]) {
		const asked = link.openTerminal({ environment: environment as Record<string, string> });
		await assert.rejects(asked, (thrown) => thrown instanceof Refused && !thrown.message.includes(value));
	}
	const args = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
	assert.equal(args.includes(value), false);
	assert.equal(agent.log.includes(value), false);
});
