import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, type TestContext, test } from "node:test";
import { type Visitor, visitorOf } from "../../server/core/identity.ts";
import type { Log } from "../../server/core/log.ts";
import { Places } from "../../server/core/places.ts";
import type { SlotState } from "../../server/core/pool/slot.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { Database } from "../../server/store/database.ts";
import { SqlitePlaces } from "../../server/store/sqlite-places.ts";
import { DEFAULT_LIMITS } from "../agent/link-client.ts";

const TTL_MS = 60_000;
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const guest = (number: number): Visitor => visitorOf({ issuer: "test", subject: String(number), displayName: "guest" });

type Fixture = { places: Places; store: SqlitePlaces; writes: number[] };

/** Places of one container that is about to come up; `writes` has how many users each note of use was for. */
function openPlaces(t: TestContext): Fixture {
	const folder = mkdtempSync(join(tmpdir(), "berth-places-"));
	const database = new Database(join(folder, "berth.sqlite"));
	const store = new SqlitePlaces(database);
	const writes: number[] = [];
	const touch = store.touch.bind(store);
	mock.method(store, "touch", (...[users, now]: Parameters<SqlitePlaces["touch"]>) => {
		writes.push(users.length);
		touch(users, now);
	});
	mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
	const state: SlotState = { kind: "starting" };
	const places = new Places({
		pool: { engine: { kind: "up" }, states: [state], stateOf: () => state, readyOrdinals: [] },
		accounts: store,
		assignments: store,
		limitsOf: () => DEFAULT_LIMITS,
		usersPerContainer: 200,
		assignmentTtlMs: TTL_MS,
		present: () => [],
		onFreed: () => {},
		log: quiet,
	});
	t.after(() => {
		places[Symbol.dispose]();
		mock.timers.reset();
		mock.restoreAll();
		database[Symbol.dispose]();
		rmSync(folder, { recursive: true });
	});
	return { places, store, writes };
}

function assign(store: SqlitePlaces, visitor: Visitor): void {
	store.register(visitor, Date.now());
	store.assign(visitor.userId, [Ordinal.parse(1)], 200, Date.now());
}

test("when everybody comes at once their places are noted as used with one write", (t) => {
	const { places, writes } = openPlaces(t);
	for (let number = 0; number < 200; number += 1) places.noteUse(guest(number));
	assert.deepEqual(writes, []);
	mock.timers.tick(1_000);
	assert.deepEqual(writes, [200]);
});

test("a place that was used just before the unused ones are given back is kept", (t) => {
	const { places, store } = openPlaces(t);
	assign(store, guest(1));
	assign(store, guest(2));
	mock.timers.tick(TTL_MS - 500);
	places.noteUse(guest(1));
	mock.timers.tick(3_500);
	assert.notEqual(store.find(guest(1).userId), null);
	assert.equal(store.find(guest(2).userId), null);
});

test("use is written down when the gateway ends, also by pages that are disconnected last", (t) => {
	const { places, writes } = openPlaces(t);
	places.noteUse(guest(1));
	places[Symbol.dispose]();
	places.noteUse(guest(2));
	assert.deepEqual(writes, [1, 1]);
});
