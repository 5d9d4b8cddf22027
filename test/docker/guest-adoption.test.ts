/** A guest becomes a member with files intact, in real containers, also where somebody works against it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiCaller, signIn, WITH_MEMBERS } from "../support/api-caller.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

type Person = { page: PageClient; screen: Screen; name: string; run(command: string): Promise<string> };
type Fixture = { pool: TestPool; gateway: GatewayProcess };

async function setUp(t: TestContext, settings: Record<string, string> = {}): Promise<Fixture> {
	const resources = new AsyncDisposableStack();
	t.after(() => resources.disposeAsync());
	const pool = resources.use(new TestPool({ MAX_CONTAINERS: "2", ...WITH_MEMBERS, ...settings }));
	const gateway = resources.use(await GatewayProcess.start(pool.environment));
	const wanted = Number(settings.MAX_CONTAINERS ?? 2);
	while ((await gateway.readiness()).containers.ready < wanted) await sleep(100);
	return { pool, gateway };
}

async function arrive(t: TestContext, { gateway }: Fixture, cookie?: string): Promise<Person> {
	const page = await PageClient.connect(gateway.base, cookie);
	t.after(() => page[Symbol.dispose]());
	await page.untilReady();
	const screen = await page.open();
	const name = page.welcome?.user.username ?? "";
	return { page, screen, name, run: (command) => page.run(screen, command) };
}

/** Puts a file into the person's home. */
async function write(person: Person, name: string, text: string): Promise<void> {
	await person.run(`echo ${Buffer.from(text).toString("base64")} | base64 -d > ~/${name}`);
}

/** By the browser that has both cookies. */
async function adopt({ gateway }: Fixture, guest: Person, cookie: string) {
	return await ApiCaller.asBrowser(gateway, `${guest.page.cookie}; ${cookie}`).call("guest.adopt", {});
}

const containerOf = ({ page: { place } }: Person): string => (place?.kind === "ready" ? place.container : "none");

/** Everything that is to stay as it is, but what shells write by themselves. */
const MANIFEST = `(cd "$T" && find . -name .bash_history -o -name .tmp -prune -o -printf '%P|%y|%m|%s|%n|%l|%T@\\0' | grep -zv '^|' | sort -z | sha256sum; find . -type f -size +0 -not -name .bash_history -perm -u=r -print0 | sort -z | xargs -0 sha256sum | sha256sum)`;

const MANY = `
mkdir -p ~/odd/empty ~/big; cd ~/odd
echo plain > plain; chmod 640 plain; echo run > tool; chmod 755 tool; echo none > closed; chmod 000 closed; mkdir -m 2770 shared
ln plain hard; ln -s plain soft; ln -s /etc/passwd absolute; ln -s nowhere dangling; ln -s ../.. up; mkfifo pipe
touch -- -rf ' two  spaces ' 'ü✓' $'new\\nline' $'\\xff\\xfe' '*' '$(id)'; touch -d 2001-02-03 old
printf 'x%.0s' {1..200} | xargs touch; for i in {1..40}; do mkdir $i; cd $i; done; echo deep > bottom; cd ~/big
python3 -c "
import os
for d in range(100):
    os.mkdir(str(d))
    for f in range(200): open(f'{d}/{f}', 'w').write(str(f))
"; cd`;

test("a guest who signs in has the same files, in another container, down to modes, links and names", async (t) => {
	const fixture = await setUp(t);
	const guest = await arrive(t, fixture);
	await guest.run(MANY);
	await guest.run("cp /bin/true ~/lent; chmod 4755 ~/lent; setsid sleep 1000 & sleep 0.1");
	const before = await guest.run(`chmod 755 ~/lent; T=~; ${MANIFEST}`);
	await guest.run("chmod 4755 ~/lent");
	const { cookie } = signIn(fixture.gateway, "ada");
	const page = await PageClient.connect(fixture.gateway.base, cookie);
	t.after(() => page[Symbol.dispose]());
	const left = new Promise((resolve) => guest.page.socket.on("berth:signed-out", resolve));
	const { code, cookies, result } = await adopt(fixture, guest, cookie);
	assert.deepEqual([code, result], [null, { folder: "~" }]);
	assert.match(cookies.join(), /berth_guest=;.*Max-Age=0/);
	assert.equal(await left, "replaced");
	const member = await arrive(t, fixture, cookie);
	assert.notEqual(containerOf(member), containerOf(guest));
	assert.equal(await member.run(`T=~; ${MANIFEST}`), before);
	assert.equal(await member.run("find ~ ! -user $USER -o ! -group $USER"), "");
	assert.equal(await member.run("stat -c %a ~ ~/lent"), "700\n755", "nothing runs as its owner that others made");
	assert.equal(
		await fixture.pool.run(1, ["sh", "-c", `ls -A /workspace; pgrep -u ${guest.name} -c`]),
		`${member.name}\n0\n`,
	);
});

