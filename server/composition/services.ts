/**
 * Who there is and what they may: the part of the gateway that needs no containers. `berth` makes the same of the same
 * files where no gateway runs.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import { accountOperations } from "../api/account-operations.ts";
import { Api, type Handlers } from "../api/api.ts";
import { auditOperations } from "../api/audit-operations.ts";
import { guestOperations } from "../api/guest-operations.ts";
import { secretOperations } from "../api/secret-operations.ts";
import { tokenOperations } from "../api/token-operations.ts";
import { userOperations } from "../api/user-operations.ts";
import { type Config, isReachedByHttps } from "../config.ts";
import { ApiTokens } from "../core/api-tokens.ts";
import type { AuditTrail } from "../core/audit.ts";
import { LimitAudit } from "../core/limit-audit.ts";
import type { SecretStore } from "../core/secrets.ts";
import { type SignIn, SignIns } from "../core/sign-ins.ts";
import type { User } from "../core/users.ts";
import { SignInCookies } from "../http/sign-in-cookies.ts";
import type { SignInId, UserId } from "../protocol/ids.ts";
import type { SignInEnd } from "../protocol/sign-in.ts";
import type { SecretChange } from "../protocol/terminal.ts";
import { createSecretStore } from "../secrets/secret-store.ts";
import { Database } from "../store/database.ts";
import { SqliteApiTokens } from "../store/sqlite-api-tokens.ts";
import { SqliteAudit } from "../store/sqlite-audit.ts";
import { SqliteSignIns } from "../store/sqlite-sign-ins.ts";
import { SqliteUsers } from "../store/sqlite-users.ts";
import { createWaysIn, type WaysIn } from "./ways-in.ts";

/** What else has to happen where somebody is let in no more, or may use something else. */
export type ServicesHooks = {
	/** Where people reach the gateway, with the path that everything is below. Asked once it listens. */
	publicUrl(): string;
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
	cookies: SignInCookies;
	waysIn: WaysIn;
	audit: AuditTrail;
	limitAudit: LimitAudit;
	secrets: SecretStore;
	api: Api;
};

export function createServices(config: Config, log: Logger, hooks: ServicesHooks): Services {
	using resources = new DisposableStack();
	const database = resources.use(new Database(join(config.DATA_DIR, "berth.sqlite")));
	const users = new SqliteUsers(database);
	const audit = resources.use(new SqliteAudit(database, config.DATA_DIR, log));
	const limitAudit = new LimitAudit(audit);
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
	const waysIn = createWaysIn(config, { ...hooks, database, users, signIns, audit, cookies, isSecure, log });
	const { authentication } = waysIn;
	const handlers: Partial<Handlers> = {
		...accountOperations({
			authentication,
			signIns,
			users,
			methods: waysIn.methods,
			signOutAddress: (method, signIn) => waysIn.signOutAddress(method, signIn),
		}),
		...waysIn.handlers,
		...userOperations({ ...hooks, users, signIns, audit }),
		...tokenOperations({ tokens, audit }),
		...secretOperations({ ...hooks, secrets, users, audit }),
		...guestOperations({ ...hooks, authentication, users, audit }),
		...auditOperations({ audit }),
	};
	const api = new Api(handlers, audit, limitAudit);
	const owned = resources.move();
	return {
		...{ database, users, signIns, tokens, cookies, waysIn, audit, limitAudit, secrets, api },
		[Symbol.dispose]: () => owned.dispose(),
	};
}
