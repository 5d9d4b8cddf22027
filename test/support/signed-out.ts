import type { SignInEnd } from "../../server/protocol/sign-in.ts";
import type { PageClient } from "./page-client.ts";
import { SLOWNESS } from "./patience.ts";

const PATIENCE_MS = 20_000 * SLOWNESS;

/** Resolves with why, once the page is told that its sign-in is over and the connection is gone. Asked beforehand. */
export async function signedOut({ socket }: PageClient): Promise<SignInEnd> {
	return await new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`still signed in after ${PATIENCE_MS} ms`)), PATIENCE_MS);
		socket.once("berth:signed-out", (why) => {
			socket.once("disconnect", () => {
				clearTimeout(timer);
				resolve(why);
			});
		});
	});
}
