/**
 * Who is signed in. A sign-in is kept here and named by a random token in a cookie: it can be listed, ended, and ends by
 * itself. Of the token only a hash is kept, so that a copy of the database lets nobody in.
 */
import { randomBytes } from "node:crypto";
import { SignInId, type UserId } from "../protocol/ids.ts";
import type { SignInEnd, SignInMethod } from "../protocol/sign-in.ts";
import type { IssuerSession } from "./authenticator.ts";
import { tokenHash } from "./token-hash.ts";

export type SignIn = {
	signInId: SignInId;
	userId: UserId;
	method: SignInMethod;
	/** Unix times, ms. */
	createdAt: number;
	/** When it was last used, within `USE_NOTED_AFTER_MS`. */
	usedAt: number;
	/** Ends then at the latest, however much it is used. */
	endsAt: number;
	/** Where it began. */
	address: string;
	/** The browser, as it calls itself; cut short. */
	device: string;
	issuerSession: IssuerSession | null;
};

/** Who ended a sign-in, for the audit log. */
export type EndedBy = { actor: string; address: string | null };

const GATEWAY: EndedBy = { actor: "gateway", address: null };

/** The port that keeps sign-ins. */
export interface SignInStore {
	insert(signIn: SignIn, tokenHash: Buffer): void;
	findByToken(tokenHash: Buffer): SignIn | null;
	listOf(userId: UserId): SignIn[];
	touch(signInIds: readonly SignInId[], now: number): void;
	/** Removes them, and returns those that were there. */
	remove(signInIds: readonly SignInId[]): SignIn[];
	/**
	 * Sign-ins of an issuer's own sign-in, or of all of a subject's where `sid` is null. Those of which the issuer never
	 * said by which of its own they began are found by their subject.
	 */
	ofIssuer(issuer: string, subject: string | null, sid: string | null): SignIn[];
	/** Those that were last used before `usedBefore`, or end before `now`. */
	over(usedBefore: number, now: number): SignIn[];
}

export type SignInsOptions = {
	store: SignInStore;
	/** An unused sign-in ends after this long, ms. */
	idleMs: number;
	/** Every sign-in ends after this long, ms. */
	longestMs: number;
	/** Sign-ins that a page is open with: those are in use. */
	present(): SignInId[];
	/** Whoever holds something open by this sign-in lets it go now. */
	onEnded(signIn: SignIn, why: SignInEnd, by: EndedBy): void;
	now?(): number;
};

export type SignInFacts = Pick<SignIn, "userId" | "method" | "address" | "device" | "issuerSession">;

const TOKEN_BYTES = 32;
const ID_BYTES = 16;
const DEVICE_LENGTH = 200;
/** More than anybody has browsers. Whoever signs in more often ends those that were used least recently. */
const MOST_PER_USER = 100;
/** A sign-in that was used a moment ago need not be written down again. */
const USE_NOTED_AFTER_MS = 60_000;
/** How often those that are over are looked for: a fraction of the idle limit, within these bounds. */
const SWEEP_BOUNDS_MS = { least: 500, most: 30_000 };
const SWEEPS_PER_IDLE_LIMIT = 10;

export class SignIns implements Disposable {
	readonly #options: SignInsOptions;
	readonly #sweep: NodeJS.Timeout;

	constructor(options: SignInsOptions) {
		this.#options = options;
		const period = Math.min(options.idleMs, options.longestMs) / SWEEPS_PER_IDLE_LIMIT;
		const bounded = Math.min(SWEEP_BOUNDS_MS.most, Math.max(SWEEP_BOUNDS_MS.least, period));
		this.#sweep = setInterval(() => this.#endThoseThatAreOver(), bounded);
		this.#sweep.unref();
	}

	[Symbol.dispose](): void {
		clearInterval(this.#sweep);
	}

	/** The longest that a cookie is of use, ms. */
	get longestMs(): number {
		return this.#options.longestMs;
	}

	/** Begins a sign-in; always a new one, so that nobody can know its token beforehand. */
	begin(facts: SignInFacts): { signIn: SignIn; token: string } {
		const now = this.#now();
		const token = randomBytes(TOKEN_BYTES).toString("base64url");
		const signIn: SignIn = {
			...facts,
			device: facts.device.slice(0, DEVICE_LENGTH),
			signInId: SignInId.parse(randomBytes(ID_BYTES).toString("base64url")),
			createdAt: now,
			usedAt: now,
			endsAt: now + this.#options.longestMs,
		};
		this.#options.store.insert(signIn, tokenHash(token));
		this.#endBeyondMost(facts.userId);
		return { signIn, token };
	}

	/** The sign-in of this token, which counts as used; null where there is none, or it is over. */
	find(token: string): SignIn | null {
		const signIn = this.#options.store.findByToken(tokenHash(token));
		const now = this.#now();
		if (signIn === null || this.#isOver(signIn, now)) return null;
		if (now - signIn.usedAt >= this.#noteAfterMs) this.#options.store.touch([signIn.signInId], now);
		return signIn;
	}

	/** Newest use first. */
	listOf(userId: UserId): SignIn[] {
		const now = this.#now();
		const alive = this.#options.store.listOf(userId).filter((signIn) => !this.#isOver(signIn, now));
		return alive.toSorted((one, other) => other.usedAt - one.usedAt);
	}

	/** Returns what there was to end. */
	end(signInIds: readonly SignInId[], why: SignInEnd, by: EndedBy = GATEWAY): SignIn[] {
		const ended = this.#options.store.remove(signInIds);
		for (const signIn of ended) this.#options.onEnded(signIn, why, by);
		return ended;
	}

	/** Ends all of a user's sign-ins, but one where `except` names it. */
	endAllOf(userId: UserId, why: SignInEnd, by: EndedBy, except: SignInId | null = null): SignIn[] {
		const all = this.#options.store.listOf(userId).map(({ signInId }) => signInId);
		return this.end(
			all.filter((signInId) => signInId !== except),
			why,
			by,
		);
	}

	/** The issuer says that its own sign-in is over, or all of a subject's. One of both has to be named. */
	endByIssuer(issuer: string, subject: string | null, sid: string | null): SignIn[] {
		const signIns = subject === null && sid === null ? [] : this.#options.store.ofIssuer(issuer, subject, sid);
		return this.end(
			signIns.map(({ signInId }) => signInId),
			"issuer",
		);
	}

	#endBeyondMost(userId: UserId): void {
		const all = this.#options.store.listOf(userId);
		if (all.length <= MOST_PER_USER) return;
		const byUse = all.toSorted((one, other) => other.usedAt - one.usedAt || other.createdAt - one.createdAt);
		this.end(
			byUse.slice(MOST_PER_USER).map(({ signInId }) => signInId),
			"replaced",
		);
	}

	#isOver({ usedAt, endsAt }: SignIn, now: number): boolean {
		// What is written down of its use may be late by this much.
		return now >= endsAt || now >= usedAt + this.#options.idleMs + this.#noteAfterMs;
	}

	get #noteAfterMs(): number {
		return Math.min(USE_NOTED_AFTER_MS, this.#options.idleMs / SWEEPS_PER_IDLE_LIMIT);
	}

	#endThoseThatAreOver(): void {
		const { idleMs, present, store } = this.#options;
		const now = this.#now();
		store.touch(present(), now);
		const over = store.over(now - idleMs - this.#noteAfterMs, now);
		this.end(
			over.map(({ signInId }) => signInId),
			"expired",
		);
	}

	#now(): number {
		return this.#options.now?.() ?? Date.now();
	}
}
