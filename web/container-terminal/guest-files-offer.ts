/** Tells somebody who has just signed in that files from before wait for them; once in a browser. */
import type { SignInMethod } from "../../server/protocol/sign-in.ts";
import { ApiFailure, call } from "../shared/api-client.ts";
import { deviceStorage } from "../shared/storage.ts";
import { showOffer } from "./notices.ts";

const DISMISSED_KEY = "berth.guest-files-dismissed";
const WORDS = "This browser has files from before you signed in.";
const LINK = { label: "See what to do with them", href: "account#guest-files" };
let isAsked = false;

export async function offerGuestFiles(method: SignInMethod): Promise<void> {
	if (isAsked || method === "anonymous" || deviceStorage.get(DISMISSED_KEY) !== null) return;
	isAsked = true;
	try {
		const { hasGuestFiles } = await call("account.read", {});
		if (hasGuestFiles) showOffer(WORDS, LINK, () => deviceStorage.set(DISMISSED_KEY, "1"));
	} catch (thrown) {
		// It can wait for another time.
		if (!(thrown instanceof ApiFailure)) throw thrown;
	}
}
