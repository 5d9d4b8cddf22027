/** Looks through the audit log, line by line, for what was changed and what is missing. */
import type { AuditVerdict } from "../protocol/api.ts";
import { type AuditChain, type AuditMark, BEGINNING, type ChainedLine } from "./audit-chain.ts";

export type SealedMark = AuditMark & { seal: Buffer };

/** The newest line as it is known outside of the log: some lines behind, never before it. */
export type KnownHead = AuditMark | "unknown";

type Problem = "missing" | "changed" | "stray";
type Range = { problem: Problem; from: number; to: number };

/** More would not tell more. */
const MAX_PROBLEMS = 100;

export class AuditVerifier {
	readonly #chain: AuditChain;
	readonly #pruned: SealedMark | null;
	readonly #head: KnownHead;
	readonly #ranges: Range[] = [];
	readonly #notes: string[] = [];
	/** The line before the next one. */
	#before: AuditMark;
	#first: number | null = null;
	#lines = 0;
	#changed = 0;
	#unlisted = 0;

	/** `pruned`: what stands for the lines that are not there any more. */
	constructor(chain: AuditChain, pruned: SealedMark | null, head: KnownHead) {
		this.#chain = chain;
		this.#pruned = pruned;
		this.#head = head;
		this.#before = pruned ?? BEGINNING;
	}

	/** In the order of their numbers. */
	look(line: ChainedLine): void {
		const { seq, hash } = line;
		this.#lines += 1;
		this.#first ??= seq;
		if (seq <= this.#before.seq) {
			this.#report("stray", seq, seq);
			return;
		}
		if (seq > this.#before.seq + 1) this.#report("missing", this.#before.seq + 1, seq - 1);
		if (!this.#isAsWritten(line)) {
			this.#changed += 1;
			this.#report("changed", seq, seq);
		} else if (saysThatLinesWereBroken(line.text)) {
			this.#notes.push(`Line ${seq} tells that lines were missing or changed among those that were pruned then.`);
		}
		this.#before = { seq, hash };
	}

	/** Of the lines alone: the end of the log may be further on. */
	get isChainWhole(): boolean {
		return this.#ranges.length === 0 && this.#isSealed;
	}

	/** Once all lines were looked at. */
	verdict(): AuditVerdict {
		const head = this.#head;
		if (head !== "unknown" && head.seq > this.#before.seq) this.#report("missing", this.#before.seq + 1, head.seq);
		const problems = [...this.#generalProblems(), ...this.#ranges.map(sentenceOf), ...this.#notes];
		const listed = problems.slice(0, MAX_PROBLEMS);
		const more = problems.length - listed.length + this.#unlisted;
		if (more > 0) listed.push(`And ${more} more.`);
		return {
			isWhole: problems.length === 0,
			lines: this.#lines,
			first: this.#first,
			last: this.#lines === 0 ? null : this.#before.seq,
			problems: listed,
		};
	}

	#generalProblems(): string[] {
		const problems: string[] = [];
		if (this.#lines > 1 && this.#changed === this.#lines) {
			problems.push("No line was written with the key that is there now: was the key's file replaced?");
		}
		if (!this.#isSealed) problems.push("What stands for the pruned lines was not written with the key.");
		if (this.#head === "unknown") {
			problems.push(
				"The file with the number of the newest line is missing or damaged: the end may have been cut off.",
			);
		}
		return problems;
	}

	get #isSealed(): boolean {
		return this.#pruned === null || this.#chain.sealOf(this.#pruned).equals(this.#pruned.seal);
	}

	#isAsWritten({ seq, text, hash }: ChainedLine): boolean {
		const isKnownOtherwise = this.#head !== "unknown" && this.#head.seq === seq && !this.#head.hash.equals(hash);
		return !isKnownOtherwise && this.#chain.hashOf(this.#before, text).equals(hash) && numberIn(text) === seq;
	}

	/** Neighbours become one sentence. */
	#report(problem: Problem, from: number, to: number): void {
		const last = this.#ranges.at(-1);
		if (last?.problem === problem && last.to === from - 1) last.to = to;
		else if (this.#ranges.length < MAX_PROBLEMS) this.#ranges.push({ problem, from, to });
		else this.#unlisted += 1;
	}
}

/** Null where the text is none that was written here. */
export function parsedLine(text: string): Record<string, unknown> | null {
	try {
		const parsed: unknown = JSON.parse(text);
		return typeof parsed === "object" && parsed !== null ? { ...parsed } : null;
	} catch {
		return null;
	}
}

function numberIn(text: string): unknown {
	return parsedLine(text)?.seq;
}

function saysThatLinesWereBroken(text: string): boolean {
	// Nearly no line needs to be parsed twice.
	if (!text.includes('"audit.pruned"')) return false;
	const { action, details } = parsedLine(text) ?? {};
	return action === "audit.pruned" && Object(details).isWhole === false;
}

const SENTENCES = {
	missing: ["is missing", "are missing"],
	changed: ["was changed, or another one stood before it", "were changed, or others stood before them"],
	stray: ["stands among those that were pruned", "stand among those that were pruned"],
} as const satisfies Record<Problem, readonly [string, string]>;

function sentenceOf({ problem, from, to }: Range): string {
	const [one, many] = SENTENCES[problem];
	return from === to ? `Line ${from} ${one}.` : `Lines ${from} to ${to} ${many}.`;
}
