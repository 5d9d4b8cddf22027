/** The API's tokens, and the one that the gateway's own machine has in a file: on a real database. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { ApiTokens } from "../../server/core/api-tokens.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Database } from "../../server/store/database.ts";
import { keepOperatorToken, operatorTokenFile } from "../../server/store/operator-token.ts";
import { SqliteApiTokens } from "../../server/store/sqlite-api-tokens.ts";
import { RecordingLog } from "../support/recording-log.ts";

type Fixture = { dataDir: string; file: string; tokens: ApiTokens };

function tokensIn(t: TestContext): Fixture {
	const dataDir = mkdtempSync(join(tmpdir(), "berth-tokens-"));
	const file = join(dataDir, "berth.sqlite");
	const database = new Database(file);
	t.after(() => {
		database[Symbol.dispose]();
		rmSync(dataDir, { recursive: true });
	});
	return { dataDir, file, tokens: new ApiTokens(new SqliteApiTokens(database)) };
}

test("a token is found by what it is, and by nothing else", (t) => {
	const { tokens } = tokensIn(t);
	const token = tokens.add("deploy", "user:ada");
	assert.match(token, /^berth_[A-Za-z0-9_-]{43}$/);
	assert.equal(tokens.find(token)?.name, "deploy");
	for (const other of ["", "deploy", token.slice(0, -1), `${token}x`, token.toUpperCase(), `${token} `]) {
		assert.equal(tokens.find(other), null, other);
	}
});

test("no two tokens are the same, and none is in the database", (t) => {
	const { file, tokens } = tokensIn(t);
	const made = Array.from({ length: 50 }, (_, number) => tokens.add(`token-${number}`, "console"));
	assert.equal(new Set(made).size, 50);
	const sqlite = new Sqlite(file, { readonly: true });
	const dump = JSON.stringify(sqlite.prepare("SELECT *, hex(token_hash) FROM api_tokens").all());
	sqlite.close();
	for (const token of made) {
		assert.ok(!dump.includes(token.slice(6)));
		assert.ok(!dump.includes(Buffer.from(token.slice(6), "base64url").toString("hex").toUpperCase()));
	}
});

test("a name is given once, until its token is revoked", (t) => {
	const { tokens } = tokensIn(t);
	const token = tokens.add("deploy", "console");
	assert.throws(
		() => tokens.add("deploy", "console"),
		(thrown) => thrown instanceof BerthError && thrown.code === "NAME_TAKEN",
	);
	assert.equal(tokens.find(token)?.name, "deploy", "the first one works on");
	assert.equal(tokens.revoke("deploy"), true);
	assert.equal(tokens.revoke("deploy"), false);
	assert.equal(tokens.find(token), null);
	assert.notEqual(tokens.add("deploy", "console"), token);
});

test("the list says who made a token and when it was used, and nothing secret", (t) => {
	const { tokens } = tokensIn(t);
	const before = Date.now();
	const token = tokens.add("deploy", "user:ada");
	assert.deepEqual(
		tokens.list().map(({ createdAt, ...rest }) => ({ ...rest, isNew: createdAt >= before })),
		[{ name: "deploy", createdBy: "user:ada", usedAt: null, isNew: true }],
	);
	tokens.find(token);
	const [used] = tokens.list();
	assert.ok((used?.usedAt ?? 0) >= before);
	assert.ok(!JSON.stringify(tokens.list()).includes(token));
});

const kept = ({ dataDir, tokens }: Fixture): string => {
	keepOperatorToken(dataDir, tokens, new RecordingLog());
	return readFileSync(operatorTokenFile(dataDir), "utf8").trim();
};

test("the machine's own token is in a file that its owner alone may read, and stays the same", (t) => {
	const fixture = tokensIn(t);
	const token = kept(fixture);
	assert.equal(statSync(operatorTokenFile(fixture.dataDir)).mode & 0o777, 0o600);
	assert.equal(fixture.tokens.find(token)?.name, "local");
	assert.equal(kept(fixture), token);
});

test("where the file, the database or the right to it is lost there is a new one, and the old one stays useless", (t) => {
	const fixture = tokensIn(t);
	const file = operatorTokenFile(fixture.dataDir);
	const seen = [kept(fixture)];
	for (const lose of [
		() => rmSync(file),
		() => fixture.tokens.revoke("local"),
		() => chmodSync(file, 0o640),
		() => writeFileSync(file, ""),
		() => writeFileSync(file, fixture.tokens.add("other", "console")),
	]) {
		lose();
		seen.push(kept(fixture));
		assert.equal(statSync(file).mode & 0o777, 0o600);
		assert.equal(fixture.tokens.find(seen.at(-1) ?? "")?.name, "local");
	}
	assert.equal(new Set(seen).size, seen.length);
	for (const old of seen.slice(0, -1)) assert.equal(fixture.tokens.find(old), null);
});
