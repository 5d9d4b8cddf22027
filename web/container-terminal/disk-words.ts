/** What a person reads about the space that the files take. */
import type { DiskState } from "../../server/protocol/account-limits.ts";

/** From here on it is time to look what can go. */
const NEAR = 0.9;

/** `312 MB of 1 GB`, in the units that `container-info` uses. */
export function diskWords({ usedBytes, limitBytes }: DiskState): string {
	return limitBytes === null ? sizeWords(usedBytes) : `${sizeWords(usedBytes)} of ${sizeWords(limitBytes)}`;
}

/** Null where there is room. */
export function diskWarning(disk: DiskState): string | null {
	const { usedBytes, limitBytes } = disk;
	if (limitBytes === null || usedBytes < limitBytes * NEAR) return null;
	if (usedBytes <= limitBytes) return `Your files take ${diskWords(disk)}. Delete some before there is no room.`;
	return `Your files take ${diskWords(disk)}. Delete some: programs that can write are ended, and new shells cannot.`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

function sizeWords(bytes: number): string {
	const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
	const amount = bytes / 1024 ** step;
	return `${amount.toFixed(amount < 10 && step > 0 ? 1 : 0)} ${UNITS[step]}`;
}
