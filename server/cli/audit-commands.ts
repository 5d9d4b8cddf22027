/** `berth audit …` */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { AuditLine } from "../protocol/api.ts";
import type { CliContext, ContextOf } from "./context.ts";
import { printable, timeText } from "./output.ts";

/** As many as one answer may have. */
const LINES_AT_ONCE = 500;
const USUAL_LINES = 50;
/** The configuration would fill a page. */
const FACTS_LENGTH = 200;
const LOOK_EVERY_MS = 1_000;

/** Thrown where the log is not whole, once that was told. */
export class NotWhole extends Error {
	override readonly name = "NotWhole";
}

export function addAuditCommands(program: Command, context: ContextOf): void {
	const audit = program.command("audit").description("what was done, by whom, from where");
	audit
		.command("list")
		.description("show the newest lines, oldest of them first")
		.option("--lines <number>", "how many", wholeNumber, USUAL_LINES)
		.option("--follow", "go on with those that come")
		.action(async ({ lines, follow }: { lines: number; follow?: true }) => {
			const { last } = await context().call("audit.list", { limit: 1 });
			let after = await printAfter(context(), Math.max(0, last - lines), last);
			while (follow) {
				await sleep(LOOK_EVERY_MS);
				after = await printAfter(context(), after, Number.MAX_SAFE_INTEGER);
			}
		});
	audit
		.command("export")
		.description("print all lines as JSON lines, oldest first")
		.option("--after <number>", "only those after this one", wholeNumber, 0)
		.action(async ({ after }: { after: number }) => {
			const { call, out } = context();
			for await (const line of linesAfter(call, after)) await out.json(line);
		});
	audit
		.command("verify")
		.description("look whether the log is whole: no line changed, none missing; exit code 3 where it is not")
		.action(async () => {
			const { call, out } = context();
			const verdict = await call("audit.verify", {});
			const { first, isWhole, last, lines, problems } = verdict;
			const range = first === null ? "" : `, ${first} to ${last}`;
			await out.result(
				verdict,
				[isWhole ? `The log is whole: ${lines} lines${range}.` : `The log is not whole (${lines} lines${range}):`]
					.concat(problems.map(printable))
					.join("\n"),
			);
			if (!isWhole) throw new NotWhole("the audit log is not whole");
		});
}

/** Returns the number of the last line that was printed. */
async function printAfter({ call, out }: CliContext, after: number, upTo: number): Promise<number> {
	let last = after;
	for await (const line of linesAfter(call, after)) {
		if (line.seq > upTo) break;
		await out.line(line, textOf(line));
		last = line.seq;
	}
	return last;
}

async function* linesAfter(call: CliContext["call"], after: number): AsyncIterable<AuditLine> {
	for (let next: number | null = after; next !== null; ) {
		const page: { lines: AuditLine[]; next: number | null } = await call("audit.list", {
			after: next,
			limit: LINES_AT_ONCE,
		});
		yield* page.lines;
		next = page.next;
	}
}

function textOf({ seq, at, actor, address, action, subject, result, details }: AuditLine): string {
	const facts = Object.entries(details).map(([name, value]) => `${name}=${value}`);
	const words = [seq, timeText(at), actor, address ?? "–", action, subject ?? "–", result];
	const shown = facts.join(" ");
	const cut = shown.length <= FACTS_LENGTH ? shown : `${shown.slice(0, FACTS_LENGTH)}…`;
	return [...words, cut].map((word) => printable(String(word))).join(" ");
}

function wholeNumber(text: string): number {
	if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
	return Number(text);
}
