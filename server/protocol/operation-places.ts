/** Where each of the API's operations is: apart from `api.ts`, so that pages need not carry its schemas. */

export const API_PATH = "/api/v1";

/** Parts of `path` that begin with a colon are taken from the input. */
export const OPERATION_PLACES = {
	"account.read": { method: "GET", path: "/me" },
	"sign-in.password": { method: "POST", path: "/sign-ins/password" },
	"sign-in.jwt": { method: "POST", path: "/sign-ins/jwt" },
	"sign-in.leave": { method: "DELETE", path: "/sign-ins/current" },
	"sign-in.list": { method: "GET", path: "/users/:user/sign-ins" },
	"sign-in.end": { method: "DELETE", path: "/users/:user/sign-ins/:signInId" },
	"sign-in.end-others": { method: "DELETE", path: "/users/:user/sign-ins" },
	"guest.adopt": { method: "POST", path: "/users/me/guest-files" },
	"password.change": { method: "PUT", path: "/users/me/password" },
	"invitation.look": { method: "POST", path: "/invitations/look" },
	"invitation.accept": { method: "POST", path: "/invitations/accept" },
	"user.list": { method: "GET", path: "/users" },
	"user.add": { method: "POST", path: "/users" },
	"user.register": { method: "POST", path: "/users/register" },
	"user.read": { method: "GET", path: "/users/:user" },
	"user.change": { method: "PATCH", path: "/users/:user" },
	"user.reset": { method: "POST", path: "/users/:user/reset" },
	"secret.list": { method: "GET", path: "/users/:user/secrets" },
	"secret.set": { method: "PUT", path: "/users/:user/secrets/:name" },
	"secret.remove": { method: "DELETE", path: "/users/:user/secrets/:name" },
	"secrets.rotate": { method: "POST", path: "/secrets/rotate" },
	"token.list": { method: "GET", path: "/tokens" },
	"token.add": { method: "POST", path: "/tokens" },
	"token.revoke": { method: "DELETE", path: "/tokens/:name" },
	"audit.list": { method: "GET", path: "/audit" },
	"audit.verify": { method: "GET", path: "/audit/verdict" },
} as const satisfies Record<string, OperationPlace>;

export type OperationPlace = { method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; path: string };
