/** What a person at the terminal is told of their secrets, in Chromium. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { ApiCaller } from "../support/api-caller.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { VaultServer } from "../support/vault-server.ts";

let browser: Browser;

before(async () => {
	browser = await launchBrowser();
});
after(async () => {
	await browser.close();
});

/** Asks the API as the page's browser would. */
async function apiOf(terminal: TerminalPage, gateway: GatewayProcess): Promise<ApiCaller> {
	const cookies = await terminal.context.cookies();
	return ApiCaller.asBrowser(gateway, cookies.map(({ name, value }) => `${name}=${value}`).join("; "));
}

test("a secret that was set is said to be in new shells, by its name alone", async () => {
	await using gateway = await GatewayProcess.start({});
	const terminal = await TerminalPage.open(browser, gateway.base);

	await terminal.untilPrompt();
	const api = await apiOf(terminal, gateway);
	await api.call("secret.set", { user: "me", name: "API_KEY", value: "not-to-be-shown" });
	const notice = terminal.page.getByTestId("notice").getByText("The secret API_KEY was set: a new shell has it.");
	await notice.waitFor();
	await api.call("secret.remove", { user: "me", name: "API_KEY" });
	await terminal.page.getByTestId("notice").getByText("The secret API_KEY was removed").waitFor();
	assert.equal((await terminal.page.content()).includes("not-to-be-shown"), false);
	await terminal.close();
});

test("a shell that began without its secrets says so, and works", async () => {
	await using vault = await VaultServer.start();
	await using gateway = await GatewayProcess.start({ VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token });
	vault.trouble = { kind: "status", status: 503 };
	const terminal = await TerminalPage.open(browser, gateway.base);
	await terminal.page.getByTestId("notice").getByText("This shell began without your secrets").waitFor();
	await terminal.untilPrompt();
	await terminal.close();
});
