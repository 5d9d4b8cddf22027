/**
 * How lines of the audit log hang together: each line's hash is over its text and the hash of the line before, keyed, so
 * that nobody without the key can make one up. The number is part of the text.
 */
import { createHmac } from "node:crypto";
import type { AuditEvent } from "./audit.ts";

/** A place in the log: a line's number, and its hash. */
export type AuditMark = { seq: number; hash: Buffer };

export type ChainedLine = AuditMark & { text: string };

const HASH = "sha256";
/** Before the first line. */
export const BEGINNING: AuditMark = { seq: 0, hash: Buffer.alloc(32) };
/** Nothing that is written down is longer, but what strangers choose might be. Characters. */
const TEXT_LENGTH = 2_000;

export class AuditChain {
	readonly #key: Buffer;

	constructor(key: Buffer) {
		this.#key = key;
	}

	/** The line that follows one. `at`: Unix time, ms. */
	next(before: AuditMark, event: AuditEvent, at: number): ChainedLine {
		const seq = before.seq + 1;
		const text = textOf(event, seq, at);
		return { seq, text, hash: this.hashOf(before, text) };
	}

	hashOf(before: Pick<AuditMark, "hash">, text: string): Buffer {
		return createHmac(HASH, this.#key).update("line\0").update(before.hash).update(text).digest();
	}

	/** Proves that the log was pruned up to here by who has the key. */
	sealOf({ hash, seq }: AuditMark): Buffer {
		return createHmac(HASH, this.#key).update(`pruned\0${seq}\0`).update(hash).digest();
	}
}

/** One way only to write the same: keys in this order, details sorted. */
function textOf({ action, actor, address, details, result, subject }: AuditEvent, seq: number, at: number): string {
	const sorted = Object.entries(details).sort(([one], [other]) => (one < other ? -1 : 1));
	const bounded = Object.fromEntries(sorted.map(([name, value]) => [name, cutShort(value)]));
	return JSON.stringify({
		...{ seq, at, actor: cutShort(actor), address: cutShort(address), action },
		...{ subject: cutShort(subject), result, details: bounded },
	});
}

function cutShort<Value>(value: Value): Value | string {
	return typeof value === "string" ? value.slice(0, TEXT_LENGTH) : value;
}
