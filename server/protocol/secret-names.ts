/**
 * Which names a secret may have. A secret is a value that a program asks for by its name; it must not be a way to change
 * who a shell is, what it does, or what the programs do that everybody runs in it. Whoever sets it may be an operator or
 * a platform, and nobody acts in another's terminal. So these are taken:
 *
 * - what the login shell is made with: account, folders, terminal, language, and all of Berth's own;
 * - what shells read while they start or print a prompt: `BASH_ENV` and the like run whatever they hold;
 * - what the loader, the C library and language runtimes run or load code by: `LD_PRELOAD`, `NODE_OPTIONS`, ...;
 * - what names a program that common tools start: `EDITOR`, `PAGER`, `GIT_SSH_COMMAND`, ...
 *
 * No such list is complete: somebody's program may run what a variable says that is not known here. Case does not count,
 * since some shells tie `path` to `PATH`.
 */
import { z } from "zod";
import { textUpTo } from "./bounded.ts";

const TAKEN = new Set(
	`
	PATH HOME USER LOGNAME USERNAME SHELL PWD OLDPWD TERM COLORTERM TERMINFO TERMINFO_DIRS TERMCAP LANG LANGUAGE
	TMPDIR TMP TEMP TMUX TMUX_TMPDIR HOSTNAME HOSTTYPE MACHTYPE OSTYPE MAIL MAILPATH MAILCHECK LINES COLUMNS _ __PROTO__

	ENV IFS CDPATH FPATH FIGNORE GLOBIGNORE EXECIGNORE INPUTRC OPTIND OPTERR POSIXLY_CORRECT PROMPT_COMMAND
	PROMPT_DIRTRIM PROMPT RPROMPT PROMPT2 PROMPT3 PROMPT4 RPS1 RPS2 PSVAR SHELLOPTS SHLVL TMOUT TIMEFORMAT UID EUID GID
	EGID PPID GROUPS ZDOTDIR MODULE_PATH MANPATH FCEDIT

	GLIBC_TUNABLES GCONV_PATH NLSPATH LOCPATH HOSTALIASES LOCALDOMAIN RES_OPTIONS GETCONF_DIR TZDIR OPENSSL_CONF
	OPENSSL_MODULES OPENSSL_ENGINES NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_EXTRA_CA_CERTS CLASSPATH
	JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS MAKEFLAGS MAKEFILES GNUMAKEFLAGS GCC_EXEC_PREFIX COMPILER_PATH
	RUSTC RUSTC_WRAPPER GOFLAGS LUA_INIT LUA_PATH LUA_CPATH R_PROFILE R_PROFILE_USER TCLLIBPATH VIMINIT EXINIT GVIMINIT

	EDITOR VISUAL PAGER MANPAGER BROWSER LESS LESSOPEN LESSCLOSE LESSEDIT LESSKEY LESSKEYIN SSH_ASKPASS SSH_AUTH_SOCK
	SUDO_ASKPASS GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF
	GIT_EXEC_PATH GIT_PROXY_COMMAND GIT_TEMPLATE_DIR RSYNC_RSH TAR_OPTIONS RIPGREP_CONFIG_PATH CURL_HOME WGETRC
	`
		.trim()
		.split(/\s+/),
);

/** Whole families. `PS1` and its like are a prompt's, `PSQL_PASSWORD` is not. */
const TAKEN_FAMILIES = [
	/^(BERTH_|BASH|COMP_|DYLD_|LC_|LD_|MALLOC_|NPM_CONFIG_|XDG_)/,
	/^HIST(CHARS|CMD|CONTROL|FILE|IGNORE|SIZE|TIMEFORMAT)/,
	/^(GIT_CONFIG|PERL(5|LIB|_)|PS\d|PYTHON(?!_)|RUBY(LIB|OPT|PATH|SHELL))/,
];

export function isTakenName(name: string): boolean {
	const upper = name.toUpperCase();
	return TAKEN.has(upper) || TAKEN_FAMILIES.some((family) => family.test(upper));
}

/** What a shell can have for a variable's name. */
export const VariableName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be letters, digits and underscores");

export const SecretName = VariableName.refine(
	(name) => !isTakenName(name),
	"is a name that shells or common programs go by; choose another",
);

/** In UTF-16 units: for what is longer, keep a file in the home. */
const MAX_VALUE_LENGTH = 16 * 1024;

export const SecretValue = textUpTo(MAX_VALUE_LENGTH)
	.refine((text) => !text.includes("\0"), "must not contain NUL")
	.refine((text) => text.isWellFormed(), "must be text");

/** More names than these would be no use to anybody, and too many for `berth-launch` (256 strings, two for each). */
export const MAX_SECRETS = 64;

/**
 * All of a user's secrets together, names included, as JSON in UTF-8: they travel in one frame of the link, which has
 * room for twice as much, and then in one request to `berth-launch`.
 */
export const MAX_SECRETS_BYTES = 32 * 1024;

/** A user's secrets as a shell gets them. */
export const SecretEnvironment = z
	.record(SecretName, SecretValue)
	.refine((environment) => areSecretsWithinBounds(environment), "is too much");
export type SecretEnvironment = z.infer<typeof SecretEnvironment>;

export function areSecretsWithinBounds(environment: Readonly<Record<string, string>>): boolean {
	const isFew = Object.keys(environment).length <= MAX_SECRETS;
	return isFew && new TextEncoder().encode(JSON.stringify(environment)).length <= MAX_SECRETS_BYTES;
}
