/** Has the API's operations done: parses, asks whether it may be, and hands it to its handler. Knows no HTTP. */
import type { AuditLog } from "../core/audit.ts";
import type { NewSignIn, Presence } from "../core/authentication.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { LimitAudit } from "../core/limit-audit.ts";
import { PerMinute } from "../core/per-minute.ts";
import { type Action, type Actor, may, nameOfActor, RIGHTS, type Subject } from "../core/rights.ts";
import { OPERATIONS, type OperationName, type OperationResult, type ParsedInput } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import { parse } from "../protocol/parse.ts";

/** Who asks. */
export type Caller = {
	actor: Actor;
	/** Null where no person asks. */
	presence: Presence | null;
	/** Null where it came from no network. */
	request: RequestFacts | null;
};

export type Answer<Result> = {
	result: Result;
	/** Somebody was signed in: the caller's browser gets the cookie. */
	signIn?: NewSignIn & { isEmbedded?: boolean };
	/** The caller's browser has no use for its cookies any more. */
	isSignedOut?: true;
	/** The caller's browser is no guest any more. */
	isGuestGone?: true;
	/** Another `Set-Cookie` value for the caller's browser. */
	setCookie?: string;
};

export type Handler<Name extends OperationName> = {
	action: Action;
	/** Whom it is done to. Throws where there is no such user. */
	subject(input: ParsedInput<Name>, caller: Caller): Subject;
	run(input: ParsedInput<Name>, caller: Caller): Promise<Answer<OperationResult<Name>>> | Answer<OperationResult<Name>>;
};

export type Handlers = { [Name in OperationName]: Handler<Name> };

export class Api {
	readonly #handlers: Partial<Handlers>;
	readonly #audit: AuditLog;
	readonly #limitAudit: LimitAudit;
	/** Refusals of one kind are written down once a minute: anybody can cause them. */
	readonly #refusals = new PerMinute();

	/** Ways in that are off have no handlers. */
	constructor(handlers: Partial<Handlers>, audit: AuditLog, limitAudit = new LimitAudit(audit)) {
		this.#handlers = handlers;
		this.#audit = audit;
		this.#limitAudit = limitAudit;
	}

	/** Throws `BerthError`: BAD_REQUEST, NOT_FOUND, UNAUTHENTICATED, USER_DISABLED, FORBIDDEN, or what the operation says. */
	async call<Name extends OperationName>(
		name: Name,
		input: unknown,
		caller: Caller,
	): Promise<Answer<OperationResult<Name>>> {
		// The schema of this name gives this name's input; the compiler cannot follow the pair.
		const checked = parse(OPERATIONS[name].input, input) as ParsedInput<Name>;
		const handler = this.#handlers[name] as unknown as Handler<Name> | undefined;
		if (handler === undefined) throw new BerthError("NOT_FOUND", { detail: `${name} is switched off` });
		const { action, run } = handler;
		if (caller.actor.kind === "nobody" && RIGHTS[action] !== "everybody") {
			throw new BerthError(caller.presence === null ? "UNAUTHENTICATED" : "USER_DISABLED");
		}
		const whom = this.#subjectOf(name, () => handler.subject(checked, caller), caller);
		if (!may(caller.actor, action, whom)) {
			this.#noteRefusal(name, whom, caller);
			throw new BerthError("FORBIDDEN");
		}
		try {
			return await run(checked, caller);
		} catch (thrown) {
			this.#limitAudit.note(thrown, { actor: caller.actor, address: caller.request?.address ?? null }, name);
			throw thrown;
		}
	}

	/** Who may not ask about others may not be told either whether there is such a user. */
	#subjectOf(name: OperationName, find: () => Subject, caller: Caller): Subject {
		try {
			return find();
		} catch (thrown) {
			if (thrown instanceof BerthError && thrown.code === "FORBIDDEN") this.#noteRefusal(name, null, caller);
			throw thrown;
		}
	}

	#noteRefusal(operation: OperationName, subject: Subject, { actor, request }: Caller): void {
		const name = nameOfActor(actor);
		if (this.#refusals.count(`${name} ${operation}`) > 1) return;
		const by = { actor: name, address: request?.address ?? null };
		this.#audit.record({ ...by, action: "api.refused", subject, result: "FORBIDDEN", details: { operation } });
	}
}

/** Of whoever signs in. Throws `BerthError` BAD_REQUEST where there is no browser to be signed in. */
export function requestOf({ actor, request }: Caller): RequestFacts {
	if (request !== null && actor.kind !== "token") return request;
	throw new BerthError("BAD_REQUEST", { detail: "only a browser can be signed in" });
}
