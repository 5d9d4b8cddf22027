/** Other sites asking the API with somebody's cookies, in every form that a browser lets them, and leading people away. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { API_PATH, OPERATION_NAMES, OPERATIONS } from "../../server/protocol/api.ts";
import { ApiClient } from "../support/api-client.ts";
import { launchBrowser } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, type Member, PASSWORD } from "../support/members.ts";

let gateway: GatewayProcess;
let operator: ApiClient;
let mallory: Member;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password" });
	operator = await firstOperator(gateway, "root");
	mallory = await addMember(operator, "mallory");
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

const EVIL = "https://evil.example";
/** What a page could send without asking first, and what it would have to ask for. */
const TYPES = ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""];
const BODIES: Record<string, string> = {
	"application/x-www-form-urlencoded": "name=evil&role=operator",
	"multipart/form-data": '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nevil\r\n--x--\r\n',
};

/** As the operator's own browser would send it. */
async function send(path: string, method: string, headers: Record<string, string>, body: string): Promise<Response> {
	const options = { method, redirect: "manual", headers: { cookie: operator.cookie, ...headers } } as const;
	const response = await fetch(`${gateway.base}${API_PATH}${path}`, { ...options, ...(method !== "GET" && { body }) });
	await response.clone().arrayBuffer();
	return response;
}

async function names(): Promise<string[]> {
	const { users } = await operator.ask("user.list", {});
	return users.map(({ displayName, role }) => `${displayName} ${role}`);
}

test("a request that changes something and does not come from a page of ours is refused, whatever it looks like", async () => {
	const before = await names();
	for (const source of [
		{},
		{ origin: EVIL },
		{ origin: "null" },
		{ origin: EVIL, "sec-fetch-site": "cross-site" },
		{ "sec-fetch-site": "cross-site" },
		{ "sec-fetch-site": "same-site" },
		{ "sec-fetch-site": "none" },
		{ origin: new URL(gateway.base).origin, "sec-fetch-site": "cross-site" },
		{ referer: `${gateway.base}/container-terminal` },
		{ origin: `${gateway.base}.evil.example` },
	]) {
		for (const type of TYPES) {
			const body = BODIES[type] ?? JSON.stringify({ name: "evil", role: "operator" });
			const response = await send("/users", "POST", { ...source, ...(type && { "content-type": type }) }, body);
			const shown = `${JSON.stringify(source)} ${type}`;
			assert.equal(response.status, 403, shown);
			assert.equal(Object(await response.json()).error.code, "ORIGIN_REFUSED", shown);
		}
	}
	assert.deepEqual(await names(), before);
});

test("no operation that changes something is open to other sites, nor changed into by another method", async () => {
	for (const name of OPERATION_NAMES) {
		const { method, path } = OPERATIONS[name];
		if (method === "GET") continue;
		const place = path.replace(/:\w+/g, "me");
		const headers = { origin: EVIL, "content-type": "application/json", "x-http-method-override": method };
		const response = await send(place, method, headers, "{}");
		assert.equal(response.status, 403, name);
		assert.equal(response.headers.get("access-control-allow-origin"), null, name);
		assert.deepEqual(response.headers.getSetCookie(), [], name);
		const asked = await send(`${place}?_method=${method}`, "GET", { "sec-fetch-site": "cross-site" }, "");
		assert.deepEqual(asked.headers.getSetCookie(), [], name);
	}
	assert.equal((await operator.ask("account.read", {})).user?.displayName, "root", "still signed in");
});

test("of what our own page's origin sends, only JSON is read", async () => {
	const before = await names();
	for (const type of TYPES.filter((each) => each !== "application/json")) {
		const headers = { origin: new URL(gateway.base).origin, ...(type && { "content-type": type }) };
		const response = await send("/users", "POST", headers, BODIES[type] ?? '{"name":"evil","role":"operator"}');
		assert.equal(response.status, 400, type);
	}
	assert.deepEqual(await names(), before);
});

