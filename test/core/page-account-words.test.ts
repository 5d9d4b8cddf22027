/** Facts of an account in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agoWords, deviceWords, whoWords } from "../../web/account/words.ts";

test("how long ago, in the largest unit that there is one of", () => {
	const now = 1_800_000_000_000;
	const cases = [
		[0, "just now"],
		[59_999, "just now"],
		[60_000, "1 minute ago"],
		[3_600_000 * 5, "5 hours ago"],
		[86_400_000, "yesterday"],
		[86_400_000 * 40, "40 days ago"],
		// A clock that is late.
		[-5_000, "just now"],
	] as const;
	for (const [ago, words] of cases) assert.equal(agoWords(now - ago, now), words);
});

test("browsers by what they are, not by whom they claim to be as well", () => {
	const chrome =
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
	assert.equal(deviceWords(chrome), "Chrome on Linux");
	assert.equal(deviceWords(`${chrome.replace("X11; Linux x86_64", "Windows NT 10.0")} Edg/142.0`), "Edge on Windows");
	assert.equal(deviceWords(chrome.replace("X11; Linux x86_64", "Linux; Android 15")), "Chrome on Android");
	assert.equal(
		deviceWords("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.1; rv:140.0) Gecko/20100101 Firefox/140.0"),
		"Firefox on macOS",
	);
	const phone =
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
	assert.equal(deviceWords(phone), "Safari on iOS");
	assert.equal(deviceWords("curl/8.0"), "curl/8.0");
	assert.equal(deviceWords(" "), "Unknown device");
});

test("whoever set a secret is named where it was not oneself", () => {
	assert.equal(whoWords("user:me", "me"), "");
	assert.equal(whoWords("user:other", "me"), "by an operator");
	assert.equal(whoWords("console", "me"), "by an operator");
	assert.equal(whoWords("token:platform", "me"), "by the service “platform”");
});
