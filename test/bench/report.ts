/** Puts figures before people: on the terminal, in docs/benchmarks.md, and raw beside it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineOf } from "./machine.ts";
import type { Result } from "./result.ts";
import type { Bar, Row } from "./scenario.ts";
import { rounded } from "./statistics.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/benchmarks.md");
const RAW_FOLDER = join(ROOT, "docs/benchmarks");
/** What stands between them is written anew; whatever people wrote around them stays. */
const BEGIN = "<!-- figures: written by `npm run bench -- --write` -->";
const END = "<!-- end of figures -->";

export type About = { startedAt: Date; command: string; cpus: number };

export function isMet({ floor, berth, bar }: Row): boolean {
	const compared = floor ?? Number.NaN;
	switch (bar.kind) {
		case "share-of-floor":
			return berth <= bar.most * compared;
		case "least-share-of-floor":
			return berth >= bar.least * compared;
		case "above-floor":
			return berth <= compared + bar.most;
		case "at-most":
			return berth <= bar.most;
	}
}

export function printResult(result: Result): void {
	if (result.kind === "failed") console.log(`FAILED ${result.scenario}: ${result.problem}`);
	else for (const row of result.rows) console.log(lineOf(row));
}

function lineOf(row: Row): string {
	const floor = row.floor === null ? "" : `floor ${figure(row.floor, row)}, `;
	return `${isMet(row) ? "met   " : "MISSED"} ${row.what}: ${floor}berth ${figure(row.berth, row)} (${barOf(row)})`;
}

/** Writes the table into the document and everything that was measured into a file of its own. */
export async function writeReport(results: readonly Result[], about: About): Promise<void> {
	const machine = await machineOf();
	const name = `${about.startedAt.toISOString().slice(0, 16).replaceAll(":", "")}.json`;
	mkdirSync(RAW_FOLDER, { recursive: true });
	const raw = { ...about, ...machine, results };
	writeFileSync(join(RAW_FOLDER, name), JSON.stringify(raw, withThreeDigits, "\t"));
	const lines = [
		BEGIN,
		"",
		`Measured on ${about.startedAt.toISOString().slice(0, 10)} with \`${about.command}\`: ${machine.cores} cores (${machine.cpu}), ` +
			`${machine.memoryGB} GB, Linux ${machine.kernel}, Docker ${machine.docker}, Node ${machine.node}, ` +
			`commit ${machine.commit}, ${about.cpus} cores per container. Everything else: [${name}](benchmarks/${name}).`,
		"",
		...tableOf(results),
		"",
		END,
	];
	const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : `# How fast it is\n\n${BEGIN}\n${END}\n`;
	writeFileSync(DOCUMENT, replaceBetween(document, lines.join("\n")));
	formatWithBiome(join(RAW_FOLDER, name));
}

function tableOf(results: readonly Result[]): string[] {
	return [
		"| what | floor | berth | against the floor | bar | |",
		"| --- | --- | --- | --- | --- | --- |",
		...results.flatMap((result) => {
			if (result.kind === "failed") return [`| ${result.scenario} | | | | | failed: ${result.problem.slice(0, 100)} |`];
			return result.rows.map((row) => {
				const floor = row.floor === null ? "–" : figure(row.floor, row);
				const verdict = isMet(row) ? "met" : "**missed**";
				return `| ${row.what} | ${floor} | ${figure(row.berth, row)} | ${comparisonOf(row)} | ${barOf(row)} | ${verdict} |`;
			});
		}),
	];
}

function figure(value: number, { unit }: Row): string {
	return `${rounded(value)} ${unit}`;
}

function comparisonOf({ floor, berth, bar, unit }: Row): string {
	if (floor === null) return "–";
	if (bar.kind === "above-floor") return `${berth < floor ? "−" : "+"}${rounded(Math.abs(berth - floor))} ${unit}`;
	if (floor === 0) return "–";
	return berth < floor && bar.kind === "share-of-floor" ? `1/${rounded(floor / berth)}` : `× ${rounded(berth / floor)}`;
}

function barOf({ bar, unit }: { bar: Bar; unit: string }): string {
	switch (bar.kind) {
		case "share-of-floor":
			return `≤ 1/${rounded(1 / bar.most)} of the floor`;
		case "least-share-of-floor":
			return `≥ ${bar.least} × floor`;
		case "above-floor":
			return `≤ floor + ${bar.most} ${unit}`;
		case "at-most":
			return `≤ ${bar.most} ${unit}`;
	}
}

function replaceBetween(document: string, section: string): string {
	const begin = document.indexOf(BEGIN);
	const end = document.indexOf(END);
	if (begin === -1 || end < begin) throw new Error(`${DOCUMENT} has no place for the figures: ${BEGIN} … ${END}`);
	return document.slice(0, begin) + section + document.slice(end + END.length);
}

function withThreeDigits(_key: string, value: unknown): unknown {
	return typeof value === "number" && !Number.isInteger(value) ? rounded(value) : value;
}

/** Files in the repository look as the check wants them. */
function formatWithBiome(path: string): void {
	execFileSync(join(ROOT, "node_modules/.bin/biome"), ["format", "--write", path], { stdio: "ignore" });
}
