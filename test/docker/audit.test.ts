/** What is written down of sessions in real containers, also of those that are lost with theirs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditLine } from "../../server/protocol/api.ts";
import { BerthCommand } from "../support/berth-command.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

test("a session's lines name its container, and say that it was lost with it, once for all its pages", async () => {
	await using pool = new TestPool({ MAX_CONTAINERS: "1" });
	await using gateway = await GatewayProcess.start(pool.environment);
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const { sessionId } = await page.open();
	using other = await PageClient.connect(gateway.base, page.cookie);
	await other.untilReady();
	await other.attach(sessionId);
	await pool.container(1).remove({ force: true });
	await page.until(() => page.closed.length > 0, "news of the loss");
	await other.until(() => other.closed.length > 0, "news of the loss");
	const lines = await new BerthCommand({ DATA_DIR: gateway.dataDir }).lines<AuditLine>("audit", "export");
	const ofSession = lines.filter(({ details }) => details.sessionId === sessionId);
	assert.deepEqual(
		ofSession.map(({ action, details }) => [action, details.container, details.why]),
		[
			["session.opened", pool.containerName(1), undefined],
			["session.attached", pool.containerName(1), undefined],
			["session.ended", pool.containerName(1), "container-lost"],
		],
	);
});
