/** Facts of an account in words. */
import type { SignInMethod } from "../../server/protocol/sign-in.ts";

export const METHOD_WORDS: Record<SignInMethod, string> = {
	anonymous: "No, you are a guest",
	password: "By name and password",
	oidc: "By single sign-on",
	jwt: "By another site, which this terminal is part of",
	proxy: "By the proxy in front of this service",
};

const UNITS = [
	["day", 86_400_000],
	["hour", 3_600_000],
	["minute", 60_000],
] as const;

/** `3 hours ago`; whatever is less than a minute old is `just now`. */
export function agoWords(time: number, now: number): string {
	const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
	for (const [unit, ms] of UNITS) {
		const count = Math.floor((now - time) / ms);
		if (count >= 1) return format.format(-count, unit);
	}
	return "just now";
}

/** What browsers call themselves, in the order in which to look: most claim to be others as well. */
const BROWSERS = [
	[/\bEdgA?\//, "Edge"],
	[/\bOPR\//, "Opera"],
	[/\bSamsungBrowser\//, "Samsung Internet"],
	[/\b(Firefox|FxiOS)\//, "Firefox"],
	[/\b(Chrome|HeadlessChrome|CriOS)\//, "Chrome"],
	[/\bSafari\//, "Safari"],
] as const;

const SYSTEMS = [
	[/\b(iPhone|iPad)\b/, "iOS"],
	[/\bAndroid\b/, "Android"],
	[/\bWindows\b/, "Windows"],
	[/\bMac OS X\b/, "macOS"],
	[/\bCrOS\b/, "ChromeOS"],
	[/\bLinux\b/, "Linux"],
] as const;

/** `Firefox on Linux`; what names itself otherwise is told as it does. */
export function deviceWords(userAgent: string): string {
	const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
	const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
	if (browser === undefined) return userAgent.trim() || "Unknown device";
	return system === undefined ? browser : `${browser} on ${system}`;
}

/** Of `nameOfActor`: whoever it was; nothing where it was the user. */
export function whoWords(actor: string, userId: string): string {
	const [kind, name = ""] = actor.split(":", 2);
	if (kind === "token") return `by the service “${name}”`;
	return kind === "user" && name === userId ? "" : "by an operator";
}
