/** Every way in that vouches for people held to the one suite: guests, passwords, platforms, proxies, OpenID providers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AnonymousAuthenticator } from "../../server/authenticators/anonymous.ts";
import { Argon2Hasher } from "../../server/authenticators/argon2-hasher.ts";
import { JwtAuthenticator } from "../../server/authenticators/jwt.ts";
import { KnownDevices } from "../../server/authenticators/known-devices.ts";
import { OidcAuthenticator } from "../../server/authenticators/oidc.ts";
import { PasswordAuthenticator } from "../../server/authenticators/password.ts";
import { ProxyAuthenticator } from "../../server/authenticators/proxy.ts";
import { Passwords } from "../../server/core/passwords.ts";
import { SignInAttempts } from "../../server/core/sign-in-attempts.ts";
import { memoryAttemptLimits } from "../../server/limits/memory-attempt-limit.ts";
import { LoginName } from "../../server/protocol/api.ts";
import { Database } from "../../server/store/database.ts";
import { SqlitePasswords } from "../../server/store/sqlite-passwords.ts";
import { SqliteUsedTokens } from "../../server/store/sqlite-used-tokens.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import {
	type AuthenticatorUnderTest,
	orRefused,
	type Person,
	testAuthenticator,
} from "../conformance/authenticator.ts";
import { FetchBrowser } from "../support/fetch-browser.ts";
import { comeThrough } from "../support/oidc-stage.ts";
import { RecordingAudit } from "../support/recording-audit.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { PLATFORM_AUDIENCE, PLATFORM_ISSUER, TestPlatform, vouchingFor } from "../support/test-platform.ts";
import { CLIENT_ID, CLIENT_SECRET, TestProvider } from "../support/test-provider.ts";

const nothing = async (): Promise<void> => {};

testAuthenticator("the anonymous authenticator", async () => {
	const authenticator = new AnonymousAuthenticator({ secret: "for this test", isSecure: false });
	const cookies = new Map<string, string>();
	return {
		hasNames: false,
		vouchFor: async ({ subject }) => {
			const request = { headers: { cookie: cookies.get(subject) }, peer: "", address: "" };
			const { setCookies, vouched } = authenticator.admit(request);
			cookies.set(subject, setCookies.find((line) => !line.includes("Max-Age=0"))?.split(";", 1)[0] ?? "");
			return vouched;
		},
		[Symbol.asyncDispose]: nothing,
	};
});

testAuthenticator("the authenticator of names and passwords", async () => {
	const folder = mkdtempSync(join(tmpdir(), "berth-passwords-"));
	const database = new Database(join(folder, "berth.sqlite"));
	const users = new SqliteUsers(database);
	const passwords = new Passwords({
		store: new SqlitePasswords(database),
		users,
		hasher: new Argon2Hasher({ memoryCost: 64, timeCost: 1, parallelism: 1 }),
		atomically: (work) => database.inTransaction(work),
	});
	const audit = new RecordingAudit();
	const attempts = new SignInAttempts(memoryAttemptLimits(), audit);
	const devices = new KnownDevices({ secret: "for this test", isSecure: false });
	const authenticator = new PasswordAuthenticator({ passwords, users, attempts, devices, audit });
	const invited = new Map<string, Promise<string>>();
	const invite = async (subject: string, name: string): Promise<string> => {
		// What the API refuses as a name, and what somebody has already, an operator writes in another way.
		const isFree = LoginName.safeParse(name).success && passwords.findByName(name) === null;
		const loginName = isFree ? name : `person ${invited.size}`;
		const { userId } = passwords.add(loginName, { role: "user", tier: null });
		passwords.set(userId, await passwords.hash(`password of ${subject}`, loginName));
		return loginName;
	};
	return {
		hasNames: false,
		vouchFor: async ({ name, subject }) => {
			const invitation = invited.get(subject) ?? invite(subject, name ?? subject);
			invited.set(subject, invitation);
			const loginName = await invitation;
			const request = { headers: {}, peer: "", address: "203.0.113.1" };
			return await authenticator.authenticate({ name: loginName, password: `password of ${subject}`, request });
		},
		[Symbol.asyncDispose]: async () => {
			database[Symbol.dispose]();
			rmSync(folder, { recursive: true });
		},
	};
});

testAuthenticator("the proxy authenticator", async () => {
	const headers = { userHeader: "x-remote-user", nameHeader: "x-remote-name", roleHeader: "x-remote-role" };
	const authenticator = new ProxyAuthenticator({ isTrusted: () => true, ...headers });
	// A header has bytes, and no line ends: what has others never gets here.
	const sent = (text: string): string =>
		Buffer.from(text.replace(/[\r\n\0]/g, ""), "utf8")
			.toString("latin1")
			.trim();
	return {
		hasNames: true,
		vouchFor: async ({ name, subject }) => {
			const named = { "x-remote-user": sent(subject), ...(name !== undefined && { "x-remote-name": sent(name) }) };
			return authenticator.identify({ headers: named, peer: "", address: "" });
		},
		[Symbol.asyncDispose]: nothing,
	};
});

testAuthenticator("the authenticator of platforms' tokens", async () => {
	const platform = await TestPlatform.start();
	const folder = mkdtempSync(join(tmpdir(), "berth-jwt-"));
	const database = new Database(join(folder, "berth.sqlite"));
	const authenticator = new JwtAuthenticator({
		issuer: PLATFORM_ISSUER,
		audience: PLATFORM_AUDIENCE,
		key: { kind: "public keys", address: platform.environment.JWT_JWKS_URL ?? "" },
		maxAgeMs: 60_000,
		usedTokens: new SqliteUsedTokens(database),
		isTier: () => true,
	});
	return {
		hasNames: true,
		vouchFor: async ({ name, subject }) => {
			const token = await platform.signed(vouchingFor(subject, { name }), { alg: "ES256" });
			return await orRefused(authenticator.authenticate(token));
		},
		[Symbol.asyncDispose]: async () => {
			database[Symbol.dispose]();
			rmSync(folder, { recursive: true });
			await platform[Symbol.asyncDispose]();
		},
	};
});

testAuthenticator("the OpenID authenticator", async (): Promise<AuthenticatorUnderTest> => {
	const provider = await TestProvider.start({ gateway: "http://localhost:1" });
	const authenticator = new OidcAuthenticator({
		issuer: provider.issuer,
		clientId: CLIENT_ID,
		clientSecret: CLIENT_SECRET,
		scopes: "openid profile groups",
		nameClaim: "name",
		roleClaim: "realm.roles",
		operators: ["teachers"],
		tierClaim: "plan",
		callbackUrl: "http://localhost:1/sign-in/oidc/callback",
		signedOutUrl: "http://localhost:1/sign-in",
		isTier: () => true,
		log: new RecordingLog(),
	});
	return {
		hasNames: true,
		vouchFor: async ({ name, subject }: Person) => {
			provider.people.set(subject, name === undefined ? {} : { name });
			const { address, flow } = await authenticator.begin();
			const browser = new FetchBrowser();
			const isBack = (next: URL): boolean => next.port === "1";
			const last = await comeThrough(provider.issuer, browser, await browser.open(address), subject, isBack);
			const { search } = new URL(last.headers.get("location") ?? "");
			return await orRefused(authenticator.authenticate({ flow, search }));
		},
		[Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
	};
});
