/** Small files that only the gateway's user may read. They are there as a whole or not at all, whatever is killed. */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";

const MODE = 0o600;
const OTHERS = 0o077;

/** Makes the file; one that is there already stays as it is, so that of two who make it one wins. */
export function makePrivateFile(path: string, text: string): void {
	const draft = writeDraft(path, text);
	try {
		linkSync(draft, path);
	} catch (error) {
		if (Object(error).code !== "EEXIST") throw error;
	} finally {
		rmSync(draft, { force: true });
	}
}

/** Makes the file, or puts a new one in its place. */
export function replacePrivateFile(path: string, text: string): void {
	renameSync(writeDraft(path, text), path);
}

/** As `replacePrivateFile`, but waits for the disk elsewhere; then the file is replaced where that is still wanted. */
export async function replacePrivateFileLater(path: string, text: string, isWanted: () => boolean): Promise<void> {
	const draft = `${draftOf(path)}er`;
	await rm(draft, { force: true });
	{
		await using file = await open(draft, "wx", MODE);
		await file.writeFile(text);
		await file.sync();
	}
	if (isWanted()) renameSync(draft, path);
	else rmSync(draft, { force: true });
}

/** Whether nobody but its owner, and root, can read it. Throws where it is not there. */
export function isPrivateFile(path: string): boolean {
	return (statSync(path).mode & OTHERS) === 0;
}

/** Beside the file, and on the disk. */
function writeDraft(path: string, text: string): string {
	const draft = draftOf(path);
	// One of the same name was left by somebody who was killed.
	rmSync(draft, { force: true });
	const file = openSync(draft, "wx", MODE);
	try {
		writeFileSync(file, text);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
	return draft;
}

function draftOf(path: string): string {
	return `${path}.${process.pid}.new`;
}
