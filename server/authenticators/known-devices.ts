/**
 * Browsers that somebody has signed in with by password before. Each is known by a signed cookie, for that account only;
 * it lets nobody in, but its wrong attempts are counted apart from everybody else's.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RequestFacts } from "../core/authenticator.ts";
import { HostCookie } from "../host-cookie.ts";

export type KnownDevicesOptions = {
	/** Key that the signatures' key is made of. */
	secret: string;
	/** Whether the cookie travels by HTTPS only. */
	isSecure: boolean;
};

/** Browsers keep a cookie for 400 days at most. */
const MAX_AGE_S = 400 * 24 * 60 * 60;
const ID_BYTES = 16;
const ID_LENGTH = 22;
/** An id of 128 bits and a signature of 256, in base64url. */
const MARK = /^([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{43})$/;
/** People who share a computer; the one who has not signed in for the longest time is forgotten first. */
const MOST_ACCOUNTS = 8;

export class KnownDevices {
	readonly #key: Buffer;
	readonly #cookie: HostCookie;

	constructor({ isSecure, secret }: KnownDevicesOptions) {
		// A key of its own: what signs one kind of cookie must never have signed another.
		this.#key = createHmac("sha256", secret).update("known devices").digest();
		this.#cookie = new HostCookie("berth_device", { isSecure });
	}

	/** The browser's id for this account; null where nobody has signed in to it there. */
	idOf(request: RequestFacts, nameKey: string): string | null {
		const mark = this.#marksOf(request).find((each) => this.#isOf(each, nameKey));
		return mark?.slice(0, ID_LENGTH) ?? null;
	}

	/** `Set-Cookie` value by which the browser is known for this account from now on. */
	remember(request: RequestFacts, nameKey: string): string {
		const others = this.#marksOf(request).filter((mark) => !this.#isOf(mark, nameKey));
		const id = randomBytes(ID_BYTES).toString("base64url");
		const marks = [`${id}${this.#signatureOf(id, nameKey)}`, ...others].slice(0, MOST_ACCOUNTS);
		return this.#cookie.set(marks.join("."), MAX_AGE_S);
	}

	#marksOf(request: RequestFacts): string[] {
		const value = this.#cookie.valueIn(request) ?? "";
		return value.split(".", MOST_ACCOUNTS).filter((mark) => MARK.test(mark));
	}

	#isOf(mark: string, nameKey: string): boolean {
		const [, id = "", signature = ""] = MARK.exec(mark) ?? [];
		return timingSafeEqual(Buffer.from(signature), Buffer.from(this.#signatureOf(id, nameKey)));
	}

	#signatureOf(id: string, nameKey: string): string {
		return createHmac("sha256", this.#key).update(id).update(nameKey).digest("base64url");
	}
}
