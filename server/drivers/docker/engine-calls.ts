/**
 * Every call of Docker's API that the gateway makes, and for what. docs/engine-access.md is generated from it, and a test
 * puts a filter between gateway and engine that lets nothing else through: a proxy with this list is enough.
 */
export type EngineCall = {
	method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
	/** Without a version in front. `{…}` stands for one part of the path, an image's name for several. */
	path: string;
	purpose: string;
};

export const ENGINE_CALLS: readonly EngineCall[] = [
	{ method: "GET", path: "/_ping", purpose: "whether the engine answers" },
	{ method: "GET", path: "/events", purpose: "to hear at once that a container of the pool has stopped" },
	{ method: "GET", path: "/images/{name}/json", purpose: "which image its name stands for now" },
	{ method: "GET", path: "/containers/json", purpose: "which containers the pool has" },
	{ method: "GET", path: "/containers/{id}/json", purpose: "how one of them is, and what it was made from" },
	{ method: "POST", path: "/containers/create", purpose: "to make containers of the pool, and one-shot helpers" },
	{ method: "POST", path: "/containers/{id}/start", purpose: "to start them" },
	{ method: "POST", path: "/containers/{id}/unpause", purpose: "to go on with one that somebody paused" },
	{ method: "POST", path: "/containers/{id}/wait", purpose: "to learn how a helper ended" },
	{ method: "GET", path: "/containers/{id}/logs", purpose: "to say why a container or a helper failed" },
	{ method: "DELETE", path: "/containers/{id}", purpose: "to remove helpers, and containers that are replaced" },
	{ method: "POST", path: "/containers/{id}/exec", purpose: "the link without shared sockets, and to look inside" },
	{ method: "POST", path: "/exec/{id}/start", purpose: "the same" },
	{ method: "GET", path: "/exec/{id}/json", purpose: "how a look inside ended" },
	{ method: "GET", path: "/networks", purpose: "whether the pool's network is there" },
	{ method: "POST", path: "/networks/create", purpose: "to make it" },
	{ method: "GET", path: "/networks/{id}", purpose: "how it is, and who is in it" },
	{ method: "POST", path: "/networks/{id}/disconnect", purpose: "to take containers out of one that is replaced" },
	{ method: "DELETE", path: "/networks/{id}", purpose: "to remove one that is replaced or not used any more" },
];

/** The whole path as a regular expression, with any version of the API in front. */
export function patternOf({ path }: EngineCall): string {
	const parts = path.replaceAll(".", "\\.").replace(/\{(\w+)\}/g, (_part, name) => (name === "name" ? ".+" : "[^/]+"));
	return `^(/v1\\.[0-9]+)?${parts}$`;
}

/** Whether a request is one of the calls; the query is left to the engine. */
export function findEngineCall(method: string, url: string): EngineCall | null {
	const [path = ""] = url.split("?", 1);
	return ENGINE_CALLS.find((call) => call.method === method && new RegExp(patternOf(call)).test(path)) ?? null;
}
