/**
 * What a container may reach, as an nftables ruleset for its own network namespace: destinations for all of its accounts,
 * and rates for each of them. Pure text; `network-rules.ts` puts it in place.
 */
import { parsePrefix } from "../../address-prefix.ts";
import type { EgressPolicy } from "../../protocol/link.ts";
import { CLOSED_IPV4, CLOSED_IPV6, GLOBAL_IPV6 } from "./closed-addresses.ts";

export type EgressSettings = {
	policy: EgressPolicy;
	/** Addresses and prefixes that `internet` opens although it would not, with all their ports. */
	allowed: readonly string[];
	/** Addresses and prefixes that `internet` closes although it would not. */
	denied: readonly string[];
	/** New connections of one account, 1/s; null without bound. */
	connectionsPerSecond: number | null;
	/** Traffic of one account, in each direction, bytes/s; null without bound. */
	bytesPerSecond: number | null;
};

/** Also the name under which the rules are found again: tables of others, such as Docker's, are left alone. */
export const TABLE = "inet berth";
/** Where Docker's own resolver is, in every network but the default one. */
const DOCKER_RESOLVER = "127.0.0.11";
/** A page with its images, an install with its packages: a few seconds' worth at once is no flood. */
const CONNECTION_BURST_S = 5;
/** A packet is up to 64 KiB before the network card cuts it, so that a smaller burst would let none through. */
const LEAST_BURST_BYTES = 1024 ** 2;
const LARGEST_BURST_BYTES = 64 * 1024 ** 2;
/** More than accounts in one container; what is not used for a minute is forgotten. */
const METER = "size 4096; flags dynamic,timeout; timeout 1m;";
/** What IPv6 itself needs; no account can send it, having no raw sockets. */
const NEIGHBOURS_OUT =
	"icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report } accept";
const NEIGHBOURS_IN = "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept";
/** Refused at once, "no route to host" in most programs, instead of minutes of waiting. */
const REFUSE = "reject with icmpx admin-prohibited";
const TO_DNS = "meta l4proto { tcp, udp } th dport 53";

/** Removes what was there. Making the table first lets it be removed where there is none. */
export const NO_RULES = `table ${TABLE} {}\ndelete table ${TABLE}\n`;

/**
 * The ruleset, which takes the place of an earlier one in one step; null where nothing is bounded. `surroundings` are
 * the container's own networks and gateways, and the host's addresses.
 */
export function egressRules(settings: EgressSettings, surroundings: readonly string[]): string | null {
	const { policy, connectionsPerSecond, bytesPerSecond } = settings;
	if (policy === "open" && connectionsPerSecond === null && bytesPerSecond === null) return null;
	return [
		NO_RULES,
		`table ${TABLE} {`,
		...addressSets(settings, surroundings),
		...meters(settings),
		...chain("egress", ["type filter hook output priority 10; policy drop;", ...egress(settings)]),
		...chain("bounds", bounds(settings)),
		...chain("ingress", ingress(policy)),
		...chain("received", bandwidth("received", bytesPerSecond)),
		"}",
	].join("\n");
}

function egress({ policy, connectionsPerSecond }: EgressSettings): string[] {
	const lookups = rate("lookups", connectionsPerSecond).map((bound) => `ip daddr ${DOCKER_RESOLVER} ${bound}`);
	switch (policy) {
		case "none":
			// Docker's resolver would carry names out of here, and with them whatever stands in a name.
			return [`ip daddr ${DOCKER_RESOLVER} ${REFUSE}`, "oif lo accept", REFUSE];
		case "open":
			return [...lookups, "oif lo accept", NEIGHBOURS_OUT, ...HONEST, "goto bounds"];
		case "internet":
			return [...lookups, "oif lo accept", NEIGHBOURS_OUT, ...HONEST, ...destinations(), "goto bounds"];
	}
}

/**
 * Where packets come from and where they go is what they say. A bound address need not be one's own: IPv6 sends from
 * whatever a socket was bound to with IPV6_FREEBIND. And anybody may ask for a route: then the real destination stands
 * behind the first stop.
 */
