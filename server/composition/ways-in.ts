/** The ways in: makes those that are on, and joins them. */
import type { Handlers } from "../api/api.ts";
import { invitationOperations } from "../api/invitation-operations.ts";
import { jwtOperations } from "../api/jwt-operations.ts";
import { passwordOperations } from "../api/password-operations.ts";
import { AnonymousAuthenticator } from "../authenticators/anonymous.ts";
import { Argon2Hasher } from "../authenticators/argon2-hasher.ts";
import { keptCookieSecret } from "../authenticators/cookie-secret.ts";
import { JwtAuthenticator } from "../authenticators/jwt.ts";
import { KnownDevices } from "../authenticators/known-devices.ts";
import { OidcAuthenticator } from "../authenticators/oidc.ts";
import { OidcLogout } from "../authenticators/oidc-logout.ts";
import { PasswordAuthenticator } from "../authenticators/password.ts";
import { ProxyAuthenticator } from "../authenticators/proxy.ts";
import type { Config } from "../config.ts";
import type { AuditLog } from "../core/audit.ts";
import { Authentication } from "../core/authentication.ts";
import { Invitations } from "../core/invitations.ts";
import type { Log } from "../core/log.ts";
import { Passwords } from "../core/passwords.ts";
import { REFUSAL_LIMIT, Refusals } from "../core/refusals.ts";
import { SignInAttempts } from "../core/sign-in-attempts.ts";
import type { SignIn, SignIns } from "../core/sign-ins.ts";
import type { UsedTokens } from "../core/used-tokens.ts";
import { SIGN_IN_PATH } from "../http/app.ts";
import { OidcFlowCookie } from "../http/oidc-flow-cookie.ts";
import { OIDC_CALLBACK_PATH, OIDC_PATH } from "../http/oidc-routes.ts";
import type { SignInCookies } from "../http/sign-in-cookies.ts";
import { clientAddresses } from "../limits/client-address.ts";
import { MemoryAttemptLimit, memoryAttemptLimits } from "../limits/memory-attempt-limit.ts";
import type { MethodInfo } from "../protocol/api.ts";
import type { UserId } from "../protocol/ids.ts";
import type { SignInMethod } from "../protocol/sign-in.ts";
import type { Database } from "../store/database.ts";
import { SqliteInvitations } from "../store/sqlite-invitations.ts";
import { SqlitePasswords } from "../store/sqlite-passwords.ts";
import { SqliteUsedTokens } from "../store/sqlite-used-tokens.ts";
import type { SqliteUsers } from "../store/sqlite-users.ts";

export type WaysIn = {
	authentication: Authentication;
	/** As the sign-in page offers them. */
	methods: readonly MethodInfo[];
	/** Of the operations that belong to one way in. */
	handlers: Partial<Handlers>;
	/** Null where guests are not let in. */
	guests: AnonymousAuthenticator | null;
	/** Null where nobody signs in at a provider. */
	oidc: { oidc: OidcAuthenticator; logout: OidcLogout; flowCookie: OidcFlowCookie } | null;
	/** Of ways in that take what an issuer has signed. */
	refusals: Refusals;
	/** Where to sign out at the issuer as well; null where there is no such place. */
	signOutAddress(method: SignInMethod, signIn: SignIn | null): Promise<string | null>;
	/** A new link by which the first operator is made; null where there is one, or passwords are off. */
	firstOperatorLink(): string | null;
};

export type WaysInOptions = {
	database: Database;
	users: SqliteUsers;
	signIns: SignIns;
	audit: AuditLog;
	cookies: SignInCookies;
	/** Whether people reach the gateway by HTTPS. */
	isSecure: boolean;
	isTier(name: string): boolean;
	onTierChanged(userId: UserId): void;
	/** Where people reach the gateway, with the path that everything is below. */
	publicUrl(): string;
	log: Log;
};

export function createWaysIn(config: Config, options: WaysInOptions): WaysIn {
	const { audit, cookies, database, isSecure, isTier, log, onTierChanged, signIns, users } = options;
	const cookieSecret = (): string => config.COOKIE_SECRET ?? keptCookieSecret(config.DATA_DIR);
	const guests = config.SIGN_IN.includes("anonymous")
		? new AnonymousAuthenticator({ secret: cookieSecret(), isSecure })
		: null;
	const refusals = new Refusals({ limit: new MemoryAttemptLimit(REFUSAL_LIMIT), audit });
	const issuerOptions = { usedTokens: new SqliteUsedTokens(database), isTier, log };
	const oidc = createOidc(config, { ...issuerOptions, isSecure, cookieSecret });
	const jwt = createJwt(config, issuerOptions);
	const authentication = new Authentication({
		users,
		signIns,
		methods: config.SIGN_IN,
		tokenOf: (request) => cookies.tokenOf(request),
		byRequest: config.SIGN_IN.includes("proxy") ? [createProxy(config)] : [],
		guests,
		onTierChanged,
		audit,
	});
	const byPassword = config.SIGN_IN.includes("password")
		? passwordParts({ ...options, authentication, devices: new KnownDevices({ secret: cookieSecret(), isSecure }) })
		: null;
	return {
		...{ authentication, guests, oidc, refusals },
		methods: methodsOf(config),
		handlers: {
			...(jwt && jwtOperations({ authentication, jwt, mayBeEmbedded: config.EMBED_ORIGINS.length > 0, refusals })),
			...byPassword?.handlers,
		},
		signOutAddress: async (method, signIn) => {
			if (method === "proxy") return config.PROXY_SIGN_OUT_URL;
			return signIn?.issuerSession ? ((await oidc?.oidc.signOutAddress(signIn.issuerSession)) ?? null) : null;
		},
		firstOperatorLink: () => byPassword?.firstOperatorLink() ?? null,
	};
}

