/** Which addresses are not the Internet, and those of this host that are. */
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { parsePrefix } from "../../address-prefix.ts";

/**
 * What the IANA IPv4 Special-Purpose Address Registry does not call globally reachable, with multicast: private,
 * carriers', link-local with the metadata service of clouds, documentation, benchmarks, relays, reserved and broadcast.
 */
export const CLOSED_IPV4 = [
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.88.99.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/3",
];

/** All that is global unicast today; unique local, link-local, mapped, NAT64 and multicast addresses are outside. */
export const GLOBAL_IPV6 = "2000::/3";
/** Inside of it: tunnels, in whose addresses IPv4 ones are hidden, protocol assignments and documentation. */
export const CLOSED_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const closed = new BlockList();
for (const subnet of CLOSED_IPV4) closed.addSubnet(...partsOf(subnet), "ipv4");
for (const subnet of CLOSED_IPV6) closed.addSubnet(...partsOf(subnet), "ipv6");
const global = new BlockList();
global.addSubnet(...partsOf(GLOBAL_IPV6), "ipv6");

/**
 * Addresses of this machine that would count as the Internet: whatever listens on them, the gateway included, may trust
 * that its neighbours are friends. Where the gateway is in a container they are the container's.
 */
export function publicAddressesOfThisHost(): string[] {
	const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return own.map(({ address }) => address).filter(isPublic);
}

export function isPublic(address: string): boolean {
	if (isIP(address) === 4) return !closed.check(address, "ipv4");
	return isIP(address) === 6 && global.check(address, "ipv6") && !closed.check(address, "ipv6");
}

function partsOf(subnet: string): [string, number] {
	const prefix = parsePrefix(subnet);
	if (prefix === null) throw new Error(`${subnet} is no prefix`);
	return [prefix.address, prefix.length];
}
