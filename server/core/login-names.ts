/** Names that people type to sign in. */

/**
 * What a name is compared by: however it is typed, in capitals, full-width letters or with what cannot be seen in it,
 * one person answers to it. Empty where nothing of the name can be seen.
 */
export function nameKeyOf(name: string): string {
	return (
		name
			.replace(/\p{Default_Ignorable_Code_Point}/gu, "")
			.normalize("NFKC")
			// Upper case first: some letters have several lower-case forms, such as ß and ss, σ and ς.
			.toUpperCase()
			.toLowerCase()
			.normalize("NFKC")
			.replace(/\s+/gu, " ")
			.trim()
	);
}
