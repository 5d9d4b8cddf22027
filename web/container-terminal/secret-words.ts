/** What is told of the user's secrets: only ever their names. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SecretChange } from "../../server/protocol/terminal.ts";

/** Of notices that stand at once, more would push each other out. */
const MOST = 2;

export function changedSecretWords({ kind, name }: SecretChange): string {
	return kind === "set"
		? `The secret ${name} was set: a new shell has it. Shells that run keep what they began with.`
		: `The secret ${name} was removed: a new shell does not have it. Shells that run keep it until they end.`;
}

/** A notice for each problem, and for many one that says how many. */
export function missingSecretsWords(problems: readonly WireError[]): string[] {
	if (problems.length > MOST) {
		return [`${problems.length} of your secrets cannot be read, and are missing in this shell. Ask the operator.`];
	}
	return problems.map(({ code, message, action }) =>
		code === "SECRETS_UNAVAILABLE"
			? `This shell began without your secrets: their store does not answer. Open another one in a minute.`
			: `${message} ${action}`,
	);
}
