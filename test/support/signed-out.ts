import type { SignInEnd } from "../../server/protocol/sign-in.ts";
import type { PageClient } from "./page-client.ts";

/** Resolves with why, once the page is told that its sign-in is over and the connection is gone. Asked beforehand. */
export async function signedOut({ socket }: PageClient): Promise<SignInEnd> {
	const disconnected = new Promise((resolve) => socket.once("disconnect", resolve));
	const why = await new Promise<SignInEnd>((resolve) => socket.once("berth:signed-out", resolve));
	await disconnected;
	return why;
}
