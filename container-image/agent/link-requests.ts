/** What gateways ask for, one function per operation. */
import type { z } from "zod";
import { assertNever } from "../../server/protocol/assert-never.ts";
import { BerthError, type ErrorCode } from "../../server/protocol/errors.ts";
import {
	type Account,
	type GatewayHello,
	HOMES_PER_PAGE,
	LinkRequest,
	type LinkRequestOf,
	type LinkResponse,
	type LinkResults,
} from "../../server/protocol/link.ts";
import type { AccountTurns } from "./account-turns.ts";
import type { Accounts } from "./accounts.ts";
import type { Attachment } from "./attachment.ts";
import { listHomes } from "./home.ts";
import type { HomeAdoption } from "./home-adoption.ts";
import type { LinkAttachments } from "./link-attachments.ts";
import type { Log } from "./log.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** Characters that the protocol allows. */
const MAX_DETAIL = 1000;

export type Policy = GatewayHello["policy"];

/** A result, and the attachment whose output may flow once the answer is on its way. */
type Handled = { result: LinkResults[LinkRequest["op"]]; attachment?: Attachment };
export type Answer = { response: LinkResponse; attachment?: Attachment };

export type RequestContext = {
	mode: "container" | "local";
	workspace: string;
	accounts: Accounts;
	sessions: Sessions;
	turns: AccountTurns;
	adoption: HomeAdoption;
	isHardened(): boolean;
	/** A page begins to look at a session of this account. */
	onAttached(account: Account): void;
	log: Log;
};

export class RequestHandler {
	readonly #context: RequestContext;

	constructor(context: RequestContext) {
		this.#context = context;
	}

	/** Answers whatever was asked. Never throws: here failures become answers. */
	async answer(value: unknown, link: LinkAttachments, policy: Policy): Promise<Answer> {
		const request = LinkRequest.safeParse(value);
		if (!request.success) return refuse("BAD_REQUEST", describeIssue(request.error));
		try {
			const { result, attachment } = await this.#handle(request.data, link, policy);
			return { response: { ok: true, result }, ...(attachment === undefined ? {} : { attachment }) };
		} catch (thrown) {
			return this.#refusalOf(thrown, request.data);
		}
	}

	#refusalOf(thrown: unknown, { op }: LinkRequest): Answer {
		const { log } = this.#context;
		if (!(thrown instanceof BerthError)) {
			log.error({ error: thrown, op }, "request failed unexpectedly");
			return refuse("INTERNAL");
		}
		if (thrown.cause !== undefined) log.error({ error: thrown, op }, "request failed");
		return refuse(thrown.code, thrown.detail);
	}

	/** Throws `BerthError` for what the gateway is to be told; anything else is a surprise. */
	async #handle(request: LinkRequest, link: LinkAttachments, policy: Policy): Promise<Handled> {
		const { sessions } = this.#context;
		switch (request.op) {
			case "open":
				return await this.#open(request, link, policy);
			case "attach":
				link.claim(request.attachment.channel);
				return this.#bind(link, sessions.find(request.username, request.sessionId), request);
			case "detach":
				link.detach(request.channel);
				return DONE;
			case "resize":
				link.resize(request.channel, request.size);
				return DONE;
			case "signal":
				sessions.find(request.username, request.sessionId).signal(request.signal);
				return DONE;
			case "rename":
				sessions.find(request.username, request.sessionId).rename(request.name);
				return DONE;
			case "close":
				sessions.close(sessions.find(request.username, request.sessionId));
				return DONE;
			case "list":
				return { result: { sessions: sessions.list(request.username) } };
			case "evict":
				return await this.#evict(request);
			case "adopt":
				return { result: { folder: await this.#context.adoption.adopt(request) } };
			case "limit":
				sessions.setLimits(request.account, request.limits);
				return DONE;
			case "homes":
				return { result: await this.#homes(request) };
			default:
				return assertNever(request);
		}
	}

	async #open(request: LinkRequestOf<"open">, link: LinkAttachments, policy: Policy): Promise<Handled> {
		const { mode, accounts, sessions, turns, isHardened } = this.#context;
		const { account, attachment, environment, limits, name } = request;
		link.claim(attachment.channel);
		if (mode === "container" && !isHardened()) throw new BerthError("NOT_HARDENED");
		const { replayBytes } = policy;
		const { size } = attachment;
		const session = await turns.share(account.username, async () => {
			const place = await accounts.ensure(account);
			return await sessions.open({ account, place, limits, environment, name, size, replayBytes });
		});
		if (!link.isOpen) {
			// A shell that nobody was told of would only be found by chance.
			sessions.close(session);
			throw new BerthError("LINK_BROKEN");
		}
		return this.#bind(link, session, { attachment, from: 0 });
	}

	#bind(
		link: LinkAttachments,
		session: Session,
		{ attachment: target, from }: Pick<LinkRequestOf<"attach">, "attachment" | "from">,
	): Handled {
		const attachment = link.attach(session, target, from);
		const result = {
			session: session.info(),
			...attachment.entry,
			inputAccepted: session.inputAccepted(attachment),
		};
		this.#context.onAttached(session.account);
		return { result, attachment };
	}

	async #evict({ username }: LinkRequestOf<"evict">): Promise<Handled> {
		const { mode, accounts, sessions } = this.#context;
		const uid = mode === "container" ? accounts.find(username)?.uid : undefined;
		await sessions.evict(username, uid ?? null);
		return DONE;
	}

	/** Local mode has no accounts: whoever owns the folders there, they say nothing about uids. */
	async #homes({ after }: LinkRequestOf<"homes">): Promise<LinkResults["homes"]> {
		const { mode, workspace } = this.#context;
		if (mode === "local") return { homes: [], next: null };
		return await listHomes(workspace, { after, limit: HOMES_PER_PAGE });
	}
}

const DONE: Handled = { result: {} };

function refuse(code: ErrorCode, detail?: string): Answer {
	return { response: { ok: false, code, ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL) }) } };
}

/** The first thing that is wrong, e.g. `account.uid: Invalid input`. */
export function describeIssue({ issues: [first] }: z.ZodError): string {
	return first === undefined ? "invalid" : `${first.path.join(".")}: ${first.message}`;
}