const HONEST = [
	"fib saddr type != local drop",
	"ip option lsrr exists drop",
	"ip option ssrr exists drop",
	"exthdr rt exists drop",
];

function destinations(): string[] {
	return [
		"ip daddr @allowed4 goto bounds",
		"ip6 daddr @allowed6 goto bounds",
		// Docker's resolver asks the host's ones from in here, as root; no account is.
		`meta skuid 0 ${TO_DNS} accept`,
		`ip daddr @resolvers4 ${TO_DNS} goto bounds`,
		`ip6 daddr @resolvers6 ${TO_DNS} goto bounds`,
		`ip daddr @closed4 ${REFUSE}`,
		`ip6 daddr != ${GLOBAL_IPV6} ${REFUSE}`,
		`ip6 daddr @closed6 ${REFUSE}`,
		`tcp dport 25 ${REFUSE}`,
	];
}

/**
 * A connection carries its account in its mark, as a hash, since nftables does not take a uid for one: what comes in has
 * no account yet, and what a closed socket still sends has none any more.
 */
function bounds({ connectionsPerSecond, bytesPerSecond }: EgressSettings): string[] {
	return [
		...rate("connections", connectionsPerSecond).map((bound) => `ct state new ${bound}`),
		"ct state new ct mark set jhash meta skuid mod 1073741824 offset 1",
		...bandwidth("sent", bytesPerSecond),
	];
}

function ingress(policy: EgressPolicy): string[] {
	const hook = (verdict: string): string => `type filter hook input priority 10; policy ${verdict};`;
	if (policy === "open") return [hook("accept"), "iif lo accept", "goto received"];
	return [hook("drop"), "iif lo accept", NEIGHBOURS_IN, "ct state established,related goto received"];
}

function rate(meter: string, perSecond: number | null): string[] {
	if (perSecond === null) return [];
	const burst = perSecond * CONNECTION_BURST_S;
	return [`update @${meter} { meta skuid limit rate over ${perSecond}/second burst ${burst} packets } drop`];
}

function bandwidth(meter: string, perSecond: number | null): string[] {
	if (perSecond === null) return ["accept"];
	const burst = Math.min(LARGEST_BURST_BYTES, Math.max(LEAST_BURST_BYTES, perSecond));
	return [`update @${meter} { ct mark limit rate over ${perSecond} bytes/second burst ${burst} bytes } drop`, "accept"];
}

function meters({ connectionsPerSecond, bytesPerSecond }: EgressSettings): string[] {
	const byAccount = connectionsPerSecond === null ? [] : ["lookups", "connections"];
	const byMark = bytesPerSecond === null ? [] : ["sent", "received"];
	return [
		...byAccount.map((name) => `set ${name} { type uid; ${METER} }`),
		...byMark.map((name) => `set ${name} { type mark; ${METER} }`),
	];
}

/** Resolvers are added where the rules are put in place: the container knows them. */
function addressSets({ allowed, denied }: EgressSettings, surroundings: readonly string[]): string[] {
	const closed = [...CLOSED_IPV4, ...CLOSED_IPV6, ...denied, ...surroundings];
	return [...addressSet("allowed", allowed), ...addressSet("closed", closed), ...addressSet("resolvers", [])];
}

function addressSet(name: string, members: readonly string[]): string[] {
	return ([4, 6] as const).map((family) => {
		const listed = [...new Set(members)].map(parsePrefix).filter((prefix) => prefix?.family === family);
		const texts = listed.map((prefix) => (prefix === null ? "" : `${prefix.address}/${prefix.length}`));
		const elements = texts.length === 0 ? "" : ` elements = { ${texts.join(", ")} }`;
		return `set ${name}${family} { type ipv${family}_addr; flags interval; auto-merge;${elements} }`;
	});
}

function chain(name: string, rules: readonly string[]): string[] {
	return [`chain ${name} {`, ...rules, "}"];
}