type PasswordPartsOptions = WaysInOptions & { authentication: Authentication; devices: KnownDevices };

/** What signing in by password needs. */
function passwordParts({ database, publicUrl, ...given }: PasswordPartsOptions) {
	const { audit, users } = given;
	const atomically = <T>(work: () => T): T => database.inTransaction(work);
	const store = new SqlitePasswords(database);
	const passwords = new Passwords({ store, users, hasher: new Argon2Hasher(), atomically });
	const invitations = new Invitations({ store: new SqliteInvitations(database), publicUrl });
	const attempts = new SignInAttempts(memoryAttemptLimits(), audit);
	const authenticator = new PasswordAuthenticator({ ...given, passwords, attempts });
	const parts = { ...given, passwords, invitations, attempts, authenticator, atomically };
	return {
		handlers: { ...passwordOperations(parts), ...invitationOperations(parts) },
		firstOperatorLink: () => {
			invitations.endOf(null);
			return users.hasOperator() ? null : invitations.makeFirst().url;
		},
	};
}

type IssuerOptions = { usedTokens: UsedTokens; isTier(name: string): boolean; log: Log };

type OidcParts = IssuerOptions & { isSecure: boolean; cookieSecret(): string };

function createOidc(config: Config, { cookieSecret, isSecure, usedTokens, ...rest }: OidcParts): WaysIn["oidc"] {
	const { OIDC_CLIENT_ID: clientId, OIDC_ISSUER: issuer, PUBLIC_URL } = config;
	if (!config.SIGN_IN.includes("oidc") || clientId === null || issuer === null || PUBLIC_URL === null) return null;
	const oidc = new OidcAuthenticator({
		...{ issuer, clientId, ...rest },
		clientSecret: config.OIDC_CLIENT_SECRET,
		scopes: config.OIDC_SCOPES,
		nameClaim: config.OIDC_NAME_CLAIM,
		roleClaim: config.OIDC_ROLE_CLAIM,
		operators: config.OIDC_OPERATORS,
		tierClaim: config.OIDC_TIER_CLAIM,
		callbackUrl: `${PUBLIC_URL}${OIDC_CALLBACK_PATH}`,
		signedOutUrl: `${PUBLIC_URL}${SIGN_IN_PATH}`,
	});
	const { discovery } = oidc;
	return {
		oidc,
		logout: new OidcLogout({ discovery, clientId, usedTokens }),
		flowCookie: new OidcFlowCookie({ secret: cookieSecret(), isSecure }),
	};
}

function createJwt(config: Config, { isTier, usedTokens }: IssuerOptions): JwtAuthenticator | null {
	const { JWT_AUDIENCE: audience, JWT_ISSUER: issuer, JWT_JWKS_URL: address, JWT_SECRET: secret } = config;
	if (!config.SIGN_IN.includes("jwt") || audience === null || issuer === null) return null;
	const maxAgeMs = config.JWT_MAX_AGE;
	if (address !== null) {
		const key = { kind: "public keys", address } as const;
		return new JwtAuthenticator({ issuer, audience, key, maxAgeMs, usedTokens, isTier });
	}
	if (secret === null) return null;
	return new JwtAuthenticator({ issuer, audience, key: { kind: "secret", secret }, maxAgeMs, usedTokens, isTier });
}

function createProxy(config: Config): ProxyAuthenticator {
	return new ProxyAuthenticator({
		isTrusted: clientAddresses(config.TRUST_PROXY).isProxy,
		userHeader: config.PROXY_USER_HEADER,
		nameHeader: config.PROXY_NAME_HEADER,
		roleHeader: config.PROXY_ROLE_HEADER,
	});
}

/** As the sign-in page offers them. */
function methodsOf(config: Config): MethodInfo[] {
	const labels = {
		anonymous: { label: "Continue as a guest", path: "container-terminal" },
		password: { label: "Sign in", path: null },
		oidc: { label: config.OIDC_LABEL, path: OIDC_PATH.slice(1) },
		// These come from elsewhere: there is nothing to press.
		jwt: null,
		proxy: null,
	};
	return config.SIGN_IN.flatMap((method) => {
		const shown = labels[method];
		return shown === null ? [] : [{ method, ...shown }];
	});
}
