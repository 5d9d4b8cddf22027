/** IP addresses and prefixes as people write them. */
import { isIP } from "node:net";

export type AddressPrefix = { address: string; family: 4 | 6; length: number };

/** `10.0.0.0/8` → its parts; a bare address is a prefix of its whole length. Null where it is neither. */
export function parsePrefix(text: string): AddressPrefix | null {
	// A zone (`%eth0`) is something of one machine, which no rule for another can hold.
	const [, address = "", digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
	const family = isIP(address);
	if (family !== 4 && family !== 6) return null;
	const longest = family === 4 ? 32 : 128;
	const length = digits === undefined ? longest : Number(digits);
	return length > longest ? null : { address, family, length };
}
