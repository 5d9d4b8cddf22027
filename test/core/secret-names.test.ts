import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
	areSecretsWithinBounds,
	isTakenName,
	MAX_SECRETS,
	MAX_SECRETS_BYTES,
	SecretEnvironment,
	SecretName,
	SecretValue,
} from "../../server/protocol/secret-names.ts";

test("names that programs ask for as secrets can be had", () => {
	for (const name of [
		...["GEMINI_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_TOKEN", "NPM_TOKEN"],
		...["PSQL_PASSWORD", "PGPASSWORD", "RUBYGEMS_API_KEY", "PYPI_TOKEN", "PIP_INDEX_URL", "HTTPS_PROXY", "HISTORY_KEY"],
		...["x", "_key", "a1", "HOMEBREW_GITHUB_API_TOKEN", "USER_TOKEN", "PATH_TO_KEY", "TERM_KEY", "PYTHON_API_TOKEN"],
	]) {
		assert.ok(SecretName.safeParse(name).success, name);
	}
});

test("names that say who a shell is, what it does, or what programs run are taken, in whatever case", () => {
	for (const name of [
		...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL", "TMUX_TMPDIR", "BERTH_INFO"],
		...["LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "BASH_FUNC_ls", "ENV", "PS1", "PS4", "PROMPT_COMMAND", "IFS"],
		...["SHELLOPTS", "BASHOPTS", "INPUTRC", "CDPATH", "TMOUT", "HISTFILE", "ZDOTDIR", "XDG_CONFIG_HOME"],
		...["NODE_OPTIONS", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "JAVA_TOOL_OPTIONS", "GCONV_PATH", "GLIBC_TUNABLES"],
		...["EDITOR", "PAGER", "LESSOPEN", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "NPM_CONFIG_SCRIPT_SHELL", "MAKEFLAGS"],
		...["path", "Ld_Preload", "__proto__", "_"],
	]) {
		assert.ok(isTakenName(name), name);
		assert.ok(!SecretName.safeParse(name).success, name);
	}
});

test("what no shell could have as a variable is no name, and no value what is no text", () => {
	for (const name of ["", "1A", "A-B", "A B", "A=B", "É", "A\n", "A\0", "a".repeat(65), "BASH_FUNC_x%%"]) {
		assert.ok(!SecretName.safeParse(name).success, JSON.stringify(name));
	}
	for (const value of ["a\0b", "\ud800", "x".repeat(16 * 1024 + 1), 5, null, ["x"]]) {
		assert.ok(!SecretValue.safeParse(value).success);
	}
	for (const value of ["", "\n", "x".repeat(16 * 1024), "✓\u{1f511}"]) assert.ok(SecretValue.safeParse(value).success);
});

test("whatever is within bounds fits into a frame twice, and comes out of JSON as it was", () => {
	const names = fc.stringMatching(/^K[A-Z0-9]{1,20}$/);
	fc.assert(
		fc.property(fc.dictionary(names, fc.string({ unit: "grapheme", maxLength: 300 }), { maxKeys: 70 }), (secrets) => {
			const json = JSON.stringify(secrets);
			const isWithin = Buffer.byteLength(json) <= MAX_SECRETS_BYTES && Object.keys(secrets).length <= MAX_SECRETS;
			assert.equal(areSecretsWithinBounds(secrets), isWithin);
			if (!isWithin || Object.values(secrets).some((value) => value.includes("\0"))) return;
			assert.deepEqual({ ...SecretEnvironment.parse(JSON.parse(json)) }, { ...secrets });
		}),
	);
});
