/**
 * The one table of what can go wrong: code, sentence, HTTP status, what to do about it, and whether trying again may
 * help. `docs/errors.md` is generated from it. Code compares codes, never message text.
 */
export const ERROR_TABLE = {
	BAD_REQUEST: {
		status: 400,
		message: "The request could not be understood.",
		action: "Reload the page. If you wrote the client, see the field named in the message.",
		isRetryable: false,
	},
	UNAUTHENTICATED: {
		status: 401,
		message: "You are not signed in.",
		action: "Sign in, or reload the page; check that cookies are allowed.",
		isRetryable: false,
	},
	WRONG_CREDENTIALS: {
		status: 401,
		message: "The name or the password is wrong.",
		action: "Check both and try again, or ask an operator for a new link.",
		isRetryable: false,
	},
	SIGN_IN_REFUSED: {
		status: 401,
		message: "This sign-in was not accepted.",
		action: "Begin again from where you came. The operator finds the reason in the audit log.",
		isRetryable: false,
	},
	FORBIDDEN: {
		status: 403,
		message: "You may not do that.",
		action: "Ask an operator.",
		isRetryable: false,
	},
	USER_DISABLED: {
		status: 403,
		message: "Your access has been switched off.",
		action: "Ask an operator. Your files are kept.",
		isRetryable: false,
	},
	ORIGIN_REFUSED: {
		status: 403,
		message: "This page's origin may not use the terminal.",
		action: "Open the terminal at its own address, or ask the operator to add the origin to ALLOWED_ORIGINS.",
		isRetryable: false,
	},
	NOT_FOUND: {
		status: 404,
		message: "There is nothing at this address.",
		action: "Open /container-terminal.",
		isRetryable: false,
	},
	USER_NOT_FOUND: {
		status: 404,
		message: "There is no such user.",
		action: "`berth user list` shows who there is.",
		isRetryable: false,
	},
	SIGN_IN_NOT_FOUND: {
		status: 404,
		message: "There is no such sign-in.",
		action: "It has ended already.",
		isRetryable: false,
	},
	SESSION_NOT_FOUND: {
		status: 404,
		message: "There is no such session.",
		action: "It was closed, or its container was replaced. Open a new one.",
		isRetryable: false,
	},
	SESSION_ENDED: {
		status: 409,
		message: "The session's program has ended.",
		action: "Its output can still be read. Open a new session to go on working.",
		isRetryable: false,
	},
	SESSION_NOT_ATTACHED: {
		status: 409,
		message: "This page is not attached to the session.",
		action: "Attach to the session first.",
		isRetryable: false,
	},
	TOO_MANY_SESSIONS: {
		status: 409,
		message: "You have as many sessions open as are allowed.",
		action: "Close a session that you no longer need.",
		isRetryable: false,
	},
	TOO_MANY_SECRETS: {
		status: 409,
		message: "That is more than can be kept of your secrets.",
		action: "Remove some, or keep long ones as files in your home: 64 secrets and 32 KiB are the most.",
		isRetryable: false,
	},
	NO_ROOM: {
		status: 409,
		message: "There is no room for these files.",
		action: "Delete some of your files, or some of the guest's, and try again.",
		isRetryable: false,
	},
	NAME_TAKEN: {
		status: 409,
		message: "Somebody has this name already.",
		action: "Choose another one.",
		isRetryable: false,
	},
	LINK_USED: {
		status: 410,
		message: "This link was used already, or is too old.",
		action: "Ask an operator for a new one.",
		isRetryable: false,
	},
	INPUT_OUT_OF_ORDER: {
		status: 409,
		message: "Some input before this one is missing.",
		action: "Attach again and re-send from the acknowledged number.",
		isRetryable: true,
	},
	RATE_LIMITED: {
		status: 429,
		message: "That was too much in a short time.",
		action: "Wait a moment: the page tries again by itself.",
		isRetryable: true,
	},
	TOO_MANY_ATTEMPTS: {
		status: 429,
		message: "There were too many attempts.",
		action: "Wait as long as it says, then try again.",
		isRetryable: true,
	},
	TOO_MANY_PAGES: {
		status: 429,
		message: "You have as many pages open as are allowed.",
		action: "Close pages that you no longer need; this one goes on by itself.",
		isRetryable: true,
	},
	TOO_MANY_CONNECTIONS: {
		status: 429,
		message: "Too many pages are connected from your network.",
		action: "The page keeps trying. The operator may raise CONNECTIONS_PER_ADDRESS, or has to set TRUST_PROXY.",
		isRetryable: true,
	},
	INPUT_OVERFLOW: {
		status: 429,
		message: "The program is not reading its input.",
		action: "Wait until the program reads, or interrupt it.",
		isRetryable: true,
	},
	POOL_FULL: {
		status: 503,
		message: "All places are taken.",
		action: "Stay on the page: you get the next place that becomes free.",
		isRetryable: true,
	},
	POOL_STARTING: {
		status: 503,
		message: "The containers are being started.",
		action: "Wait a few seconds; the page goes on by itself.",
		isRetryable: true,
	},
	CONTAINER_RESTARTING: {
		status: 503,
		message: "Your container is being restarted.",
		action: "Wait a few seconds; your files are safe and a new shell opens by itself.",
		isRetryable: true,
	},
	CONTAINER_FAILED: {
		status: 503,
		message: "The container could not be started.",
		action: "The gateway keeps trying. The operator finds the reason in its log.",
		isRetryable: true,
	},
	ENGINE_UNREACHABLE: {
		status: 503,
		message: "The container engine does not answer.",
		action: "The gateway keeps trying. The operator should check that Docker runs and DOCKER_HOST is right.",
		isRetryable: true,
	},
	IMAGE_MISSING: {
		status: 503,
		message: "The container image does not exist.",
		action: "The operator should run scripts/setup-container-mode.sh or set CONTAINER_IMAGE.",
		isRetryable: true,
	},
	NOT_HARDENED: {
		status: 503,
		message: "The container is not closed off as it has to be, so it takes nobody.",
		action: "The operator finds the reason in the gateway's log.",
		isRetryable: true,
	},
	ISSUER_UNREACHABLE: {
		status: 503,
		message: "The sign-in service does not answer.",
		action: "Try again in a minute. The operator finds the reason in the gateway's log.",
		isRetryable: true,
	},
	SECRETS_UNAVAILABLE: {
		status: 503,
		message: "The store of your secrets does not answer.",
		action: "Try again in a minute. The operator finds the reason in the gateway's log.",
		isRetryable: true,
	},
	SECRET_UNREADABLE: {
		status: 500,
		message: "A secret cannot be read, and is missing in this shell.",
		action: "Set it again. The operator may have the key that it was encrypted with.",
		isRetryable: false,
	},
	LINK_BROKEN: {
		status: 503,
		message: "The connection to the container broke.",
		action: "The gateway reconnects by itself; nothing you typed or saw is lost.",
		isRetryable: true,
	},
	PROTOCOL_MISMATCH: {
		status: 503,
		message: "Gateway and container speak different protocol versions.",
		action: "The operator should rebuild the image with scripts/setup-container-mode.sh.",
		isRetryable: false,
	},
	ACCOUNT_CONFLICT: {
		status: 500,
		message: "The home folder belongs to another account.",
		action: "Nothing was changed. The operator must check the owners of /workspace.",
		isRetryable: false,
	},
	SPAWN_FAILED: {
		status: 500,
		message: "The shell could not be started.",
		action: "Try again. The operator finds the reason in the container's log.",
		isRetryable: true,
	},
	INTERNAL: {
		status: 500,
		message: "Something went wrong on our side.",
		action: "Try again. The operator finds the reason in the gateway's log.",
		isRetryable: true,
	},
} as const satisfies Record<string, ErrorRow>;

