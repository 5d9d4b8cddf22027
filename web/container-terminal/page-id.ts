/** Input is numbered per load of the page: 128 random bits as base64url tell loads apart. */
const PAGE_ID_BYTES = 16;

export function newPageId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(PAGE_ID_BYTES));
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replace(/=+$/, "");
}
