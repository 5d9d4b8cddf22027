/** How operators write values, in the environment and in files: each is a schema that reads a text. */
import proxyaddr from "proxy-addr";
import { z } from "zod";
import { parsePrefix } from "./address-prefix.ts";
import { SignInMethod } from "./protocol/sign-in.ts";

const isTrue = new Set(["true", "1", "yes", "on"]);
const isFalse = new Set(["false", "0", "no", "off"]);

export const flag = () =>
	z.string().transform((text, context) => {
		const word = text.toLowerCase();
		if (isTrue.has(word)) return true;
		if (isFalse.has(word)) return false;
		return problem(context, "must be true or false");
	});

export const wholeNumber = (least: number, most: number) =>
	z.string().transform((text, context) => {
		const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
		if (number >= least && number <= most) return number;
		return problem(context, `must be a whole number from ${least} to ${most}`);
	});

export const decimalNumber = (least: number, most: number) =>
	z.string().transform((text, context) => {
		const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
		if (number >= least && number <= most) return number;
		return problem(context, `must be a number from ${least} to ${most}`);
	});

const BYTE_UNITS = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** `512m` → bytes, in Docker's way of writing: b, k, m, g as powers of 1024. */
export const byteSize = (least: number, most: number) =>
	z.string().transform((text, context) => {
		const [, digits, unit = ""] = /^(\d+)([bkmg]?)$/i.exec(text) ?? [];
		const bytes = Number(digits) * BYTE_UNITS[unit.toLowerCase() as keyof typeof BYTE_UNITS];
		if (bytes >= least && bytes <= most) return bytes;
		return problem(context, `must be a size such as 512m, from ${least} to ${most} bytes`);
	});

const DURATION_UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `7d` → milliseconds. */
export const duration = (leastMs: number) =>
	z.string().transform((text, context) => {
		const [, digits, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
		const ms = Number(digits) * DURATION_UNITS[unit as keyof typeof DURATION_UNITS];
		if (ms >= leastMs && ms <= MAX_DURATION_MS) return ms;
		return problem(context, `must be a duration such as 30s, 10m, 12h or 7d, at least ${leastMs / 1000} s`);
	});

const MAX_DURATION_MS = 3650 * DURATION_UNITS.d;

function listOf(text: string): string[] {
	return text
		.split(",")
		.map((entry) => entry.trim())
		.filter((entry) => entry !== "");
}

/** What a proxy's address may be written as: see `proxy-addr`. */
export const proxyAddresses = () =>
	z.string().transform((text, context) => {
		const listed = listOf(text);
		try {
			proxyaddr.compile(listed);
			return listed;
		} catch {
			return problem(
				context,
				"must be addresses or networks such as 10.0.0.7, 10.0.0.0/8 or loopback, separated by commas",
			);
		}
	});

/** Texts separated by commas. */
export const textList = () => z.string().transform(listOf);

export const signInMethods = () =>
	z.string().transform((text, context) => {
		const listed = z.array(SignInMethod).safeParse(listOf(text));
		if (listed.success && listed.data.length > 0) return listed.data;
		return problem(context, `must be of ${SignInMethod.options.join(", ")}, separated by commas`);
	});

/** Without a slash at the end. */
export const httpUrl = () =>
	z.string().transform((text, context) => {
		const url = URL.parse(text);
		if (url !== null && isPlain(url)) return url.href.replace(/\/+$/, "");
		return problem(context, "must be a URL such as https://shell.example.org");
	});

/** As it is written: who vouches is compared by each character, and some end with a slash. */
export const issuerUrl = () =>
	z.string().refine((text) => {
		const url = URL.parse(text);
		return url !== null && isPlain(url);
	}, "must be a URL such as https://login.example.org, exactly as the provider calls itself");

/** Addresses are written down where everybody may read them: nobody's name and password are in them. */
function isPlain({ hash, password, protocol, search, username }: URL): boolean {
	return /^https?:$/.test(protocol) && [hash, password, search, username].every((part) => part === "");
}

/** `/` becomes nothing at all, so that other paths can follow. */
export const basePath = () =>
	z.string().transform((text, context) => {
		const bare = text.replace(/\/+$/, "");
		if (/^(\/[\w.~-]+)*$/.test(bare)) return bare;
		return problem(context, "must be a path such as /berth");
	});

/** In lower case, as Node has them. */
export const headerName = () =>
	z
		.string()
		.regex(/^[A-Za-z0-9-]{1,64}$/, "must be a header's name such as X-Remote-User")
		.transform((name) => name.toLowerCase());

const SECRETS_KEY_BYTES = 32;

/** 256-bit keys in base64, separated by commas or lines. */
export const secretsKeys = () =>
	z.string().transform((text, context) => {
		const keys = text
			.split(/[\s,]+/)
			.filter((each) => each !== "")
			.map((each) => Buffer.from(each, "base64"));
		if (keys.length > 0 && keys.every(({ length }) => length === SECRETS_KEY_BYTES)) return keys;
		return problem(
			context,
			`must be keys of ${SECRETS_KEY_BYTES} bytes in base64; \`openssl rand -base64 32\` makes one`,
		);
	});

export const origins = () =>
	z.string().transform((text, context) => {
		const listed = listOf(text);
		const wrong = listed.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
		if (wrong === undefined) return listed;
		return problem(context, `must be origins such as https://shell.example.org, separated by commas; not ${wrong}`);
	});

/** `0` and `none` switch a bound off: null. */
export const orNone = <Inner extends z.ZodType>(bound: Inner) =>
	z.preprocess((text) => (text === "0" || text === "none" ? null : text), bound.nullable());

/** IPv4 and IPv6 addresses, or prefixes. */
export const prefixes = () =>
	z.string().transform((text, context) => {
		const listed = listOf(text);
		const wrong = listed.find((address) => parsePrefix(address) === null);
		if (wrong === undefined) return listed;
		return problem(context, `must be addresses such as 192.0.2.7 or 2001:db8::/48, separated by commas; not ${wrong}`);
	});

export const matching = (pattern: RegExp, form: string) => z.string().regex(pattern, `must be ${form}`);

/** Docker's own rule for names of containers, volumes and networks. */
export const DOCKER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,60}$/;

function problem(context: z.core.$RefinementCtx, message: string): never {
	context.issues.push({ code: "custom", message, input: context.value });
	return z.NEVER;
}
