/** `berth` against a real gateway, and on its store while it is down. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { spawn } from "node-pty";
import { createProgram } from "../../server/cli/program.ts";
import type { AuditLine, TokenInfo, UserInfo } from "../../server/protocol/api.ts";
import { BerthCommand, type Said } from "../support/berth-command.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";

const ROOT = join(import.meta.dirname, "../..");

let gateway: GatewayProcess;
let berth: BerthCommand;

before(async () => {
	gateway = await GatewayProcess.start({});
	berth = new BerthCommand({ DATA_DIR: gateway.dataDir });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

function folder(t: TestContext): string {
	const made = mkdtempSync(join(tmpdir(), "berth-cli-"));
	t.after(() => rmSync(made, { recursive: true }));
	return made;
}

/** A guest who has a place, and is written down for that. */
async function guest(): Promise<{ page: PageClient; user: UserInfo }> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const user = await berth.json<UserInfo>("user", "show", page.welcome?.user.username ?? "");
	return { page, user };
}

const failed = (said: Said, code: number, ...parts: RegExp[]): void => {
	assert.equal(said.code, code, said.stderr);
	assert.equal(said.stdout, "");
	for (const part of parts) assert.match(said.stderr, part);
	assert.doesNotMatch(said.stderr, /\n\s+at /, "no stack");
};

test("every command has help, and needs no gateway for it", async (t) => {
	const program = createProgram(() => assert.fail("nothing is asked"));
	for (const group of program.commands) {
		assert.ok(group.commands.length >= 2);
		for (const command of [group, ...group.commands]) {
			assert.notEqual(command.description(), "");
			assert.match(command.helpInformation(), /^Usage: berth /);
			assert.match(command.helpInformation(), /--json/);
		}
	}
	const { code, stdout, stderr } = await new BerthCommand({ DATA_DIR: folder(t) }).run("user", "add", "--help");
	assert.deepEqual([code, stderr], [0, ""]);
	assert.match(stdout, /^Usage: berth user add \[options\] <name>\n/);
	assert.equal((await new BerthCommand({ DATA_DIR: folder(t) }).run("--help")).code, 0);
});

test("it says which it acts on: the gateway that runs, or the store where none does; both say the same", async () => {
	await using own = await GatewayProcess.start({});
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir });
	const running = await ofOwn.run("token", "list", "--json");
	assert.match(running.stderr, /^berth: using the gateway at http:\/\/127\.0\.0\.1:\d+\n$/);
	assert.deepEqual((await ofOwn.run("token", "add", "one")).code, 0);
	await own.stop();
	const down = await ofOwn.run("token", "list", "--json");
	assert.equal(down.stderr, `berth: using the store in ${own.dataDir}\n`);
	const names = (said: Said) => (JSON.parse(said.stdout) as TokenInfo[]).map(({ name }) => name);
	assert.deepEqual([names(running), names(down)], [["local"], ["local", "one"]]);
	assert.equal((await ofOwn.run("token", "add", "two")).code, 0);
	const lines = await ofOwn.lines<AuditLine>("audit", "export");
	assert.deepEqual(
		lines
			.filter(({ action }) => action === "token.added")
			.map(({ actor, address, subject }) => [actor, address, subject]),
		[
			["token:local", "127.0.0.1", "one"],
			["console", null, "two"],
		],
	);
});

test("it works as the script that npm installs, from any folder and through a link", (t) => {
	const link = join(folder(t), "berth");
	const { status, stdout, stderr } = spawnSync(
		"bash",
		["-c", `ln -s ${ROOT}/scripts/berth ${link} && cd / && ${link} token list`],
		{
			env: berth.environment,
			encoding: "utf8",
		},
	);
	assert.equal(status, 0, stderr);
	assert.match(stdout, /^NAME +MADE \(UTC\) +BY +USED \(UTC\)\nlocal /);
});

