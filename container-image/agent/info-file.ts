/**
 * What `container-info` shows, as one file per account: `key=value` lines, so that a shell can read it without running
 * it. An empty value is an unknown number or an absent limit. Readable by its account alone.
 */
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Username } from "../../server/protocol/ids.ts";
import type { EgressPolicy } from "../../server/protocol/link.ts";
import type { ContainerUsage } from "./container-usage.ts";

export type AccountInfo = ContainerUsage & {
	mode: "container" | "local";
	container: string;
	image: string;
	network: string;
	/** What shells may reach; null where it is not known (yet), and in local mode. */
	egress: EgressPolicy | null;
	username: Username;
	uid: number;
	home: string;
	sessionsRunning: number;
	sessionsAllowed: number | null;
	/** An unused place is given back after this long. */
	placeKeptSeconds: number | null;
	/** A session without input and output ends after this long, and one that no page looks at. */
	sessionIdleSeconds: number | null;
	sessionDetachedSeconds: number | null;
	/** Unix time, s. */
	startedAt: number;
	/** Unix time, s. */
	publishedAt: number;
	diskUsedBytes: number | null;
	/** Unix time, s. */
	diskMeasuredAt: number | null;
	diskFreeBytes: number | null;
	/** What the account may have. */
	diskLimitBytes: number | null;
	/** Processes and threads of the account. */
	ownProcessesUsed: number | null;
	ownProcessesLimit: number | null;
	/** Memory of all its processes. */
	ownMemoryUsedBytes: number | null;
	ownMemoryLimitBytes: number | null;
};

export class InfoFiles {
	readonly #folder: string;

	/** The folder cannot be listed by accounts; each reaches its own file by name. */
	constructor(folder: string) {
		this.#folder = folder;
		mkdirSync(folder, { recursive: true });
		chmodSync(folder, 0o711);
	}

	pathOf(username: Username): string {
		return join(this.#folder, username);
	}

	/** `group` is the account's own, or null where files are the agent's user's anyway. */
	write(info: AccountInfo, group: number | null): void {
		const draft = join(this.#folder, `.${info.username}`);
		rmSync(draft, { force: true });
		writeFileSync(draft, formatInfo(info), { mode: 0o400 });
		if (group !== null) chownSync(draft, 0, group);
		chmodSync(draft, 0o440);
		renameSync(draft, this.pathOf(info.username));
	}

	remove(username: Username): void {
		rmSync(this.pathOf(username), { force: true });
	}

	/** Removes the folder. */
	close(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** `sessionsRunning` becomes `sessions_running`. */
export function formatInfo(info: AccountInfo): string {
	const lines = Object.entries(info).map(([name, value]) => {
		const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
		return `${key}=${value ?? ""}\n`;
	});
	return lines.sort().join("");
}
