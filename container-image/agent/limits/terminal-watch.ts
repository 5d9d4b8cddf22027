/**
 * Terminals per account. The container has some hundred, for which the kernel knows no limit per user: whoever takes
 * them all would leave nobody a shell.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const TERMINALS = "/dev/pts";
/** Besides those of its sessions: more than anybody's tmux needs. */
export const MAX_OWN_TERMINALS = 64;

/** How many each uid has; nothing where there are so few that nobody can have too many. */
export function terminalsByOwner(folder = TERMINALS): Map<number, number> {
	const names = readdirSync(folder);
	if (names.length <= MAX_OWN_TERMINALS) return new Map();
	const owners = Map.groupBy(names, (name) => ownerOf(join(folder, name)));
	return new Map([...owners].map(([uid, own]) => [uid, own.length]));
}

/** The agent's own for one that is gone already. */
function ownerOf(path: string): number {
	try {
		return statSync(path).uid;
	} catch {
		return 0;
	}
}