test("users are listed, found, shown and changed, and what is wrong is refused", async () => {
	const { page, user } = await guest();
	using _page = page;
	assert.ok((await berth.json<UserInfo[]>("user", "list")).some(({ userId }) => userId === user.userId));
	assert.deepEqual(
		(await berth.json<UserInfo[]>("user", "list", "--search", user.username)).map(({ userId }) => userId),
		[user.userId],
	);
	assert.equal((await berth.json<UserInfo>("user", "tier", user.username, "premium")).tier, "premium");
	assert.equal((await berth.json<UserInfo>("user", "tier", user.userId, "none")).tier, null);
	assert.equal((await berth.json<UserInfo>("user", "role", user.username, "operator")).role, "operator");
	failed(await berth.run("user", "tier", user.username, "gold"), 1, /there is no tier gold/, /See --help/);
	failed(await berth.run("user", "role", user.username, "king"), 2, /Allowed choices are user, operator/);
	failed(await berth.run("user", "show", "nobody-here"), 1, /There is no such user/, /`berth user list`/);
	failed(await berth.run("user", "show", "no body"), 1, /there is no user "no body"/, /`berth user list`/);
	failed(await berth.run("user", "frobnicate"), 2, /unknown command/);
	const shown = await berth.run("user", "show", user.username);
	assert.match(shown.stdout, new RegExp(`^user +${user.username}\nid +${user.userId}\n`));
});

test("who is disabled loses the page at once, and comes back once enabled", async () => {
	const { page, user } = await guest();
	using _page = page;
	const told = new Promise((resolve) => page.socket.once("berth:signed-out", resolve));
	assert.equal((await berth.json<UserInfo>("user", "disable", user.username)).isDisabled, true);
	assert.equal(await told, "disabled");
	const enabled = await berth.run("user", "enable", user.username);
	assert.match(enabled.stdout, /access +enabled/);
	using again = await PageClient.connect(gateway.base, page.cookie);
	await again.untilReady();
});

test("operations that are switched off say so", async () => {
	failed(await berth.run("user", "add", "ada"), 1, /user\.add is switched off/, /SIGN_IN/);
});

test("who signs in by password is added and reset with a link, found by that name, by the gateway and by the store", async () => {
	const settings = { SIGN_IN: "password,anonymous", PUBLIC_URL: "https://shell.example.org" };
	await using own = await GatewayProcess.start(settings);
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir, SIGN_IN: settings.SIGN_IN, PORT: String(own.port) });
	const added = await ofOwn.run("user", "add", "Ada", "--operator", "--tier", "premium");
	const link = /^ada-\w{10} was added\. This link .* UTC:\n(https:\/\/shell\.example\.org\/\S+)\n$/;
	assert.match(added.stdout, link);
	const shown = await ofOwn.json<UserInfo>("user", "show", "ada");
	assert.deepEqual([shown.role, shown.tier, shown.displayName], ["operator", "premium", "Ada"]);
	failed(await ofOwn.run("user", "add", "ADA"), 1, /Somebody has this name already/);
	failed(await ofOwn.run("user", "add", " ada "), 1, /name: must not begin or end with a space/);
	failed(await ofOwn.run("user", "add", "eve", "--tier", "gold"), 1, /gold/);
	await own.stop();
	const onStore = new BerthCommand({ ...ofOwn.environment, ...settings });
	const reset = await onStore.run("user", "reset", "Ada");
	assert.match(reset.stdout, /^This link sets the password; .*\nhttps:\/\/shell\.example\.org\/\S+\n$/);
	assert.match((await onStore.run("user", "add", "Bob")).stdout, /^bob-\w{10} was added/);
	await own.start();
	const lines = await ofOwn.lines<AuditLine>("audit", "export");
	assert.deepEqual(
		lines.filter(({ action }) => action.startsWith("user.")).map(({ action, actor }) => `${actor} ${action}`),
		["token:local user.added", "console user.reset", "console user.added"],
	);
});