type ErrorRow = {
	/** HTTP status used where the error leaves by HTTP. */
	status: number;
	/** What happened, for the person at the terminal. */
	message: string;
	/** What to do now. */
	action: string;
	/** Whether the same request may succeed later without any change. */
	isRetryable: boolean;
};

export type ErrorCode = keyof typeof ERROR_TABLE;

export const ERROR_CODES = Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]];

export function isErrorCode(code: unknown): code is ErrorCode {
	return typeof code === "string" && Object.hasOwn(ERROR_TABLE, code);
}

/** An error as it stands on every wire. */
export type WireError = {
	code: ErrorCode;
	message: string;
	action: string;
	isRetryable: boolean;
	/** The same may succeed after so long, and not before. Absent where nobody knows. */
	retryAfterMs?: number;
};

export type BerthErrorOptions = {
	/** When to try again, where that is known. */
	retryAfterMs?: number;
	/** What exactly was wrong, for the reader of the message: a field's name, a container's name. Never a secret. */
	detail?: string;
	cause?: unknown;
};

/** The one error type. Anything else that is thrown is a surprise and becomes `INTERNAL` at the boundary. */
export class BerthError extends Error {
	readonly code: ErrorCode;
	readonly detail: string | undefined;
	readonly retryAfterMs: number | undefined;

	constructor(code: ErrorCode, options: BerthErrorOptions = {}) {
		const sentence = ERROR_TABLE[code].message;
		super(options.detail === undefined ? sentence : `${sentence} (${options.detail})`, { cause: options.cause });
		this.name = "BerthError";
		this.code = code;
		this.detail = options.detail;
		this.retryAfterMs = options.retryAfterMs;
	}
}

/** Surprises are `INTERNAL`. */
export function codeOf(thrown: unknown): ErrorCode {
	return thrown instanceof BerthError ? thrown.code : "INTERNAL";
}

/** Whatever was thrown, as it may be shown: surprises say nothing of their inside. */
export function toWireError(thrown: unknown): WireError {
	const error = thrown instanceof BerthError ? thrown : new BerthError("INTERNAL");
	const { action, isRetryable } = ERROR_TABLE[error.code];
	const { code, message, retryAfterMs } = error;
	return { code, message, action, isRetryable, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
