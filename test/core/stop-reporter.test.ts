import assert from "node:assert/strict";
import { test } from "node:test";
import type { DriverEvent } from "../../server/core/container-driver.ts";
import type { Log } from "../../server/core/log.ts";
import { LABELS } from "../../server/drivers/docker/container-spec.ts";
import { type ContainerEvent, StopReporter } from "../../server/drivers/docker/stop-reporter.ts";

function setUp() {
	const events: DriverEvent[] = [];
	const warnings: object[] = [];
	const log: Log = {
		debug() {},
		info() {},
		warn: (fields) => void warnings.push(fields),
		error() {},
		child: () => log,
	};
	const reporter = new StopReporter((event) => events.push(event), log);
	const take = (action: ContainerEvent["Action"], id: string, attributes: Record<string, string> = {}): void =>
		reporter.take({ Action: action, Actor: { ID: id, Attributes: { [LABELS.ordinal]: "2", ...attributes } } });
	return { events, warnings, take };
}

test("a container that dies and is removed is reported once, with its exit code", () => {
	const { events, take } = setUp();
	take("die", "a", { exitCode: "137" });
	take("destroy", "a");
	assert.deepEqual(events, [
		{ kind: "container-stopped", ordinal: 2, instanceId: "a", reason: "it ended with exit code 137" },
	]);
});

test("a container that ran out of memory says so, and only its end is its end", () => {
	const { events, warnings, take } = setUp();
	take("oom", "a", { name: "berth-main-2" });
	take("oom", "a", { name: "berth-main-2" });
	assert.equal(events.length, 0);
	assert.deepEqual(warnings, [{ container: "berth-main-2" }]);
	take("die", "a", { exitCode: "137" });
	const reason = "it ended with exit code 137, after it ran out of memory";
	assert.deepEqual(events.slice(), [{ kind: "container-stopped", ordinal: 2, instanceId: "a", reason }]);
});

test("a container of which only the removal was seen is reported", () => {
	const { events, take } = setUp();
	take("destroy", "a");
	assert.equal(events.length, 1);
});

test("two containers of one ordinal are two instances", () => {
	const { events, take } = setUp();
	take("die", "a", { exitCode: "0" });
	take("die", "b", { exitCode: "0" });
	assert.deepEqual(
		events.map((event) => event.kind === "container-stopped" && event.instanceId),
		["a", "b"],
	);
});

test("helpers, and whatever has no ordinal, are not reported", () => {
	const { events, take } = setUp();
	take("die", "a", { [LABELS.role]: "helper" });
	take("die", "b", { [LABELS.ordinal]: "x" });
	assert.deepEqual(events, []);
});
