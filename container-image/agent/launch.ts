/**
 * How every other program is started. node-pty opens terminals without close-on-exec, so whatever the agent starts
 * inherits the master side of *every* open terminal: with it a user could read and type in other people's shells.
 * Everything is therefore started through a shell that closes all descriptors beyond the standard three before any
 * program runs that a user could influence, or that runs as a user.
 */
import type { Account } from "../../server/protocol/link.ts";

const BASH = "/bin/bash";

/** The system's folders alone; users' own ones are added by their login files. */
export const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";

/** bash's own `exec {n}>&-` closes descriptor `$n`; one that is closed already is fine. */
const CLOSE_AND_EXEC =
	'for path in /proc/self/fd/*; do [[ $path =~ [0-9]+$ ]]; n=$BASH_REMATCH; ((n > 2)) && exec {n}>&-; done; exec "$@"';

/**
 * Where memory runs out, the kernel ends the program with the highest score. The agent's is 0, as is everybody's in a
 * container; without this it might be chosen, and with it everybody's sessions. No privilege is needed to raise it.
 */
const END_FIRST = "echo 500 >/proc/self/oom_score_adj; ";

/** Images of crashed programs would only fill the volume. */
const NO_CORES = "ulimit -c 0; ";

export type Command = { file: string; args: string[] };

/** `command` with nothing inherited but the standard three descriptors. */
export function withoutInheritedDescriptors(command: string[]): Command {
	return bash(CLOSE_AND_EXEC, command);
}

/**
 * The same, and what it starts is ended before the agent where memory runs out. `processLimit`: what its user may have,
 * threads included; null for no limit.
 */
export function asExpendable(command: string[], processLimit: number | null = null): Command {
	const limit = processLimit === null ? "" : `ulimit -u ${processLimit}; `;
	return bash(END_FIRST + NO_CORES + limit + CLOSE_AND_EXEC, command);
}

function bash(script: string, command: string[]): Command {
	return { file: BASH, args: ["--noprofile", "--norc", "-c", script, "berth-launch", ...command] };
}

/** Owns nothing anywhere. */
const NOBODY = 65_534;

/** `command` as this account and no more: its groups, no capability left to gain, nothing setuid can give back. */
export function asAccount({ uid }: Account, command: string[]): string[] {
	return withoutPrivileges(uid, "--init-groups", command);
}

/** `command` with fewer rights than any account has. */
export function asNobody(command: string[]): string[] {
	return withoutPrivileges(NOBODY, "--clear-groups", command);
}

function withoutPrivileges(uid: number, groups: string, command: string[]): string[] {
	const ids = [`--reuid=${uid}`, `--regid=${uid}`, groups];
	return ["/usr/bin/setpriv", ...ids, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", ...command];
}
