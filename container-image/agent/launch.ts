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

export type Command = { file: string; args: string[] };

/** `command` with nothing inherited but the standard three descriptors. */
export function withoutInheritedDescriptors(command: string[]): Command {
	return { file: BASH, args: ["--noprofile", "--norc", "-c", CLOSE_AND_EXEC, "berth-launch", ...command] };
}

/** `command` as this account and no more: its groups, no capability left to gain, nothing setuid can give back. */
export function asAccount({ uid }: Account, command: string[]): string[] {
	return [
		"/usr/bin/setpriv",
		`--reuid=${uid}`,
		`--regid=${uid}`,
		"--init-groups",
		"--inh-caps=-all",
		"--bounding-set=-all",
		"--no-new-privs",
		"--",
		...command,
	];
}
