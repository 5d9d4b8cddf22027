/** Memory of a container as its control group counts it, of either version. */
import Docker from "dockerode";

const docker = new Docker();

export type ContainerMemory = {
	/** All that is counted but what the kernel can drop at any time (file pages): bytes. */
	withoutPageCache: number;
	/** Programs' own, bytes. */
	anonymous: number;
};

export async function containerMemoryOf(name: string): Promise<ContainerMemory> {
	const { memory_stats: memory } = await docker.getContainer(name).stats({ stream: false, "one-shot": true });
	// Version 1 counts the container's own groups with it only under `total_…`; version 2 has no such names.
	const stats: Partial<Record<string, number>> = { ...memory.stats };
	const files =
		(stats.total_inactive_file ?? stats.inactive_file ?? 0) + (stats.total_active_file ?? stats.active_file ?? 0);
	return { withoutPageCache: memory.usage - files, anonymous: stats.total_rss ?? stats.anon ?? 0 };
}