test("sign-ins are ended by id or all together, never by a slip", async () => {
	const { page, user } = await guest();
	using _page = page;
	failed(await berth.run("sign-in", "end", user.username), 1, /say which sign-in, or --all/);
	failed(await berth.run("sign-in", "end", user.username, "abc"), 1, /abc is no sign-in's id/);
	failed(await berth.run("sign-in", "end", user.username, "A".repeat(22)), 1, /There is no such sign-in/);
	assert.equal((await berth.run("sign-in", "end", user.username, "--all")).stdout, "0 ended.\n");
	assert.deepEqual(await berth.json("sign-in", "list", user.username), []);
});

test("a token of `berth token add` works from elsewhere, until it is revoked", async (t) => {
	const file = join(folder(t), "token");
	const { stdout } = await berth.run("token", "add", "elsewhere");
	writeFileSync(file, stdout, { mode: 0o600 });
	const elsewhere = new BerthCommand({ BERTH_URL: `${gateway.base}/`, BERTH_TOKEN_FILE: file, DATA_DIR: folder(t) });
	const listed = await elsewhere.json<TokenInfo[]>("token", "list");
	assert.equal(listed.find(({ name }) => name === "elsewhere")?.createdBy, "token:local");
	failed(await berth.run("token", "add", "elsewhere"), 1, /Somebody has this name already/);
	failed(await berth.run("token", "add", "Else Where"), 1, /lower-case letters, digits and hyphens/);
	assert.equal((await berth.run("token", "revoke", "elsewhere")).stdout, "elsewhere is revoked.\n");
	failed(await elsewhere.run("token", "list"), 1, /You are not signed in/, /does not know the token/);
	failed(await berth.run("token", "revoke", "elsewhere"), 1, /no such token/);
});

test("a token that others can read is not used", async (t) => {
	const file = join(folder(t), "token");
	writeFileSync(file, "berth_x", { mode: 0o600 });
	for (const mode of [0o640, 0o604, 0o660]) {
		chmodSync(file, mode);
		const said = await new BerthCommand({ BERTH_URL: gateway.base, BERTH_TOKEN_FILE: file }).run("token", "list");
		failed(said, 1, /others can read/, /Restart the gateway: it makes a new one/);
	}
	failed(
		await new BerthCommand({ BERTH_URL: gateway.base, BERTH_TOKEN_FILE: join(folder(t), "none") }).run("token", "list"),
		1,
		/there is no token in/,
	);
});

test("the machine's own token is healed by a start, where it was lost or others could read it", async () => {
	await using own = await GatewayProcess.start({});
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir });
	const file = join(own.dataDir, "operator-token");
	const seen = [readFileSync(file, "utf8")];
	for (const harm of [
		() => rmSync(file),
		() => chmodSync(file, 0o644),
		() => rmSync(join(own.dataDir, "berth.sqlite")),
	]) {
		await own.stop();
		harm();
		await own.start();
		assert.equal((await ofOwn.run("token", "list")).code, 0);
		seen.push(readFileSync(file, "utf8"));
	}
	assert.equal(new Set(seen).size, 4, "a new one each time");
});

test("only where nothing answers does it take the store, and never one that is not there", async (t) => {
	const empty = folder(t);
	failed(
		await new BerthCommand({ DATA_DIR: empty, PORT: "2" }).run("user", "list"),
		1,
		/there is no store in/,
		/DATA_DIR/,
	);
	assert.deepEqual(readdirSync(empty), []);
	const other = createServer((_request, response) => response.writeHead(502).end("<h1>Bad gateway</h1>"));
	other.listen(0, "127.0.0.1");
	t.after(() => other.close());
	await new Promise((resolve) => other.once("listening", resolve));
	const { port } = other.address() as AddressInfo;
	const settings = { DATA_DIR: gateway.dataDir, BERTH_URL: `http://127.0.0.1:${port}` };
	failed(await new BerthCommand(settings).run("user", "list"), 1, /there is no gateway at/, /502/);
	failed(
		await new BerthCommand({ ...settings, BERTH_URL: "http://127.0.0.1:2" }).run("user", "list"),
		1,
		/nothing answers at http:\/\/127.0.0.1:2/,
		/unset BERTH_URL/,
	);
});

test("it speaks TLS to a gateway that does, and takes no store because it does not believe a certificate", async () => {
	using certificate = new TestCertificate();
	await using own = await GatewayProcess.start(certificate.environment);
	const settings = { DATA_DIR: own.dataDir, ...certificate.environment };
	const trusting = await new BerthCommand({ ...settings, NODE_EXTRA_CA_CERTS: certificate.certFile }).run(
		"token",
		"list",
	);
	assert.match(trusting.stderr, /^berth: using the gateway at https:\/\/127\.0\.0\.1:\d+\n$/);
	failed(
		await new BerthCommand(settings).run("token", "list"),
		1,
		/there is no gateway at https:.*certificate/,
		/BERTH_URL/,
	);
});

test("settings that are wrong are told as the gateway tells them", async () => {
	failed(await new BerthCommand({ PORT: "http", BERTH_URL: "x" }).run("user", "list"), 2, /PORT: "http" must be/);
	failed(await new BerthCommand({ BERTH_URL: "ftp://x" }).run("user", "list"), 2, /BERTH_URL: must be a URL/);
});

