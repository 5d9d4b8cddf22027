/**
 * Terminals per account. The container has some hundred, for which the kernel knows no limit per user: whoever takes
 * them all would leave nobody a shell.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const TERMINALS = "/dev/pts";
/** More than anybody's tmux needs. */
export const MAX_TERMINALS_PER_ACCOUNT = 64;

/** Accounts that have more, by uid. */
export function accountsWithManyTerminals(folder = TERMINALS): number[] {
	const names = readdirSync(folder);
	if (names.length <= MAX_TERMINALS_PER_ACCOUNT) return [];
	const owners = Map.groupBy(names, (name) => ownerOf(join(folder, name)));
	return [...owners].filter(([, own]) => own.length > MAX_TERMINALS_PER_ACCOUNT).map(([uid]) => uid);
}

/** The agent's own for one that is gone already. */
function ownerOf(path: string): number {
	try {
		return statSync(path).uid;
	} catch {
		return 0;
	}
}
