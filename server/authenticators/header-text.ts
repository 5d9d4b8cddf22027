/** Text beyond ASCII in headers, for people to read: proxies send it in one of two ways. */

/** Longer than any name. */
const READ_CHARACTERS = 2_000;
/** RFC 2047: `=?utf-8?Q?J=C3=B6rg?=`. */
const ENCODED_WORD = /=\?([\w-]{1,40})\?([BQ])\?([^?\s]*)\?=/gi;
/** Between two encoded words a space belongs to the encoding. */
const BETWEEN_WORDS = /(\?=)\s+(?==\?[\w-]{1,40}\?[BQ]\?)/gi;

/** `value` as Node has it, a character for each byte. What cannot be decoded stays as it is. */
export function headerText(value: string): string {
	const text = decoded(Buffer.from(value.slice(0, READ_CHARACTERS), "latin1"), "utf-8");
	return (text ?? value.slice(0, READ_CHARACTERS))
		.replace(BETWEEN_WORDS, "$1")
		.replace(ENCODED_WORD, (word, charset: string, encoding: string, encoded: string) => {
			return decoded(encoding.toUpperCase() === "B" ? Buffer.from(encoded, "base64") : fromQ(encoded), charset) ?? word;
		});
}

function fromQ(encoded: string): Buffer {
	const bytes = encoded
		.replaceAll("_", " ")
		.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return Buffer.from(bytes, "latin1");
}

/** Null where the bytes are not of this character set, or nobody knows it. */
function decoded(bytes: Uint8Array, charset: string): string | null {
	try {
		return new TextDecoder(charset, { fatal: true }).decode(bytes);
	} catch {
		return null;
	}
}
