/** Through what `berth` acts: the gateway that runs, or the store where none does. */
import type { OperationInput, OperationName, OperationResult } from "../protocol/api.ts";
import type { WireError } from "../protocol/errors.ts";

export interface Client extends Disposable {
	/** For people, e.g. `the gateway at http://127.0.0.1:3000`. */
	readonly place: string;

	/** Throws `Refusal`, or `Trouble` where there was no answer. */
	call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>>;
}

/** The operation was not done. A code that this version does not know is passed on. */
export type RefusalReason = Omit<WireError, "code"> & { code: string };

export class Refusal extends Error {
	override readonly name = "Refusal";
	readonly reason: RefusalReason;

	constructor(reason: RefusalReason) {
		super(reason.message);
		this.reason = reason;
	}
}

/** Something about this machine or its files: it cannot even be asked. */
export class Trouble extends Error {
	override readonly name = "Trouble";
	/** What to do about it. */
	readonly advice: string;

	constructor(message: string, advice: string, options?: ErrorOptions) {
		super(message, options);
		this.advice = advice;
	}
}
