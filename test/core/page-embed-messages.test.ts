/** What the embedded page takes from the page around it, and says to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EmbedOrder, parseOrder } from "../../web/container-terminal/embedding/messages.ts";
import { ParentPage } from "../../web/container-terminal/embedding/parent-page.ts";

const OURS = "https://school.example.org";
const OTHER = "https://other.example.org";
const RUN = { berth: 1, type: "run", command: "ls" };

test("orders of the table are taken, without what stands beside them", () => {
	assert.deepEqual(parseOrder({ ...RUN, more: 1 }), { type: "run", command: "ls" });
	assert.deepEqual(parseOrder({ berth: 1, type: "focus" }), { type: "focus" });
	assert.deepEqual(parseOrder({ berth: 1, type: "token", token: "a.b-c.d_e" }), { type: "token", token: "a.b-c.d_e" });
});

test("whatever else comes is none, and never throws", () => {
	fc.assert(
		fc.property(fc.anything(), (value) => {
			assert.equal(parseOrder(value), null);
		}),
	);
	const field = fc.oneof(fc.anything(), fc.constantFrom("run", "token", "focus"));
	fc.assert(
		fc.property(fc.record({ berth: fc.constant(1), type: field, command: field, token: field }), (value) => {
			const order = parseOrder(value);
			if (order?.type === "run") assert.equal(typeof order.command, "string");
			if (order?.type === "token") assert.equal(typeof order.token, "string");
		}),
	);
});

test("no command has a character that nobody sees, but the ends of its lines", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", minLength: 1 }), (command) => {
			const order = parseOrder({ berth: 1, type: "run", command });
			if (order?.type === "run") assert.match(order.command, /^[\P{C}\n]+$/u);
		}),
	);
	for (const hidden of [
		"\r",
		"\t",
		"\0",
		"\x1b",
		"\x7f",
		"\u0085",
		"\u200b",
		"\u202e",
		"\u2028",
		"\ud800",
		"\u{e0041}",
	]) {
		assert.equal(parseOrder({ ...RUN, command: `ls${hidden}` }), null, JSON.stringify(hidden));
	}
	assert.notEqual(parseOrder({ ...RUN, command: "cat <<X\n日本語 – é 🚢\nX" }), null);
});

type Listener = (event: { data: unknown; origin: string; source: unknown }) => void;

/** The two windows, as far as the class looks at them. */
function windows() {
	const said: [unknown, string][] = [];
	const orders: EmbedOrder[] = [];
	let nonsense = 0;
	let listener: Listener = () => {};
	const parent = { postMessage: (message: unknown, origin: string) => void said.push([message, origin]) };
	const page = new ParentPage({
		window: { addEventListener: (_type: string, given: unknown) => (listener = given as Listener) } as never,
		parent: parent as never,
		origins: ["https://elsewhere.example.org", OURS],
		onOrder: (order) => orders.push(order),
		onNonsense: () => {
			nonsense += 1;
		},
	});
	return {
		...{ orders, page, parent, said },
		nonsense: () => nonsense,
		hear: (data: unknown, origin: string, source: unknown = parent) => listener({ data, origin, source }),
	};
}

test("orders are taken from the window around, of an allowed origin, and from nobody else", () => {
	const { hear, nonsense, orders } = windows();
	hear(RUN, OTHER);
	hear(RUN, "null");
	hear(RUN, `${OURS}.evil.example`);
	hear(RUN, OURS, {});
	hear(RUN, OURS, null);
	assert.deepEqual(orders, []);
	hear(RUN, OURS);
	assert.equal(orders.length, 1);
	hear({ berth: 1, type: "rnu" }, OURS);
	hear({ source: "some-extension" }, OURS);
	assert.equal(nonsense(), 1, "what means to be an order is told to whoever writes the page");
});

test("until the page around has said something each allowed origin is told; from then on it alone; never any", () => {
	const { hear, page, said } = windows();
	page.say({ type: "ready" });
	assert.deepEqual(said, [
		[{ berth: 1, type: "ready" }, "https://elsewhere.example.org"],
		[{ berth: 1, type: "ready" }, OURS],
	]);
	said.length = 0;
	hear({ berth: 1, type: "focus" }, OURS);
	page.say({ type: "resize", cols: 80, rows: 24 });
	assert.deepEqual(said, [[{ berth: 1, type: "resize", cols: 80, rows: 24 }, OURS]]);
});
