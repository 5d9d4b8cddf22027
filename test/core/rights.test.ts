/**
 * Who may do what to whom, written out: every action, every kind of actor, on themselves, on another, and where it is
 * done to nobody. An action that is added has no row here, and fails until somebody has thought about it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Action,
	type Actor,
	isOperator,
	may,
	nameOfActor,
	RIGHTS,
	type Subject,
} from "../../server/core/rights.ts";
import { UserId } from "../../server/protocol/ids.ts";

const SELF = UserId.parse("a".repeat(26));
const OTHER = UserId.parse("b".repeat(26));

const ACTORS = {
	nobody: { kind: "nobody" },
	user: { kind: "user", userId: SELF, role: "user" },
	operator: { kind: "user", userId: SELF, role: "operator" },
	token: { kind: "token", name: "deploy" },
	console: { kind: "console" },
	gateway: { kind: "gateway" },
} as const satisfies Record<string, Actor>;
type ActorName = keyof typeof ACTORS;

const SUBJECTS = { own: SELF, other: OTHER, none: null } as const satisfies Record<string, Subject>;
type SubjectName = keyof typeof SUBJECTS;
type Case = `${ActorName} ${SubjectName}`;

/** What is allowed; whatever is not named is forbidden. */
type Row = readonly Case[];

const EVERYTHING: Row = [
	...(["nobody own", "nobody other", "nobody none"] as const),
	...(["user own", "user other", "user none"] as const),
	...(["operator own", "operator other", "operator none"] as const),
	...(["token own", "token other", "token none"] as const),
	...(["console own", "console other", "console none"] as const),
	...(["gateway own", "gateway other", "gateway none"] as const),
];
const ONESELF: Row = ["user own", "operator own"];
const OPERATORS: Row = [
	...(["operator own", "operator other", "operator none"] as const),
	...(["token own", "token other", "token none"] as const),
	...(["console own", "console other", "console none"] as const),
	...(["gateway own", "gateway other", "gateway none"] as const),
];
const ONESELF_AND_OPERATORS: Row = ["user own", ...OPERATORS];
const OPERATORS_ON_OTHERS: Row = OPERATORS.filter((each) => each !== "operator own");

const TABLE: Record<Action, Row> = {
	"sign-in": EVERYTHING,
	"terminal.use": ONESELF,
	"account.read": ONESELF_AND_OPERATORS,
	"password.change": ONESELF,
	"guest.adopt": ONESELF,
	"sign-in.list": ONESELF_AND_OPERATORS,
	"sign-in.end": ONESELF_AND_OPERATORS,
	"secret.list": ONESELF_AND_OPERATORS,
	"secret.set": ONESELF_AND_OPERATORS,
	"secret.remove": ONESELF_AND_OPERATORS,
	"user.list": OPERATORS,
	"user.add": OPERATORS,
	"user.change": OPERATORS_ON_OTHERS,
	"user.reset": OPERATORS,
	"token.manage": OPERATORS,
	"audit.read": OPERATORS,
	"secrets.rotate": OPERATORS,
};

const CASES = EVERYTHING;

test("every action has a row, and every row an action", () => {
	assert.deepEqual(Object.keys(TABLE).toSorted(), Object.keys(RIGHTS).toSorted());
	assert.equal(new Set(CASES).size, Object.keys(ACTORS).length * Object.keys(SUBJECTS).length);
});

for (const [action, allowed] of Object.entries(TABLE) as [Action, Row][]) {
	test(`${action} is allowed to exactly those who are named`, () => {
		for (const each of CASES) {
			const [actor, subject] = each.split(" ") as [ActorName, SubjectName];
			assert.equal(may(ACTORS[actor], action, SUBJECTS[subject]), allowed.includes(each), each);
		}
	});
}

test("operators are users of that role, tokens, the console and the gateway, and nobody else", () => {
	const operators = Object.entries(ACTORS).flatMap(([name, actor]) => (isOperator(actor) ? [name] : []));
	assert.deepEqual(operators, ["operator", "token", "console", "gateway"]);
});

test("actors have names in the audit log that cannot be taken for each other's", () => {
	const names = Object.values(ACTORS).map(nameOfActor);
	assert.deepEqual(names, ["nobody", `user:${SELF}`, `user:${SELF}`, "token:deploy", "console", "gateway"]);
	assert.equal(nameOfActor({ kind: "token", name: "console" }), "token:console");
});
