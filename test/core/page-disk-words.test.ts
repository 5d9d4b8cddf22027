import assert from "node:assert/strict";
import { test } from "node:test";
import { diskWarning, diskWords } from "../../web/container-terminal/disk-words.ts";

const MIB = 2 ** 20;

test("what the files take is said in units that people read, with the limit where there is one", () => {
	assert.equal(diskWords({ usedBytes: 0, limitBytes: null }), "0 bytes");
	assert.equal(diskWords({ usedBytes: 312 * MIB, limitBytes: 1024 * MIB }), "312 MB of 1.0 GB");
	assert.equal(diskWords({ usedBytes: 1536, limitBytes: 40 * MIB }), "1.5 kB of 40 MB");
});

test("who has nine tenths is warned, who has too much is told what happens, and nobody else is", () => {
	assert.equal(diskWarning({ usedBytes: 35 * MIB, limitBytes: 40 * MIB }), null);
	assert.equal(diskWarning({ usedBytes: 500 * MIB, limitBytes: null }), null);
	assert.match(diskWarning({ usedBytes: 37 * MIB, limitBytes: 40 * MIB }) ?? "", /37 MB of 40 MB.*before/);
	assert.match(diskWarning({ usedBytes: 41 * MIB, limitBytes: 40 * MIB }) ?? "", /ended/);
});
