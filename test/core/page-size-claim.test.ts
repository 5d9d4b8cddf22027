import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionState, TerminalSize } from "../../server/protocol/session.ts";
import { SizeClaim } from "../../web/container-terminal/size-claim.ts";

const OWN = { cols: 100, rows: 30 };
const OTHERS = { cols: 40, rows: 50 };

function running(attached: number): SessionState {
	return { kind: "running", attached };
}

class Page {
	own: TerminalSize = OWN;
	session: TerminalSize | null = null;
	isSeen = true;
	readonly told: TerminalSize[] = [];
	readonly claim = new SizeClaim({
		own: () => this.own,
		session: () => this.session,
		isSeen: () => this.isSeen,
		resize: async (size) => {
			this.told.push(size);
		},
		onChange: () => {},
	});

	attach(size: TerminalSize, attached: number): TerminalSize {
		const offered = this.claim.attaching({ size, state: running(attached) });
		this.session = offered;
		this.claim.attached();
		return offered;
	}
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("whoever opens a page decides the size, also where another page has the session already", () => {
	const page = new Page();
	assert.deepEqual(page.claim.attaching(null), OWN);
	assert.deepEqual(page.attach(OTHERS, 1), OWN);
	assert.equal(page.claim.isFollowing, false);
});

test("a page that nobody sees takes the session's size for its own, until somebody types", () => {
	const page = new Page();
	page.isSeen = false;
	assert.deepEqual(page.attach(OTHERS, 0), OTHERS);
	page.own = { cols: 101, rows: 30 };
	page.claim.onOwnSize(true);
	assert.deepEqual(page.told, [], "a hidden window that is resized is nobody's wish");
	page.isSeen = true;
	page.claim.claim();
	page.claim.claim();
	assert.deepEqual(page.told, [{ cols: 101, rows: 30 }], "told once");
});

test("a page that came back follows whoever works there now, and decides again where nobody does", () => {
	const page = new Page();
	page.attach(OTHERS, 0);
	page.claim.detached();
	assert.deepEqual(page.claim.attaching({ size: OTHERS, state: running(1) }), OTHERS);
	assert.deepEqual(page.claim.attaching({ size: OTHERS, state: { kind: "detached", since: 0 } }), OWN);
});

test("a page that followed another one goes on following when all come back", () => {
	const page = new Page();
	page.attach(OTHERS, 0);
	page.session = OTHERS;
	assert.ok(page.claim.isFollowing);
	page.claim.detached();
	assert.deepEqual(page.claim.attaching({ size: OTHERS, state: { kind: "detached", since: 0 } }), OTHERS);
});

test("a window that is resized decides, and follows nobody while the answer is on its way", async () => {
	const page = new Page();
	page.attach(OTHERS, 0);
	page.own = { cols: 90, rows: 20 };
	page.claim.onOwnSize(true);
	assert.deepEqual(page.told, [page.own]);
	assert.equal(page.claim.isFollowing, false);
	await settled();
	assert.equal(page.claim.isFollowing, true, "the answer came, and the session has another size");
});

test("a tab that comes to be seen tells its new size where it decided before, and not where it follows", () => {
	const page = new Page();
	page.attach(OTHERS, 0);
	page.isSeen = false;
	page.own = { cols: 90, rows: 20 };
	page.claim.onOwnSize(true);
	page.isSeen = true;
	page.claim.onOwnSize(false);
	assert.deepEqual(page.told, [page.own]);
	page.session = OTHERS;
	page.own = OWN;
	page.claim.onOwnSize(false);
	assert.equal(page.told.length, 1);
});

test("whoever is left alone with a session takes it over after a while", (t) => {
	t.mock.timers.enable({ apis: ["setTimeout"] });
	const page = new Page();
	page.isSeen = false;
	page.attach(OTHERS, 1);
	page.isSeen = true;
	page.claim.onSession({ state: running(1) });
	t.mock.timers.tick(9_000);
	page.claim.onSession({ state: running(2) });
	t.mock.timers.tick(60_000);
	assert.deepEqual(page.told, [], "somebody else came back in time");
	page.claim.onSession({ state: running(1) });
	t.mock.timers.tick(60_000);
	assert.deepEqual(page.told, [OWN]);
});
