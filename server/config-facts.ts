/** The configuration as it is written down at each start: everything but what is secret. */
import { type Config, SETTINGS, type SettingName } from "./config.ts";
import type { AuditEvent } from "./core/audit.ts";

/** By the settings' names. Sizes in bytes, durations in ms; of a secret only whether it is set. */
export function configFacts(config: Config): AuditEvent["details"] {
	const names = Object.keys(SETTINGS) as SettingName[];
	return Object.fromEntries(names.map((name) => [name, isSecret(name) ? setOrNot(config[name]) : plain(config[name])]));
}

function isSecret(name: SettingName): boolean {
	return "isSecret" in SETTINGS[name];
}

function setOrNot(value: unknown): "set" | null {
	return value === null ? null : "set";
}

function plain(value: Config[SettingName]): string | number | boolean | null {
	return Array.isArray(value) ? value.join(",") : value;
}
