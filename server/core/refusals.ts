/** Sign-ins that were not accepted: whoever asks learns that, the operator learns why, and whoever goes on has to wait. */
import { BerthError, codeOf } from "../protocol/errors.ts";
import type { SignInMethod } from "../protocol/sign-in.ts";
import type { AuditEvent, AuditLog } from "./audit.ts";
import type { RequestFacts } from "./authenticator.ts";
import type { AttemptLimit } from "./sign-in-attempts.ts";

/**
 * A SIGN_IN_REFUSED that is told without its reason. `reason` is for the operator: a sentence of ours, with no token and
 * nothing that a stranger wrote.
 */
export function refusal(reason: string, cause?: unknown): BerthError {
	return new BerthError("SIGN_IN_REFUSED", { cause: new Error(reason, { cause }) });
}

/**
 * Refusals of one address. Tokens cannot be guessed: this is only so that nobody keeps the issuer busy, with room for a
 * school whose sign-in is broken. Fewer than the audit log takes of strangers in a minute.
 */
export const REFUSAL_LIMIT = { attempts: 150, durationMs: 10 * 60_000 } as const;

export type RefusalsOptions = { limit: AttemptLimit; audit: AuditLog };

export class Refusals {
	readonly #options: RefusalsOptions;

	constructor(options: RefusalsOptions) {
		this.#options = options;
	}

	/**
	 * Has somebody signed in, and writes down where that is refused. Throws what `signIn` throws, and `BerthError`
	 * TOO_MANY_ATTEMPTS where it was refused too often before.
	 */
	async attempt<Result>(
		{ method, request }: { method: SignInMethod; request: RequestFacts },
		signIn: () => Promise<Result>,
	): Promise<Result> {
		const { limit } = this.#options;
		const { address } = request;
		await this.#count(address);
		try {
			const result = await signIn();
			await limit.giveBack(address);
			return result;
		} catch (thrown) {
			// Nobody has to wait because the issuer was down. Who is switched off was written down with their name.
			const code = codeOf(thrown);
			if (code !== "SIGN_IN_REFUSED") await limit.giveBack(address);
			if (code !== "USER_DISABLED") this.record(address, { action: "signed-in", details: { method } }, thrown);
			throw thrown;
		}
	}

	/** Writes down what was refused. Nobody is kept from anything by that. */
	record(address: string, event: Pick<AuditEvent, "action" | "details">, thrown: unknown): void {
		const details = { ...event.details, reason: reasonOf(thrown) };
		this.#options.audit.record({ ...event, actor: "nobody", address, subject: null, result: codeOf(thrown), details });
	}

	async #count(address: string): Promise<void> {
		const { audit, limit } = this.#options;
		const { isFirstBeyond, waitMs } = await limit.take(address);
		if (waitMs === 0) return;
		const result = "TOO_MANY_ATTEMPTS";
		const details = { limit: "refused sign-ins" };
		if (isFirstBeyond) audit.record({ actor: "nobody", address, action: "limit.hit", subject: null, result, details });
		throw new BerthError(result, { retryAfterMs: waitMs });
	}
}

/** Null where it is no refusal of ours: other errors may hold what came from outside. */
function reasonOf(thrown: unknown): string | null {
	const isRefusal = thrown instanceof BerthError && thrown.code === "SIGN_IN_REFUSED";
	return isRefusal && thrown.cause instanceof Error ? thrown.cause.message : null;
}
