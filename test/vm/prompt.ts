/** Opens a shell at the gateway with this address, and ends well once it has printed a prompt and run a command. */
import assert from "node:assert/strict";
import { PageClient } from "../support/page-client.ts";

const [base] = process.argv.slice(2);
assert.ok(base, "usage: node test/vm/prompt.ts ADDRESS");
using page = await PageClient.connect(base);
await page.untilReady();
const screen = await page.open();
await page.until(() => screen.text.includes("$"), "a prompt");
// The shell is in a control group of its own account.
const group = await page.run(screen, "cat /proc/self/cgroup");
process.stdout.write(`${screen.text}\n`);
assert.match(group, /^0::\/users\/u\d+$/m);
