/**
 * Makes snapshots, one after the other: jobs come in on standard input, snapshots go out on standard output. Whatever
 * programs print is read here by a whole terminal emulator, so this process has no rights at all, and the agent does
 * not believe it more than it must. Output that the emulator fails at ends it: there is no snapshot then.
 */
import { drawSnapshot } from "./draw-snapshot.ts";
import { decodeJob, encodeSnapshot, MessageReader } from "./snapshot-job.ts";

const reader = new MessageReader();
for await (const chunk of process.stdin) {
	for (const message of reader.push(chunk))
		process.stdout.write(encodeSnapshot(await drawSnapshot(decodeJob(message))));
}
