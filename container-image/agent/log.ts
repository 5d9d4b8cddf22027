/**
 * JSON lines on standard output. Never what users type or see, and never a secret: fields are names, numbers and the
 * system's own error messages.
 */
const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

export type Log = Record<LogLevel, (fields: object, message: string) => void>;

export function createLog(least: LogLevel, write: (line: string) => void): Log {
	const line = (level: LogLevel) => (fields: object, message: string) => {
		if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
		write(`${JSON.stringify({ time: new Date().toISOString(), level, msg: message, ...fields }, asText)}\n`);
	};
	return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Errors have no enumerable properties: without this they would read `{}`. */
function asText(_key: string, value: unknown): unknown {
	if (!(value instanceof Error)) return value;
	const cause = value.cause === undefined ? {} : { cause: value.cause };
	return { name: value.name, message: value.message, stack: value.stack, ...cause };
}
