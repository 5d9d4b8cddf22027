/**
 * Hides users' processes from each other, by remounting `/proc` of a running pool container with `hidepid=2`, and
 * bounds its terminals. A helper container with the capabilities for it does that, so that the pool container never has
 * them. An exec with privileges is no alternative: hosts that lack a capability refuse it.
 */
import { BerthError } from "../../protocol/errors.ts";
import { type Engine, EngineRefusal } from "./engine.ts";
import { runInside } from "./exec.ts";
import { type HelperResult, runHelper } from "./helper-container.ts";

export type HardeningTarget = { containerId: string; containerName: string; poolName: string; image: string };

/**
 * Terminals in one container. The kernel counts them for the whole host (4,096 as it comes), so that without a bound of
 * its own one account could take everybody's.
 */
const MAX_TERMINALS = 400;

/**
 * Opens the container's own part of the control groups to its root, that is to the agent, which keeps limits per account
 * there; users cannot write in it. Not every host lets it: then the agent does what it can without.
 */
const OPEN_CONTROL_GROUPS =
	"for folder in /sys/fs/cgroup /sys/fs/cgroup/memory /sys/fs/cgroup/cpu /sys/fs/cgroup/cpuacct /sys/fs/cgroup/pids; do " +
	'if grep -q " $(readlink -f $folder) cgroup" /proc/mounts; then mount -o remount,bind,rw $folder; fi; done 2>/dev/null || true';

/**
 * Where everybody may write, nobody's program is led elsewhere by a link that somebody else has laid there. Hosts do so by
 * `fs.protected_symlinks`, which is not the kernel's own default. Kernels before 5.10 have only that.
 */
const SHARED_FOLDERS = ["/tmp", "/var/tmp", "/dev/shm"];
const FOLLOW_NO_LINKS = SHARED_FOLDERS.map(
	(folder) => `mount -o remount,bind,rw,nosuid,nodev,nosymfollow ${folder}`,
).join(" && ");
const ARE_LINKS_SAFE = `{ [ "$(cat /proc/sys/fs/protected_symlinks)" = 1 ] || [ "$(grep -c nosymfollow /proc/mounts)" -ge ${SHARED_FOLDERS.length} ]; }`;

/** That the remounts hold. Kernels write hidepid as a number or, since 5.8, as a word. */
const PROVE = [
	"grep -Eq '^proc /proc proc [^ ]*hidepid=(2|invisible)' /proc/mounts",
	`grep -Eq '^devpts /dev/pts devpts [^ ]*max=${MAX_TERMINALS}' /proc/mounts`,
	ARE_LINKS_SAFE,
].join(" && ");
const REMOUNT_AND_PROVE = [
	"mount -o remount,hidepid=2 /proc",
	`mount -o remount,gid=5,mode=620,ptmxmode=666,max=${MAX_TERMINALS} /dev/pts`,
	`{ ${FOLLOW_NO_LINKS} || true; }`,
	`{ ${OPEN_CONTROL_GROUPS}; }`,
	PROVE,
].join(" && ");
/** A container that is at its CPU limit may take longer; then the helper, which is outside of it, is as quick. */
const PROOF_LIMIT_MS = 1_000;

/**
 * Whether a running container was hardened before: asked inside of it, which takes a tenth of a helper's time. A
 * gateway that starts again asks all of its containers at once, and one more condition (`alsoProve`, for a shell) with
 * it. False also where there was no answer.
 */
export async function isHardened(engine: Engine, containerId: string, alsoProve: string): Promise<boolean> {
	const command = ["sh", "-c", `${PROVE} && ${alsoProve}`];
	try {
		return (await runInside(engine, { containerId, command, limitMs: PROOF_LIMIT_MS })) === 0;
	} catch (error) {
		if (error instanceof EngineRefusal) return false;
		throw error;
	}
}

/** Idempotent. Throws `BerthError` NOT_HARDENED or ENGINE_UNREACHABLE. */
export async function harden(engine: Engine, target: HardeningTarget): Promise<void> {
	const { exitCode, log } = await remountProc(engine, target);
	if (exitCode === 0) return;
	const detail = `${target.containerName}: remounting /proc failed with exit code ${exitCode}`;
	throw new BerthError("NOT_HARDENED", { detail, cause: log });
}

async function remountProc(engine: Engine, target: HardeningTarget): Promise<HelperResult> {
	const { containerId, containerName, poolName, image } = target;
	try {
		return await runHelper(engine, {
			name: `${containerName}-harden`,
			poolName,
			image,
			command: ["nsenter", "-t", "1", "-m", "sh", "-c", REMOUNT_AND_PROVE],
			hostConfig: {
				PidMode: `container:${containerId}`,
				// To see the container's mounts, to enter them, and to mount.
				CapAdd: ["SYS_PTRACE", "SYS_CHROOT", "SYS_ADMIN"],
				// Docker's own profile forbids mounting also to those who have the capability.
				SecurityOpt: ["no-new-privileges:true", "apparmor=unconfined"],
			},
		});
	} catch (error) {
		if (!(error instanceof EngineRefusal)) throw error;
		throw new BerthError("NOT_HARDENED", { detail: `${containerName}: ${error.message}`, cause: error });
	}
}
