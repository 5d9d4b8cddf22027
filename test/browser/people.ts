/** People who sign in by the page, as people do. */
import type { Browser } from "playwright-core";
import type { ApiClient } from "../support/api-client.ts";
import { type ProfileOptions, TerminalPage } from "../support/browser.ts";
import { PASSWORD } from "../support/members.ts";

/** Arrives in a browser of their own, and signs in by the form. */
export async function signIn(
	browser: Browser,
	base: string,
	name: string,
	options: ProfileOptions = {},
): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, base, options);
	await person.page.goto(`${base}/sign-in`);
	await fillIn(person, name);
	await person.untilPrompt();
	return person;
}

/** Fills in the form of the sign-in page and sends it. */
export async function fillIn({ page }: TerminalPage, name: string, password = PASSWORD): Promise<void> {
	await page.getByLabel("Name").fill(name);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Adds somebody, and returns the path of the page that their link leads to. */
export async function invite(operator: ApiClient, name: string): Promise<string> {
	const { invitation } = await operator.ask("user.add", { name });
	const { hash, pathname } = new URL(invitation.url);
	return `${pathname}${hash}`;
}

/** Takes back what the browser complained of where the test had something refused. */
export function forgive({ complaints }: TerminalPage, status: number): void {
	const others = complaints.splice(0).filter((complaint) => !complaint.includes(`status of ${status}`));
	complaints.push(...others);
}
