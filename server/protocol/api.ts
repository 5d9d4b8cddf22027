/**
 * The HTTP API: every operation, its place, what goes in and what comes out. Pages, `berth` and platforms use it; the
 * gateway serves it from this table. Parts of `path` that begin with a colon are taken from the input; the rest of it
 * travels in the query of a GET or DELETE, otherwise as a JSON body.
 */
import { z } from "zod";
import { textUpTo } from "./bounded.ts";
import { SignInId, UserId, Username } from "./ids.ts";
import { OPERATION_PLACES, type OperationPlace } from "./operation-places.ts";
import { SecretName, SecretValue, VariableName } from "./secret-names.ts";
import { Role, SignInMethod } from "./sign-in.ts";

export { API_PATH } from "./operation-places.ts";

/** `me`, a user's id, or a username. */
export const UserRef = z.union([z.literal("me"), UserId, Username]);
export type UserRef = z.infer<typeof UserRef>;

const Time = z.number().int();
const Nothing = z.object({});
const DisplayName = textUpTo(200);
/** What a person types to sign in. Compared without regard to case. */
export const LoginName = textUpTo(64).regex(
	/^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u,
	"must not begin or end with a space",
);
/** Long ones are fine, but to hash them takes time. */
export const Password = textUpTo(1_024).refine((text) => text.length >= 10, "must be 10 characters at least");
/** As somebody types one who has it already. */
const TypedPassword = textUpTo(1_024);
const TierName = textUpTo(31);

export const UserInfo = z.object({
	userId: UserId,
	username: Username,
	displayName: z.string(),
	issuer: z.string(),
	subject: z.string(),
	role: Role,
	/** Null where the rules decide. */
	tier: z.string().nullable(),
	isDisabled: z.boolean(),
	/** Unix times, ms. */
	createdAt: Time,
	signedInAt: Time.nullable(),
});
export type UserInfo = z.infer<typeof UserInfo>;

export const SignInInfo = z.object({
	signInId: SignInId,
	method: SignInMethod,
	createdAt: Time,
	usedAt: Time,
	endsAt: Time,
	address: z.string(),
	device: z.string(),
	/** Whether it is the one that asks. */
	isCurrent: z.boolean(),
});
export type SignInInfo = z.infer<typeof SignInInfo>;

/** A way in that is on. */
export const MethodInfo = z.object({
	method: SignInMethod,
	/** What its button says, e.g. `Sign in with Example School`. */
	label: z.string(),
	/** Where to go for it, beside the page; null where the page itself asks for what is needed. */
	path: z.string().nullable(),
});
export type MethodInfo = z.infer<typeof MethodInfo>;

export const SecretInfo = z.object({
	name: VariableName,
	changedAt: Time.nullable(),
	/** `nameOfActor` of whoever set it; null where the store does not say. */
	changedBy: z.string().nullable(),
});
export type SecretInfo = z.infer<typeof SecretInfo>;

/** A link that works once. Its last part is secret. */
export const OneTimeLink = z.object({ url: z.string(), endsAt: Time });
export type OneTimeLink = z.infer<typeof OneTimeLink>;

export const TokenInfo = z.object({
	name: z.string(),
	createdAt: Time,
	usedAt: Time.nullable(),
	createdBy: z.string(),
});
export type TokenInfo = z.infer<typeof TokenInfo>;
const TokenName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "must be lower-case letters, digits and hyphens");

/** A line of the audit log as it was written; `hash` is over it and the one before. */
export const AuditLine = z.object({
	seq: z.number().int(),
	at: Time,
	actor: z.string(),
	address: z.string().nullable(),
	action: z.string(),
	subject: z.string().nullable(),
	result: z.string(),
	details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
	hash: z.string(),
});
export type AuditLine = z.infer<typeof AuditLine>;

