/** Pages as people with other eyes, hands and screens have them: contrast, names, narrow windows, dark and light. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, type TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { firstOperator } from "../support/members.ts";
import { invite, signIn } from "./people.ts";

/** As WCAG AA asks of text. */
const LEAST_CONTRAST = 4.5;
/** A window of 1280 px at 400 %, and a small phone. */
const NARROW = { viewport: { width: 320, height: 640 } };

let gateway: GatewayProcess;
let browser: Browser;
let invitation: string;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password,anonymous" });
	const operator = await firstOperator(gateway, "ada");
	invitation = await invite(operator, "somebody with a rather long name of their own");
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
});

/** Each page, with what says that it is complete. */
const PAGES = [
	["/sign-in?error=TOO_MANY_ATTEMPTS", "#ways a"],
	["invitation", "#form"],
	["/account", "#secrets"],
] as const;

async function* everyPage(person: TerminalPage): AsyncGenerator<[string, Page]> {
	for (const [path, complete] of PAGES) {
		const address = path === "invitation" ? invitation : path;
		await person.page.goto(`${gateway.base}${address}`);
		await person.page.locator(complete).first().waitFor();
		yield [path, person.page];
	}
}

/** Texts whose contrast to what is behind them is too small, as the browser has drawn them. */
function faintTexts(least: number): string[] {
	type Colour = [number, number, number, number];
	const read = (text: string): Colour => {
		const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
		if (canvas === null) throw new Error("no canvas");
		canvas.fillStyle = text;
		canvas.fillRect(0, 0, 1, 1);
		const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
		return [red, green, blue, alpha / 255];
	};
	const over = ([r, g, b, a]: Colour, [br, bg, bb]: Colour): Colour => {
		const mix = (one: number, other: number): number => one * a + other * (1 - a);
		return [mix(r, br), mix(g, bg), mix(b, bb), 1];
	};
	const behind = (element: Element | null): Colour => {
		if (element === null) return [255, 255, 255, 1];
		const own = read(getComputedStyle(element).backgroundColor);
		return own[3] === 1 ? own : over(own, behind(element.parentElement));
	};
	const luminance = ([r, g, b]: Colour): number => {
		const [red = 0, green = 0, blue = 0] = [r, g, b].map((part) => {
			const share = part / 255;
			return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	};
	return [...document.querySelectorAll("body *")].flatMap((element) => {
		const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
		if (!hasText || !element.checkVisibility()) return [];
		const ground = behind(element);
		const lights = [luminance(over(read(getComputedStyle(element).color), ground)), luminance(ground)];
		const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
		return contrast < least ? [`${element.textContent?.trim().slice(0, 40)}: ${contrast.toFixed(2)}`] : [];
	});
}

test("every text can be told from its ground, in dark and in light", async () => {
	for (const colorScheme of ["dark", "light"] as const) {
		const person = await signIn(browser, gateway.base, "ada", { colorScheme });
		for await (const [path, page] of everyPage(person)) {
			assert.deepEqual(await page.evaluate(faintTexts, LEAST_CONTRAST), [], `${path}, ${colorScheme}`);
		}
		await person.context.close();
	}
});

test("nothing has to be scrolled sideways, however narrow the window or large the text", async () => {
	const person = await signIn(browser, gateway.base, "ada", NARROW);
	for await (const [path, page] of everyPage(person)) {
		const { seen, whole } = await page.evaluate(() => {
			const { clientWidth: seen, scrollWidth: whole } = document.documentElement;
			return { seen, whole };
		});
		assert.ok(whole <= seen, `${path}: ${whole} px in ${seen}`);
	}
	await person.context.close();
});

test("every field and button has a name, every page one heading and a place for what goes wrong", async () => {
	const person = await signIn(browser, gateway.base, "ada");
	for await (const [path, page] of everyPage(person)) {
		const nameless = await page.evaluate(() =>
			[...document.querySelectorAll("input, textarea, button, a")]
				.filter((control) => control.checkVisibility())
				.filter((control) => {
					const labels =
						control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement ? control.labels : [];
					const words = [
						control.ariaLabel,
						control.textContent,
						...[...(labels ?? [])].map((label) => label.textContent),
					];
					return !words.some((text) => text?.trim());
				})
				.map((control) => control.outerHTML),
		);
		assert.deepEqual(nameless, [], path);
		assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, path);
		assert.equal(await page.locator("#problem[role=alert]").count(), 1, path);
		assert.equal(await page.getByRole("main").count(), 1, path);
	}
	await person.context.close();
});
