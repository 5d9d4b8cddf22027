import type { Result } from "./run.ts";
export function printTable(results: Result[]): void {
	console.log(JSON.stringify(results, null, 1));
}
export async function writeReport(_results: Result[], _about: object): Promise<void> {}