export const AuditVerdict = z.object({
	isWhole: z.boolean(),
	/** Lines that were looked at. */
	lines: z.number().int(),
	/** First and last of them; null where there are none. */
	first: z.number().int().nullable(),
	last: z.number().int().nullable(),
	/** What is wrong, a sentence each. */
	problems: z.array(z.string()),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;

const Paged = { limit: z.coerce.number().int().min(1).max(500).default(100) };

export type OperationShape = OperationPlace & {
	summary: string;
	input: z.ZodObject;
	result: z.ZodType;
};

export const OPERATIONS = {
	"account.read": {
		...OPERATION_PLACES["account.read"],
		summary: "Who one is, how one got in, and which ways in there are. For everybody.",
		input: Nothing,
		result: z.object({
			user: UserInfo.nullable(),
			method: SignInMethod.nullable(),
			signInId: SignInId.nullable(),
			methods: z.array(MethodInfo),
			/** Whether this browser is also a guest, whose files could be taken over. */
			hasGuestFiles: z.boolean(),
		}),
	},
	"sign-in.password": {
		...OPERATION_PLACES["sign-in.password"],
		summary: "Signs in by name and password.",
		input: z.object({ name: textUpTo(64), password: TypedPassword }),
		result: Nothing,
	},
	"sign-in.jwt": {
		...OPERATION_PLACES["sign-in.jwt"],
		summary: "Signs in by a platform's token, which works once.",
		input: z.object({ token: textUpTo(8 * 1024), isEmbedded: z.boolean().default(false) }),
		result: Nothing,
	},
	"sign-in.leave": {
		...OPERATION_PLACES["sign-in.leave"],
		summary: "Signs out. `continueAt` is where to sign out at the issuer as well.",
		input: Nothing,
		result: z.object({ continueAt: z.string().nullable() }),
	},
	"sign-in.list": {
		...OPERATION_PLACES["sign-in.list"],
		summary: "Where a user is signed in, newest use first.",
		input: z.object({ user: UserRef }),
		result: z.object({ signIns: z.array(SignInInfo) }),
	},
	"sign-in.end": {
		...OPERATION_PLACES["sign-in.end"],
		summary: "Ends one sign-in, and closes the terminals that are open by it. What runs in them goes on.",
		input: z.object({ user: UserRef, signInId: SignInId }),
		result: Nothing,
	},
	"sign-in.end-others": {
		...OPERATION_PLACES["sign-in.end-others"],
		summary: "Ends all sign-ins of a user but the one that asks.",
		input: z.object({ user: UserRef }),
		result: z.object({ ended: z.number().int() }),
	},
	"guest.adopt": {
		...OPERATION_PLACES["guest.adopt"],
		summary: "Takes over the files of the guest that this browser was. The guest's sessions end.",
		input: Nothing,
		result: z.object({
			/** Where they are now, e.g. `~` or `~/guest-2026-11-21`. */
			folder: z.string(),
		}),
	},
	"password.change": {
		...OPERATION_PLACES["password.change"],
		summary: "Changes one's own password. Other sign-ins end.",
		input: z.object({ current: TypedPassword, password: Password }),
		result: Nothing,
	},
	"invitation.look": {
		...OPERATION_PLACES["invitation.look"],
		summary: "What a one-time link is for. Does not use it up.",
		input: z.object({ token: textUpTo(100) }),
		result: z.object({
			kind: z.enum(["invitation", "reset", "first-operator"]),
			/** Null where the person chooses one. */
			name: z.string().nullable(),
		}),
	},
	"invitation.accept": {
		...OPERATION_PLACES["invitation.accept"],
		summary: "Sets a password by a one-time link, and signs in.",
		input: z.object({ token: textUpTo(100), name: LoginName.nullable().default(null), password: Password }),
		result: Nothing,
	},
	"user.list": {
		...OPERATION_PLACES["user.list"],
		summary: "Users in the order in which they came, `limit` at a time, after one of them.",
		input: z.object({
			...Paged,
			after: UserId.nullable().default(null),
			search: textUpTo(100).nullable().default(null),
		}),
		result: z.object({ users: z.array(UserInfo), next: UserId.nullable() }),
	},
	"user.add": {
		...OPERATION_PLACES["user.add"],
		summary: "Adds a user who signs in by password, and returns the link with which they set it.",
		input: z.object({ name: LoginName, role: Role.default("user"), tier: TierName.nullable().default(null) }),
		result: z.object({ user: UserInfo, invitation: OneTimeLink }),
	},
	"user.register": {
		...OPERATION_PLACES["user.register"],
		summary: "Makes a user known whom an issuer will vouch for, so that secrets and a tier can be given beforehand.",
		input: z.object({ issuer: textUpTo(200), subject: textUpTo(200), displayName: DisplayName }),
		result: z.object({ user: UserInfo }),
	},
	"user.read": {
		...OPERATION_PLACES["user.read"],
		summary: "One user.",
		input: z.object({ user: UserRef }),
		result: z.object({ user: UserInfo }),
	},
	"user.change": {
		...OPERATION_PLACES["user.change"],
		summary: "Changes role or tier, or switches a user's access off and on. Switched off: sign-ins and sessions end.",
		input: z.object({
			user: UserRef,
			role: Role.optional(),
			tier: TierName.nullable().optional(),
			isDisabled: z.boolean().optional(),
		}),
		result: z.object({ user: UserInfo }),
	},
	"user.reset": {
		...OPERATION_PLACES["user.reset"],
		summary: "Ends a user's sign-ins, makes the password useless, and returns a link with which to set a new one.",
		input: z.object({ user: UserRef }),
		result: z.object({ invitation: OneTimeLink }),
	},
	"secret.list": {
		...OPERATION_PLACES["secret.list"],
		summary: "Names of a user's secrets. Their values are never given back.",
		input: z.object({ user: UserRef }),
		result: z.object({ secrets: z.array(SecretInfo) }),
	},
	"secret.set": {
		...OPERATION_PLACES["secret.set"],
		summary: "Sets a variable of the user's new shells.",
		input: z.object({ user: UserRef, name: SecretName, value: SecretValue }),
		result: Nothing,
	},
	"secret.remove": {
		...OPERATION_PLACES["secret.remove"],
		summary: "Takes a variable away from the user's new shells.",
		input: z.object({ user: UserRef, name: VariableName }),
		result: Nothing,
	},
	"secrets.rotate": {
		...OPERATION_PLACES["secrets.rotate"],
		summary:
			"Makes a new key, and encrypts all secrets with it. Where the keys are given from outside: with the first.",
		input: Nothing,
		result: z.object({
			/** The key that encrypts from now on. */
			keyId: z.string(),
			/** Encrypted with it now. */
			secrets: z.number().int(),
			/** Those whose key is gone: they stay as they are. */
			unreadable: z.number().int(),
			/** Keys that were given from outside and that nothing is encrypted with any more. */
			unneededKeys: z.array(z.string()),
		}),
	},
	"token.list": {
		...OPERATION_PLACES["token.list"],
		summary: "The API's tokens, without what is secret of them.",
		input: Nothing,
		result: z.object({ tokens: z.array(TokenInfo) }),
	},
	"token.add": {
		...OPERATION_PLACES["token.add"],
		summary: "Makes a token for a program that acts for the operators. It is shown once.",
		input: z.object({ name: TokenName }),
		result: z.object({ token: z.string() }),
	},
	"token.revoke": {
		...OPERATION_PLACES["token.revoke"],
		summary: "Makes a token useless.",
		input: z.object({ name: TokenName }),
		result: Nothing,
	},
	"audit.list": {
		...OPERATION_PLACES["audit.list"],
		summary: "Lines of the audit log after one of them, oldest first.",
		input: z.object({ ...Paged, after: z.coerce.number().int().min(0).default(0) }),
		result: z.object({
			lines: z.array(AuditLine),
			next: z.number().int().nullable(),
			/** Number of the newest line; 0 where there was never one. */
			last: z.number().int(),
		}),
	},
	"audit.verify": {
		...OPERATION_PLACES["audit.verify"],
		summary: "Whether the audit log is whole: no line changed, none missing.",
		input: Nothing,
		result: AuditVerdict,
	},
} as const satisfies Record<string, OperationShape>;

export type OperationName = keyof typeof OPERATIONS;
/** As a client writes it. */
export type OperationInput<Name extends OperationName> = z.input<(typeof OPERATIONS)[Name]["input"]>;
/** As a handler gets it. */
export type ParsedInput<Name extends OperationName> = z.output<(typeof OPERATIONS)[Name]["input"]>;
export type OperationResult<Name extends OperationName> = z.output<(typeof OPERATIONS)[Name]["result"]>;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as [OperationName, ...OperationName[]];
