import assert from "node:assert/strict";
import { getServers } from "node:dns";
import { test } from "node:test";
import { networkStage, REFUSED } from "./network-stage.ts";
import { GREETING, PUBLIC_ADDRESS } from "./whole-world.ts";

const LOOK_UP = "timeout 5 getent ahostsv4 secret.example | head -1 | cut -d' ' -f1";

test("names are found although resolvers are private, and without network nothing leaves in a name either", async (t) => {
	const { attacker, change } = await networkStage(t);
	assert.equal(await attacker.run(LOOK_UP), PUBLIC_ADDRESS);
	// Docker's resolver may ask them; nobody else may, for else whatever listens there could be talked to.
	const resolvers = getServers().filter((server) => /^(10|192\.168)\./.test(server));
	const privateOnes = [...resolvers, "10.9.8.7"];
	assert.deepEqual(
		await attacker.knock(privateOnes, 53),
		privateOnes.map(() => REFUSED),
	);

	const cutOff = await change({ EGRESS_POLICY: "none" });
	assert.equal(await cutOff.run(LOOK_UP), "");
	assert.deepEqual(await cutOff.knock([PUBLIC_ADDRESS, "10.9.8.7"], 53), [REFUSED, REFUSED]);
	const greeting = `python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 8001)); c, _ = s.accept(); c.send(b"hello")'`;
	assert.match(await cutOff.run(`(${greeting} &); sleep 0.5; cat </dev/tcp/127.0.0.1/8001`), /hello/);

	const again = await change({ EGRESS_POLICY: "internet" });
	assert.deepEqual(await again.knock([PUBLIC_ADDRESS], 443), [GREETING]);
});
