/** What the long runs' command lines have in common. Throws `TypeError` for what makes no sense. */

export function numberOption(fallback: number) {
	return { type: "string", default: String(fallback) } as const;
}

export function whole(text: string): number {
	const number = Number(text);
	if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`not a whole number: ${text}`);
	return number;
}

/** All of the names, or the one that was chosen. */
export function chosen<Name extends string>(names: readonly Name[], choice: string | undefined): readonly Name[] {
	return choice === undefined ? names : [oneOf(names, choice)];
}

export function oneOf<Name extends string>(names: readonly Name[], choice: string): Name {
	const found = names.find((name) => name === choice);
	if (found === undefined) throw new TypeError(`${choice} is none of ${names.join(", ")}`);
	return found;
}
