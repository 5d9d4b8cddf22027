/**
 * Who there is and what they may: the part of the gateway that needs no containers. `berth` makes the same of the same
 * files where no gateway runs.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import { accountOperations } from "./api/account-operations.ts";
import { Api, type Handlers } from "./api/api.ts";
import { guestOperations } from "./api/guest-operations.ts";
import { secretOperations } from "./api/secret-operations.ts";
import { tokenOperations } from "./api/token-operations.ts";
import { userOperations } from "./api/user-operations.ts";
import { AnonymousAuthenticator } from "./authenticators/anonymous.ts";
import { keptCookieSecret } from "./authenticators/cookie-secret.ts";
import { type Config, isReachedByHttps } from "./config.ts";
import { ApiTokens } from "./core/api-tokens.ts";
import type { AuditLog } from "./core/audit.ts";
import { Authentication } from "./core/authentication.ts";
import type { SecretStore } from "./core/secrets.ts";
import { type SignIn, SignIns } from "./core/sign-ins.ts";
import type { User } from "./core/users.ts";
import { SignInCookies } from "./http/sign-in-cookies.ts";
import type { MethodInfo } from "./protocol/api.ts";
import type { SignInId, UserId } from "./protocol/ids.ts";
import type { SignInEnd } from "./protocol/sign-in.ts";
import type { SecretChange } from "./protocol/terminal.ts";
import { createSecretStore } from "./secrets/secret-store.ts";
import { Database } from "./store/database.ts";
import { SqliteApiTokens } from "./store/sqlite-api-tokens.ts";
import { SqliteSignIns } from "./store/sqlite-sign-ins.ts";
import { SqliteUsers } from "./store/sqlite-users.ts";

/** What else has to happen where somebody is let in no more, or may use something else. */
export type ServicesHooks = {
	/** Sign-ins that a page is open by. */
	presentSignIns(): SignInId[];
	onSignInEnded(signIn: SignIn, why: SignInEnd): void;
	isTier(name: string): boolean;
	onTierChanged(userId: UserId): void;
	onDisabled(userId: UserId): void;
	onSecretChanged(userId: UserId, change: SecretChange): void;
	/** Returns where the files are now. */
	adoptGuest(guest: User, member: User): Promise<string>;
};

export type Services = Disposable & {
	database: Database;
	users: SqliteUsers;
	signIns: SignIns;
	tokens: ApiTokens;
	authentication: Authentication;
	cookies: SignInCookies;
	/** Null where guests are not let in. */
	guests: AnonymousAuthenticator | null;
	audit: AuditLog;
	secrets: SecretStore;
	api: Api;
};

export function createServices(config: Config, log: Logger, hooks: ServicesHooks): Services {
	using resources = new DisposableStack();
	const database = resources.use(new Database(join(config.DATA_DIR, "berth.sqlite")));
	const users = new SqliteUsers(database);
	const audit: AuditLog = { record: (event) => log.info(event, "audit") };
	const tokens = new ApiTokens(new SqliteApiTokens(database));
	const signIns = resources.use(
		new SignIns({
			store: new SqliteSignIns(database),
			idleMs: config.SIGN_IN_IDLE_TIMEOUT,
			longestMs: config.SIGN_IN_TIMEOUT,
			present: hooks.presentSignIns,
			onEnded: (signIn, why, by) => {
				const { signInId, userId: subject, method } = signIn;
				const action = why === "signed-out" ? "signed-out" : "sign-in.ended";
				audit.record({ ...by, action, subject, result: "done", details: { why, method, signInId } });
				hooks.onSignInEnded(signIn, why);
			},
		}),
	);
	const secrets = createSecretStore(config, database, log);
	const isSecure = isReachedByHttps(config);
	const cookies = new SignInCookies(isSecure);
	const guests = config.SIGN_IN.includes("anonymous")
		? new AnonymousAuthenticator({ secret: config.COOKIE_SECRET ?? keptCookieSecret(config.DATA_DIR), isSecure })
		: null;
	const authentication = new Authentication({
		users,
		signIns,
		tokenOf: (request) => cookies.tokenOf(request),
		byRequest: [],
		guests,
		audit,
	});
	const handlers: Partial<Handlers> = {
		...accountOperations({
			authentication,
			signIns,
			users,
			methods: methodsOf(config),
			issuerSignOut: async () => null,
		}),
		...userOperations({ ...hooks, users, signIns, audit }),
		...tokenOperations({ tokens, audit }),
		...secretOperations({ ...hooks, secrets, users, audit }),
		...guestOperations({ ...hooks, authentication, users, audit }),
	};
	const api = new Api(handlers, audit);
	const owned = resources.move();
	return {
		...{ database, users, signIns, tokens, authentication, cookies, guests, audit, secrets, api },
		[Symbol.dispose]: () => owned.dispose(),
	};
}

/** As the sign-in page offers them. */
function methodsOf(config: Config): MethodInfo[] {
	const labels = {
		anonymous: { label: "Continue as a guest", path: "container-terminal" },
		password: { label: "Sign in", path: null },
		oidc: { label: config.OIDC_LABEL, path: "sign-in/oidc" },
		// These come from elsewhere: there is nothing to press.
		jwt: null,
		proxy: null,
	};
	return config.SIGN_IN.flatMap((method) => {
		const shown = labels[method];
		return shown === null ? [] : [{ method, ...shown }];
	});
}
