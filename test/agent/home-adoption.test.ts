/** One account's home becomes another's, by the real agent in local mode: where it ends up, and what half of it leaves. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AgentProcess } from "./agent-process.ts";
import { ADA, BOB, type LinkClient, Refused } from "./link-client.ts";

type Fixture = {
	link: LinkClient;
	workspace: string;
	homeOf(account: typeof ADA): string;
	/** Bob's become Ada's. */
	adopt(): Promise<string | null>;
	/** Makes a home by a shell in it, which is closed again. */
	begin(account: typeof ADA): Promise<void>;
};

const TODAY = /^guest-\d{4}-\d\d-\d\d(-\d)?$/;
const BETWEEN = `.berth-adopt-${BOB.uid}-${ADA.uid}`;

async function setUp(t: TestContext): Promise<Fixture> {
	const agent = await AgentProcess.start();
	t.after(() => agent[Symbol.asyncDispose]());
	const link = await agent.link();
	const { workspace } = agent;
	return {
		link,
		workspace,
		homeOf: ({ username }) => join(workspace, username),
		adopt: async () => {
			const request = { op: "adopt", from: BOB, to: ADA, diskBytes: 2 ** 40 } as const;
			const { folder } = await link.request<"adopt">(request);
			return folder;
		},
		begin: async (account) => {
			const { sessionId } = await link.openTerminal({ account });
			await link.request({ op: "close", username: account.username, sessionId });
		},
	};
}

test("where the member has no home, it becomes the home, and the guest's sessions end", async (t) => {
	const { adopt, homeOf, link, workspace } = await setUp(t);
	const terminal = await link.openTerminal({ account: BOB });
	link.type(terminal, "echo mine > file; mkdir -p deep/er; echo rea'dy'\r");
	await link.see(terminal, "ready");
	assert.equal(await adopt(), "");
	await link.event("session-closed", ({ sessionId }) => sessionId === terminal.sessionId);
	assert.equal(readFileSync(join(homeOf(ADA), "file"), "utf8"), "mine\n");
	assert.ok(existsSync(join(homeOf(ADA), "deep/er")));
	assert.deepEqual(readdirSync(workspace), [ADA.username]);
	assert.equal(await adopt(), null, "there is nothing to take any more");
	const shell = await link.openTerminal({ account: ADA });
	link.type(shell, "cat file\r");
	await link.see(shell, "mine");
});

test("where the member's home has nothing of its own in it, it is replaced", async (t) => {
	const { adopt, begin, homeOf, workspace } = await setUp(t);
	await begin(ADA);
	await begin(BOB);
	writeFileSync(join(homeOf(BOB), "file"), "bob's");
	writeFileSync(join(homeOf(BOB), ".bashrc"), "# changed");
	mkdirSync(join(homeOf(ADA), ".tmp"));
	assert.equal(await adopt(), "");
	assert.equal(readFileSync(join(homeOf(ADA), "file"), "utf8"), "bob's");
	assert.equal(readFileSync(join(homeOf(ADA), ".bashrc"), "utf8"), "# changed");
	assert.deepEqual(readdirSync(workspace), [ADA.username]);
});

for (const [what, write] of [
	["a file more", (home: string) => writeFileSync(join(home, "own"), "ada's")],
	["another start file", (home: string) => writeFileSync(join(home, ".profile"), "# mine")],
	[
		"a start file that is a link",
		(home: string) => {
			renameSync(join(home, ".profile"), `${home}-profile`);
			symlinkSync(`${home}-profile`, join(home, ".profile"));
		},
	],
	["something temporary", (home: string) => mkdirSync(join(home, ".tmp/x"), { recursive: true })],
	["a folder", (home: string) => mkdirSync(join(home, "work"))],
] as const) {
	test(`where the member's home has ${what} in it, the guest's becomes a folder there`, async (t) => {
		const { adopt, begin, homeOf } = await setUp(t);
		await begin(ADA);
		await begin(BOB);
		writeFileSync(join(homeOf(BOB), "file"), "bob's");
		write(homeOf(ADA));
		const before = readdirSync(homeOf(ADA)).toSorted();
		const folder = await adopt();
		assert.match(folder ?? "", TODAY);
		assert.equal(readFileSync(join(homeOf(ADA), folder ?? "", "file"), "utf8"), "bob's");
		assert.deepEqual(
			readdirSync(homeOf(ADA))
				.filter((name) => name !== folder)
				.toSorted(),
			before,
		);
		assert.equal(existsSync(homeOf(BOB)), false);
	});
}

