import assert from "node:assert/strict";
import { test } from "node:test";
import { BerthError, toWireError } from "../../server/protocol/errors.ts";
import { refusalIn, waitBeforeAgain } from "../../web/container-terminal/refusals.ts";

const limited = toWireError(new BerthError("RATE_LIMITED", { retryAfterMs: 2_500 }));

test("what was too much is asked for again when the gateway says, three times", () => {
	assert.deepEqual(
		[0, 1, 2, 3].map((waits) => waitBeforeAgain(limited, waits)),
		[2_500, 2_500, 2_500, null],
	);
	assert.equal(waitBeforeAgain({ ...limited, retryAfterMs: 3_600_000 }, 0), 15_000);
	assert.equal(waitBeforeAgain(toWireError(new BerthError("TOO_MANY_SESSIONS")), 0), null);
});

test("why a connection was refused is read from the event, or from the answer to the last request", () => {
	const failed = new Error("websocket error");
	assert.deepEqual(refusalIn(Object.assign(failed, { data: limited })), limited);
	const responseText = JSON.stringify({ error: limited });
	assert.deepEqual(refusalIn(Object.assign(new Error("xhr poll error"), { context: { responseText } })), limited);
	for (const text of ["<html>502</html>", "null", '{"error":{"code":7}}', undefined]) {
		assert.equal(refusalIn(Object.assign(new Error("xhr poll error"), { context: { responseText: text } })), undefined);
	}
});
