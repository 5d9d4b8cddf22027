import { join } from "node:path";
import { defineConfig } from "vite";

const WEB_ROOT = join(import.meta.dirname, "web");
const SHARED = /\/web\/shared\/|\/server\/protocol\/(errors|operation-places)\.ts$/;
const PAGES = ["container-terminal", "sign-in", "invitation", "account"];

export default defineConfig({
	root: WEB_ROOT,
	build: {
		outDir: join(WEB_ROOT, "dist"),
		emptyOutDir: true,
		target: "es2023",
		// Inlined assets would be data: URLs, which the page's policy allows for images only.
		assetsInlineLimit: 0,
		// Browsers of the target know it themselves.
		modulePreload: { polyfill: false },
		rollupOptions: {
			input: PAGES.map((page) => join(WEB_ROOT, page, "index.html")),
			// One file of what pages have in common: each more is one more request before anything is seen.
			output: { codeSplitting: { groups: [{ name: "shared", test: SHARED }] } },
		},
	},
	experimental: {
		// Pages are served without a trailing slash, so that what they name lies beside them, also below a sub-path.
		renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `./${file}` : { relative: true }),
	},
});
