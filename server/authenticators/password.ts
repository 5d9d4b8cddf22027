/** Name and password. Nothing in its answers, nor in the time they take, says which names there are. */
import type { AuditLog } from "../core/audit.ts";
import type { Authenticator, RequestFacts, Vouched } from "../core/authenticator.ts";
import { nameKeyOf } from "../core/login-names.ts";
import { PASSWORD_ISSUER, type PasswordAccount, type Passwords } from "../core/passwords.ts";
import type { SignInAttempts } from "../core/sign-in-attempts.ts";
import type { UserStore } from "../core/users.ts";
import { BerthError } from "../protocol/errors.ts";
import type { KnownDevices } from "./known-devices.ts";

export type PasswordProof = { name: string; password: string; request: RequestFacts };

export type PasswordAuthenticatorOptions = {
	passwords: Passwords;
	users: UserStore;
	attempts: SignInAttempts;
	devices: KnownDevices;
	audit: AuditLog;
};

export class PasswordAuthenticator implements Authenticator<PasswordProof> {
	readonly method = "password";
	readonly #options: PasswordAuthenticatorOptions;

	constructor(options: PasswordAuthenticatorOptions) {
		this.#options = options;
	}

	async authenticate({ name, password, request }: PasswordProof): Promise<Vouched> {
		const { attempts, devices, passwords } = this.#options;
		const account = passwords.findByName(name);
		const nameKey = nameKeyOf(name);
		const deviceId = devices.idOf(request, nameKey);
		const { address } = request;
		const attempt = await attempts.begin({ address, nameKey, deviceId, subject: account?.userId ?? null });
		const right = await this.#verified(account, password, deviceId !== null).catch(async (error: unknown) => {
			await attempt.giveBack();
			throw error;
		});
		if (right === null) {
			this.#tell(account, address);
			throw new BerthError("WRONG_CREDENTIALS");
		}
		await attempt.giveBack();
		return this.vouchFor(right);
	}

	/** What is said of somebody whose password, or one-time link, was right. */
	vouchFor({ userId }: Pick<PasswordAccount, "userId">): Vouched {
		const user = this.#options.users.find(userId);
		if (user === null) throw new Error(`user ${userId} has a password and is not there`);
		const { displayName, subject } = user;
		const identity = { issuer: PASSWORD_ISSUER, subject, displayName };
		return { identity, role: null, tier: null, issuerSession: null };
	}

	async #verified(
		account: PasswordAccount | null,
		password: string,
		isKnown: boolean,
	): Promise<PasswordAccount | null> {
		return await this.#options.passwords.verify(account, password, isKnown ? "known" : "strangers");
	}

	/** Of names that nobody has nothing is written down: people type passwords there as well. */
	#tell(account: PasswordAccount | null, address: string): void {
		this.#options.audit.record({
			...{ actor: "nobody", address, action: "signed-in", subject: account?.userId ?? null },
			...{ result: "WRONG_CREDENTIALS", details: { method: "password" } },
		});
	}
}