test("--data-dir is as DATA_DIR, wherever it stands", async () => {
	const alone = new BerthCommand({});
	for (const args of [
		["--data-dir", gateway.dataDir, "token", "list", "--json"],
		["token", "list", "--json", "--data-dir", gateway.dataDir],
	]) {
		const { code, stdout } = await alone.run(...args);
		assert.equal(code, 0);
		assert.ok(JSON.parse(stdout).length > 0);
	}
});

test("the audit log is listed, exported, followed and verified", async () => {
	await using own = await GatewayProcess.start({});
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir });
	for (const name of ["a", "b", "c"]) await ofOwn.run("token", "add", name);
	const exported = await ofOwn.lines<AuditLine>("audit", "export");
	assert.deepEqual(
		exported.map(({ seq }) => seq),
		[1, 2, 3, 4],
	);
	assert.deepEqual(await ofOwn.lines("audit", "export", "--after", "3"), exported.slice(3));
	const listed = await ofOwn.run("audit", "list", "--lines", "2");
	assert.match(listed.stdout, /^3 \S+ \S+ token:local 127\.0\.0\.1 token\.added b done *\n4 [^\n]* c done *\n$/);
	assert.match((await ofOwn.run("audit", "verify")).stdout, /^The log is whole: 4 lines, 1 to 4\.\n$/);
	const terminal = spawn(process.execPath, [join(ROOT, "server/cli/main.ts"), "audit", "list", "--follow"], {
		env: ofOwn.environment,
		cols: 200,
	});
	try {
		const followed = new Promise<void>((resolve) => {
			let seen = "";
			terminal.onData((text) => {
				seen += text;
				if (/\n5 .* d done/.test(seen)) resolve();
				else if (/4 .* c done/.test(seen)) void ofOwn.run("token", "add", "d");
			});
		});
		await followed;
	} finally {
		terminal.kill("SIGTERM");
	}
});

test("a log that is not whole gets its own exit code", async () => {
	await using own = await GatewayProcess.start({});
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir });
	await ofOwn.run("token", "add", "a");
	await own.stop();
	writeFileSync(join(own.dataDir, "audit-key"), `${"0".repeat(64)}\n`);
	const said = await ofOwn.run("audit", "verify");
	assert.equal(said.code, 3);
	assert.match(said.stdout, /^The log is not whole \(3 lines, 1 to 3\):\nNo line was written with the key/);
});

test("a secret is never an argument: it comes by standard input, or is typed unseen", async () => {
	const { page, user } = await guest();
	using _page = page;
	failed(await berth.run("secret", "set", "TOKEN", "value", "--user", user.username), 2, /too many arguments/);
	failed(await berth.runWith("", "secret", "set", "TOKEN", "--user", user.username), 1, /the value is empty/);
	failed(await berth.runWith("x".repeat(70_000), "secret", "set", "A", "--user", user.username), 1, /too long/);
	const args = ["secret", "set", "TOKEN", "--user", user.username];
	const terminal = spawn(process.execPath, [join(ROOT, "server/cli/main.ts"), ...args], { env: berth.environment });
	let seen = "";
	let isTyped = false;
	const ended = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
	terminal.onData((text) => {
		seen += text;
		if (isTyped || !seen.includes("Value of TOKEN: ")) return;
		isTyped = true;
		terminal.write("hunterX\u007f2\r");
	});
	await ended;
	assert.ok(isTyped, seen);
	assert.doesNotMatch(seen, /hunter/);
});

test("what a name has in it does nothing to the operator's terminal", async () => {
	await using own = await GatewayProcess.start({});
	const token = readFileSync(join(own.dataDir, "operator-token"), "utf8").trim();
	const displayName = "\u001b]0;owned\u0007\u009b31m\u202eeve\u0000\r\n";
	const response = await fetch(`${own.base}/api/v1/users/register`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
		body: JSON.stringify({ issuer: "https://idp.example", subject: "\u001b[2J", displayName }),
	});
	const { user } = (await response.json()) as { user: UserInfo };
	const ofOwn = new BerthCommand({ DATA_DIR: own.dataDir });
	for (const args of [
		["user", "list"],
		["user", "list", "--json"],
		["user", "show", user.username],
		["audit", "list"],
	]) {
		const { stdout } = await ofOwn.run(...args);
		assert.match(stdout, /^(?:[^\p{Cc}\p{Cf}]|\n)*$/u, args.join(" "));
	}
	assert.equal(
		(await ofOwn.json<UserInfo[]>("user", "list"))[0]?.displayName,
		displayName,
		"JSON says it all the same",
	);
});