test("beside files of one's own the guest's are a folder; again, there is nothing; too much is refused", async (t) => {
	const fixture = await setUp(t, { MAX_CONTAINERS: "1", USER_DISK_LIMIT: "60m" });
	const { cookie } = signIn(fixture.gateway, "ada");
	const member = await arrive(t, fixture, cookie);
	const guest = await arrive(t, fixture);
	await member.run("echo own > ~/own; head -c 40M /dev/zero > ~/filler");
	await guest.run("echo theirs > ~/theirs; head -c 40M /dev/zero > ~/filler");
	assert.equal((await adopt(fixture, guest, cookie)).code, "NO_ROOM");
	assert.equal(await (await arrive(t, fixture, guest.page.cookie)).run("cat ~/theirs"), "theirs");
	await member.run("rm ~/filler");
	const { folder } = (await adopt(fixture, guest, cookie)).result;
	assert.match(folder, /^~\/guest-\d{4}-\d\d-\d\d$/);
	assert.equal(await member.run(`cat ~/own ${folder}/theirs; find ${folder} ! -user $USER | wc -l`), "own\ntheirs\n0");
	assert.deepEqual((await adopt(fixture, guest, cookie)).result, { folder: "~" });
});

const MULTIPLY = `
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
home = os.path.expanduser('~')
while True:
    try:
        if os.fork() == 0: os.setsid()
    except OSError: pass
    try:
        name = f'{home}/d{os.getpid() % 50}'
        try: os.mkdir(name, 0o777)
        except OSError: pass
        open(f'{name}/f', 'a').write('x')
        os.rename(name, name + 'b'); os.symlink('/workspace', name); os.unlink(name); os.rename(name + 'b', name)
    except OSError: pass
`;

test("programs that multiply, ignore signals and write all the while are gone before anything is moved", async (t) => {
	const fixture = await setUp(t, { MAX_CONTAINERS: "1" });
	const guest = await arrive(t, fixture);
	await write(guest, "race.py", MULTIPLY);
	guest.page.type(guest.screen, "python3 ~/race.py &\r");
	await sleep(2_000);
	const { cookie } = signIn(fixture.gateway, "ada");
	assert.deepEqual((await adopt(fixture, guest, cookie)).result, { folder: "~" });
	const member = await arrive(t, fixture, cookie);
	assert.equal(await fixture.pool.run(1, ["sh", "-c", `pgrep -u ${guest.name} -c`]), "0\n");
	assert.equal(await member.run("find ~ ! -user $USER | wc -l; find ~/race.py -printf '%u\\n'"), `0\n${member.name}`);
});

/** Gets a folder of the guest's by a descriptor, and puts links in it while its owner changes. */
const SWAP = `
import array, os, socket, sys, time
path = '/tmp/meet'
s = socket.socket(socket.AF_UNIX); s.bind(path); os.chmod(path, 0o777); s.listen()
print('listening', flush=True)
c, _ = s.accept()
_, ancillary, _, _ = c.recvmsg(1, socket.CMSG_SPACE(4))
fd = array.array('i', ancillary[0][2])[0]
open(os.open('left-by-another', os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=fd), 'w').write('x')
end = time.time() + float(sys.argv[2])
while time.time() < end:
    for n in range(200):
        try:
            os.rename(f'd{n}', f'away{n}', src_dir_fd=fd, dst_dir_fd=fd)
            os.symlink(sys.argv[1], f'd{n}', dir_fd=fd)
            os.unlink(f'd{n}', dir_fd=fd)
            os.rename(f'away{n}', f'd{n}', src_dir_fd=fd, dst_dir_fd=fd)
        except OSError: pass
print('swapped', flush=True)
`;

test("links in the way, even by somebody who lives on in the tree, lead to nobody else's files", async (t) => {
	const fixture = await setUp(t, { MAX_CONTAINERS: "1" });
	const victim = await arrive(t, fixture);
	const guest = await arrive(t, fixture);
	const mallory = await arrive(t, fixture);
	await victim.run("mkdir -p ~/work; echo secret > ~/work/file; echo secret > ~/file");
	const target = `/workspace/${victim.name}`;
	await guest.run(
		`mkdir -m 777 ~/trap; cd ~/trap; for i in {0..199}; do mkdir -m 777 d$i; touch d$i/{1..30}; done; ln -s ${target} all; ln -s ${target}/file one; cd`,
	);
	await write(mallory, "swap.py", SWAP);
	mallory.page.type(mallory.screen, `python3 ~/swap.py ${target} 12\r`);
	await mallory.page.until(() => mallory.screen.text.includes("listening"), "mallory to listen");
	await guest.run(
		`chmod 711 ~; python3 -c "
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect('/tmp/meet')
socket.send_fds(s, [b'x'], [os.open(os.path.expanduser('~/trap'), os.O_RDONLY)])
"; sleep 0.5`,
	);
	const { cookie } = signIn(fixture.gateway, "ada");
	// Names that come and go may keep it from coming to its end; then it is asked for again.
	let code = (await adopt(fixture, guest, cookie)).code;
	await mallory.page.until(() => mallory.screen.text.includes("swapped"), "mallory to end");
	if (code !== null) code = (await adopt(fixture, guest, cookie)).code;
	assert.equal(code, null);
	const member = await arrive(t, fixture, cookie);
	assert.equal(
		await fixture.pool.run(1, ["sh", "-c", `find ${target} ! -user ${victim.name}; stat -c %U /workspace /etc/passwd`]),
		"root\nroot\n",
	);
	assert.equal(await victim.run("cat ~/work/file ~/file"), "secret\nsecret");
	// What somebody else made in there is still theirs; all else is the member's.
	assert.equal(
		await member.run("find ~ ! -user $USER -not -type l -printf '%f %u\\n'"),
		`left-by-another ${mallory.name}`,
	);
});
