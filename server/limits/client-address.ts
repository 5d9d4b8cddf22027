/** Where a request comes from, as far as that can be believed. */
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import proxyaddr from "proxy-addr";

export type ClientAddresses = {
	/** What a request is counted under: an IPv4 address, or the network of an IPv6 address. */
	of(request: IncomingMessage): string;
	/** The same for an address that is known. */
	countedAs(address: string): string;
	/** Whether a peer is a proxy of ours, which speaks for many. */
	isProxy(address: string): boolean;
};

/** `proxies`: addresses, networks (`10.0.0.0/8`) or `loopback`, `linklocal`, `uniquelocal`. Others' headers are ignored. */
export function clientAddresses(proxies: readonly string[]): ClientAddresses {
	const isTrusted = proxyaddr.compile([...proxies]);
	return {
		of: (request) => countedAs(proxyaddr(request, isTrusted)),
		countedAs,
		isProxy: (address) => isTrusted(address, 0),
	};
}

/** Groups of an IPv6 address that name the network: whoever has one has all 2^64 addresses in it. */
const NETWORK_GROUPS = 4;
const ALL_GROUPS = 8;

/** An address that is none comes from a proxy of ours, and is taken as it is. */
function countedAs(address: string): string {
	const bare = withoutPort(address)
		.replace(/^::ffff:(?=\d+\.)/i, "")
		.replace(/%.*$/, "");
	if (!isIPv6(bare)) return bare;
	const [head = "", tail] = bare.toLowerCase().split("::");
	const groups = head === "" ? [] : head.split(":");
	const after = tail === undefined || tail === "" ? [] : tail.split(":");
	while (groups.length + after.length < ALL_GROUPS && tail !== undefined) groups.push("0");
	return `${[...groups, ...after]
		.slice(0, NETWORK_GROUPS)
		.map((group) => group.replace(/^0+(?=.)/, ""))
		.join(":")}::/64`;
}

/** Some proxies say the port as well, another one with each connection: `192.0.2.7:49152`, `[2001:db8::7]:49152`. */
function withoutPort(address: string): string {
	const [, inBrackets, dotted] = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/.exec(address) ?? [];
	return inBrackets ?? dotted ?? address;
}
