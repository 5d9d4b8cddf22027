/**
 * Who listens on a port of this machine. While the gateway is down anybody with an account here could take its port, and
 * wait for the operator's token.
 */
import { readFileSync } from "node:fs";
import { Trouble } from "./client.ts";

const ROOT = 0;
/** As the kernel writes it: state 0A is LISTEN, addresses are hexadecimal. */
const LISTENING = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A (?:\S+ ){3}\s*(\d+) /gm;

/** Owners of all sockets that listen on the port, on any address. None where the system does not say. */
export function listenerUids(port: number): Set<number> {
	return new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => uidsIn(tableIn(file), port)));
}

/** `owner`: whose the gateway's files are. Throws `Trouble` where somebody else than they or root listens. */
export function refuseStrangers(
	url: string,
	owner: number,
	uidsOn: (port: number) => Set<number> = listenerUids,
): void {
	const { port, protocol } = new URL(url);
	const uids = uidsOn(Number(port) || (protocol === "https:" ? 443 : 80));
	const stranger = [...uids].find((uid) => uid !== ROOT && uid !== owner);
	if (stranger === undefined) return;
	throw new Trouble(
		`user ${stranger} listens at ${url}, but the gateway's files are user ${owner}'s: the token is not sent`,
		"Find out who that is. Where it is the gateway after all, say so with BERTH_URL.",
	);
}

function uidsIn(table: string, port: number): number[] {
	return [...table.matchAll(LISTENING)]
		.filter(([, hexadecimal = ""]) => Number.parseInt(hexadecimal, 16) === port)
		.map(([, , uid]) => Number(uid));
}

function tableIn(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}