test("other sites are not told that they may ask", async () => {
	for (const path of ["/users", "/me", "/sign-ins/password"]) {
		const headers = {
			origin: EVIL,
			"access-control-request-method": "POST",
			"access-control-request-headers": "content-type,authorization",
		};
		const response = await send(path, "OPTIONS", headers, "");
		const granted = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
		assert.deepEqual(granted, [], path);
	}
});

test("nobody can be signed in to another's account by another site", async () => {
	const credentials = JSON.stringify({ name: mallory.name, password: PASSWORD });
	for (const headers of [{ origin: EVIL }, {}]) {
		const response = await fetch(`${gateway.base}${API_PATH}/sign-ins/password`, {
			method: "POST",
			headers: { ...headers, "content-type": "application/json" },
			body: credentials,
		});
		assert.equal(response.status, 403);
		assert.deepEqual(response.headers.getSetCookie(), []);
		await response.arrayBuffer();
	}
});

test("a real browser that is signed in does nothing for a page of another origin", async (t) => {
	const browser = await launchBrowser();
	t.after(() => browser.close());
	const evil = createServer((_request, response) => response.setHeader("Content-Type", "text/html").end("<body>evil"));
	t.after(() => evil.close());
	evil.listen(0, "127.0.0.1");
	await once(evil, "listening");
	const context = await browser.newContext();
	for (const [name, value] of operator.cookies) await context.addCookies([{ name, value, url: gateway.base }]);
	const before = await names();
	const page = await context.newPage();
	// The same site for cookies, as ports do not count: they are sent.
	await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
	const answers = await page.evaluate(async (api) => {
		const body = JSON.stringify({ name: "evil", role: "operator" });
		const attempts = ["text/plain", "application/x-www-form-urlencoded", "application/json"].map((type) =>
			fetch(`${api}/users`, {
				method: "POST",
				credentials: "include",
				mode: type === "application/json" ? "cors" : "no-cors",
				headers: { "content-type": type },
				body,
			}).then(
				({ status }) => status,
				() => "refused by the browser",
			),
		);
		return await Promise.all(attempts);
	}, `${gateway.base}${API_PATH}`);
	// The first two are sent, and what comes back is kept from the page all the same.
	assert.deepEqual(new Set(answers), new Set(["refused by the browser"]));
	for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
		await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
		await page.evaluate(
			({ action, enctype: type }) => {
				const form = document.createElement("form");
				Object.assign(form, { action, method: "post", enctype: type });
				const field = document.createElement("input");
				// With `text/plain` this makes a body that is JSON.
				Object.assign(field, { name: '{"name":"evil","role":"operator","x":"', value: '"}' });
				form.append(field);
				document.body.append(form);
				form.submit();
			},
			{ action: `${gateway.base}${API_PATH}/users`, enctype },
		);
		await page.waitForURL(`${gateway.base}/**`);
		assert.match((await page.textContent("body")) ?? "", /ORIGIN_REFUSED/);
	}
	assert.deepEqual(await names(), before);
});

test("no address of ours leads to another site, whatever is put into it", async () => {
	const { host } = new URL(gateway.base);
	for (const path of [
		"/",
		"//evil.example",
		"//evil.example/container-terminal",
		"/%2f%2fevil.example",
		"/\\evil.example",
		"/%5cevil.example/..",
		"/container-terminal?next=//evil.example",
		"/container-terminal?continueAt=https://evil.example",
		"/container-terminal/?to=https://evil.example",
		"/sign-in?next=https://evil.example",
		"/assets//evil.example",
		"/;@evil.example",
		"/container-terminal\r\nLocation: https://evil.example",
	]) {
		const response = await new ApiClient(gateway.base).fetch(path, { headers: { "x-forwarded-host": "evil.example" } });
		await response.arrayBuffer();
		const location = response.headers.get("location");
		if (location !== null) assert.equal(new URL(location, response.url).host, host, path);
		assert.equal(response.headers.get("refresh"), null, path);
	}
	const { continueAt } = await mallory.browser.ask("sign-in.leave", {});
	assert.equal(continueAt, null);
});
