import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nothing that a shell or `docker inspect` shows is a secret of anybody's", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory, pool } = all;
	const variables = (await mallory.run("env")).split("\n").map((line) => line.split("=", 1)[0] ?? "");
	assert.doesNotMatch(variables.join(" "), /SECRET|TOKEN|COOKIE|PASSWORD|KEY|BERTH_(SOCKET|IMAGE|MODE|WORKSPACE)/);
	const { Config } = await pool.container(1).inspect();
	assert.deepEqual(Config.Env.map((line) => line.split("=", 1)[0]).toSorted(), [
		"BERTH_CONTAINER",
		"BERTH_IMAGE",
		"BERTH_NETWORK",
		"BERTH_USERS_MEMORY",
		"BERTH_USERS_MILLICORES",
		"BERTH_USERS_PROCESSES",
		"MALLOC_ARENA_MAX",
		"PATH",
	]);
	assert.match(await mallory.run(`cat /run/berth-info/${ada.name}`), /Permission denied/);
	assert.match(await mallory.run("ls /run/berth-info"), /Permission denied/);
});
