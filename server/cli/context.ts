/** What the commands work with. */
import type { OperationInput, OperationName, OperationResult } from "../protocol/api.ts";
import type { Output } from "./output.ts";

export type CliContext = {
	out: Output;
	/** Asks for the operation; the first time it finds out whom to ask, and says so. */
	call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>>;
	/** A secret as a person types it, or as it comes by standard input. */
	readSecret(question: string): Promise<string>;
};

/** Known once the options are. */
export type ContextOf = () => CliContext;
