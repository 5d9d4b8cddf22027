/** Secret settings whose value is in a file, as orchestrators hand them out: `COOKIE_SECRET_FILE` for `COOKIE_SECRET`. */
import { readFileSync } from "node:fs";

export type ReadSettings = {
	environment: NodeJS.ProcessEnv;
	/** One line each. */
	problems: string[];
};

/** The environment with what such files say; white space around it is not part of it. */
export function withSecretFiles(environment: NodeJS.ProcessEnv, names: readonly string[]): ReadSettings {
	const read: ReadSettings = { environment: { ...environment }, problems: [] };
	for (const name of names) {
		const path = environment[fileSetting(name)]?.trim();
		if (path) readInto(read, name, path);
	}
	return read;
}

export function fileSetting(name: string): string {
	return `${name}_FILE`;
}

function readInto({ environment, problems }: ReadSettings, name: string, path: string): void {
	const setting = fileSetting(name);
	if (environment[name]?.trim()) {
		problems.push(`${setting}: ${name} is set as well; leave one of them out`);
		return;
	}
	try {
		environment[name] = readFileSync(path, "utf8");
	} catch (error) {
		problems.push(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
		return;
	}
	// An empty setting counts as unset, and what was meant to be secret would be made up.
	if (environment[name].trim() === "") problems.push(`${setting}: ${path} is empty`);
}
