/** Which pages may talk to the gateway: the defence against other sites using a visitor's cookie. */

/** What a browser says of a request; absent where something else sent it. */
export type RequestHeaders = { origin?: string | undefined; host?: string | undefined };

export type OriginPolicy = {
	/**
	 * The gateway's own, where it is known. Otherwise `Host` says it, which a browser fills in with what it asked for, and
	 * which a proxy may change.
	 */
	ownOrigin: string | null;
	/** Origins allowed besides the gateway's own. */
	allowedOrigins: readonly string[];
	/**
	 * Whether people reach the gateway by HTTPS. Then a page of the same name that came without TLS is another's: whoever
	 * is on the line can write it.
	 */
	isSecure: boolean;
	/**
	 * Whether only loopback names may stand in `Host`. In local mode nothing else can reach the gateway, except a page
	 * whose own name was pointed at 127.0.0.1 (DNS rebinding).
	 */
	isLoopbackOnly: boolean;
};

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** A request without `Origin` is no cross-site request of a browser, so that the cookie alone decides. */
export function mayTalk({ origin, host }: RequestHeaders, policy: OriginPolicy): boolean {
	if (policy.isLoopbackOnly && !LOOPBACK_HOST.test(host ?? "")) return false;
	if (origin === undefined || policy.allowedOrigins.includes(origin)) return true;
	return policy.ownOrigin === null ? isOf(host, origin, policy) : origin === policy.ownOrigin;
}

function isOf(host: string | undefined, origin: string, { isSecure }: OriginPolicy): boolean {
	const url = URL.parse(origin);
	return url !== null && url.host === host && (url.protocol === "https:" || !isSecure);
}
