/** Which pages may talk to the gateway: the defence against other sites using a visitor's cookie. */

/** What a browser says of a request; absent where something else sent it. */
export type RequestHeaders = { origin?: string | undefined; host?: string | undefined };

export type OriginPolicy = {
	/** Origins allowed besides the gateway's own. */
	allowedOrigins: readonly string[];
	/**
	 * Whether only loopback names may stand in `Host`. In local mode nothing else can reach the gateway, except a page
	 * whose own name was pointed at 127.0.0.1 (DNS rebinding).
	 */
	isLoopbackOnly: boolean;
};

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** A request without `Origin` is no cross-site request of a browser, so that the cookie alone decides. */
export function mayTalk({ origin, host }: RequestHeaders, { allowedOrigins, isLoopbackOnly }: OriginPolicy): boolean {
	if (isLoopbackOnly && !LOOPBACK_HOST.test(host ?? "")) return false;
	if (origin === undefined || allowedOrigins.includes(origin)) return true;
	return URL.canParse(origin) && new URL(origin).host === host;
}