test("a member who has a shell open keeps the home, and no name that is taken is written over", async (t) => {
	const { adopt, begin, homeOf, link } = await setUp(t);
	const shell = await link.openTerminal({ account: ADA });
	await begin(BOB);
	const first = await adopt();
	assert.match(first ?? "", TODAY);
	await begin(BOB);
	assert.equal(await adopt(), `${first}-2`);
	// Whoever guesses the name cannot lead it elsewhere.
	const elsewhere = join(homeOf(ADA), "elsewhere");
	mkdirSync(elsewhere);
	symlinkSync(elsewhere, join(homeOf(ADA), `${first}-3`));
	writeFileSync(join(homeOf(ADA), `${first}-4`), "a file");
	await begin(BOB);
	assert.equal(await adopt(), `${first}-5`);
	assert.deepEqual(readdirSync(elsewhere), []);
	link.type(shell, "echo still' 'here\r");
	await link.see(shell, "still here");
});

test("what was begun and not ended is gone on with, at whatever step it ended", async (t) => {
	const { adopt, begin, homeOf, workspace } = await setUp(t);
	const between = join(workspace, BETWEEN);
	// Moved away, and no further. The guest came back meanwhile.
	await begin(BOB);
	writeFileSync(join(homeOf(BOB), "file"), "first");
	mkdirSync(between, { mode: 0o700 });
	renameSync(homeOf(BOB), join(between, "home"));
	await begin(BOB);
	writeFileSync(join(homeOf(BOB), "file"), "second");
	assert.match((await adopt()) ?? "", TODAY);
	assert.equal(readFileSync(join(homeOf(ADA), "file"), "utf8"), "first");
	// The member's home was moved away already.
	await begin(BOB);
	writeFileSync(join(homeOf(BOB), "file"), "third");
	mkdirSync(join(between, "old"), { recursive: true, mode: 0o700 });
	renameSync(homeOf(BOB), join(between, "home"));
	assert.match((await adopt()) ?? "", TODAY);
	// Only what is not needed any more was left.
	mkdirSync(join(between, "old"), { recursive: true, mode: 0o700 });
	assert.equal(await adopt(), null);
	assert.deepEqual(readdirSync(workspace), [ADA.username]);
	const found = readdirSync(homeOf(ADA)).filter((name) => name.startsWith("guest-"));
	assert.deepEqual(found.map((name) => readFileSync(join(homeOf(ADA), name, "file"), "utf8")).toSorted(), [
		"second",
		"third",
	]);
});

test("both at once, twice at once, and shells that come meanwhile: each finds a whole home", async (t) => {
	const { adopt, begin, homeOf, link } = await setUp(t);
	await begin(BOB);
	writeFileSync(join(homeOf(BOB), "file"), "bob's");
	const shells = [1, 2, 3].map(() => link.openTerminal({ account: ADA }));
	const folders = await Promise.all([adopt(), adopt()]);
	const [folder, ...none] = folders.filter((each) => each !== null);
	assert.deepEqual(none, []);
	assert.equal(readFileSync(join(homeOf(ADA), folder ?? "", "file"), "utf8"), "bob's");
	for (const shell of await Promise.all(shells)) {
		link.type(shell, "[ . -ef ~ ] && echo at' 'home\r");
		await link.see(shell, "at home");
	}
});

test("nobody adopts their own home", async (t) => {
	const { link } = await setUp(t);
	const request = { op: "adopt", from: ADA, to: ADA, diskBytes: 1 } as const;
	await assert.rejects(
		link.request<"adopt">(request),
		(thrown) => thrown instanceof Refused && thrown.code === "BAD_REQUEST",
	);
});
