/** Which page is given to whom, and under what policy. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";

const SCHOOL = "https://school.example.org";
const JWT = {
	JWT_ISSUER: SCHOOL,
	JWT_AUDIENCE: "https://shell.example.org",
	JWT_SECRET: "a secret of the platform and the gateway",
};

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({
		...JWT,
		SIGN_IN: "jwt,password",
		EMBED_ORIGINS: `${SCHOOL},http://127.0.0.1:8080`,
	});
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

async function get(path: string, base = gateway.base): Promise<Response & { text: string }> {
	const response = await fetch(`${base}${path}`, { redirect: "manual" });
	return Object.assign(response, { text: await response.text() });
}

function directive(response: Response, name: string): string | undefined {
	const policy = response.headers.get("content-security-policy") ?? "";
	return policy
		.split(";")
		.find((part) => part.startsWith(`${name} `))
		?.slice(name.length + 1);
}

test("each page comes whole, fresh, for no frame, without inline script or style and without a cookie", async () => {
	for (const path of ["/sign-in", "/invitation"]) {
		const page = await get(path);
		assert.equal(page.status, 200, path);
		assert.equal(page.headers.get("cache-control"), "no-store");
		assert.equal(directive(page, "default-src"), "'none'");
		assert.equal(directive(page, "script-src"), "'self'");
		assert.equal(directive(page, "style-src"), "'self'");
		assert.equal(directive(page, "form-action"), "'none'");
		assert.equal(directive(page, "frame-ancestors"), "'none'");
		assert.equal(page.headers.get("x-frame-options"), "DENY");
		assert.deepEqual(page.headers.getSetCookie(), []);
		assert.doesNotMatch(page.text, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
		for (const [, asset = ""] of page.text.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)) {
			const { status } = await get(new URL(asset, `${gateway.base}${path}`).pathname);
			assert.equal(status, 200, `${path} names ${asset}`);
		}
	}
});

test("who is nobody is led to the sign-in page from the terminal and the account", async () => {
	for (const path of ["/container-terminal", "/account"]) {
		const page = await get(path);
		assert.equal(page.status, 303);
		assert.equal(page.headers.get("location"), "/sign-in");
	}
});

test("a page with a slash behind its name leads to the one without", async () => {
	for (const path of ["/container-terminal", "/sign-in", "/invitation", "/account"]) {
		const page = await get(`${path}/`);
		assert.equal(page.status, 302);
		assert.equal(page.headers.get("location"), path);
	}
	assert.equal((await get("/embed/")).status, 404);
});

test("the embedded page may be shown by the listed origins, and gives nobody a cookie", async () => {
	const page = await get("/embed");
	assert.equal(page.status, 200);
	assert.equal(directive(page, "frame-ancestors"), `${SCHOOL} http://127.0.0.1:8080`);
	assert.equal(directive(page, "script-src"), "'self'");
	assert.equal(page.headers.get("x-frame-options"), null);
	assert.equal(page.headers.get("cache-control"), "no-store");
	assert.deepEqual(page.headers.getSetCookie(), []);
	const origins = await get("/embed/origins");
	assert.deepEqual(JSON.parse(origins.text), { origins: [SCHOOL, "http://127.0.0.1:8080"] });
});

test("where nobody is listed, or tokens are not taken, there is no embedded page", async () => {
	for (const settings of [
		{ ...JWT, SIGN_IN: "jwt" },
		{ SIGN_IN: "password", EMBED_ORIGINS: SCHOOL },
	]) {
		await using other = await GatewayProcess.start(settings);
		for (const path of ["/embed", "/embed/origins"]) assert.equal((await get(path, other.base)).status, 404, path);
	}
});

test("below a path everything is named and led to below it", async () => {
	await using below = await GatewayProcess.start({ SIGN_IN: "password", BASE_PATH: "/berth" });
	const page = await get("/account", below.base);
	assert.equal(page.headers.get("location"), "/berth/sign-in");
	const signIn = await get("/sign-in", below.base);
	const [, script = ""] = /src="(\.\/[^"]+)"/.exec(signIn.text) ?? [];
	const address = new URL(script, `${below.base}/sign-in`);
	assert.match(address.pathname, /^\/berth\/assets\//);
	assert.equal((await fetch(address)).status, 200);
});

test("pages carry no schemas", () => {
	const assets = join(import.meta.dirname, "../../web/dist/assets");
	const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
	assert.ok(scripts.length > 5);
	for (const name of scripts) assert.doesNotMatch(readFileSync(join(assets, name), "utf8"), /ZodError|_zod/, name);
});
