/** What the API tells of users and their sign-ins. */
import type { SignIn } from "../core/sign-ins.ts";
import type { User } from "../core/users.ts";
import type { SignInInfo, UserInfo } from "../protocol/api.ts";
import type { SignInId } from "../protocol/ids.ts";

export function userInfo({ disabledAt, ...user }: User): UserInfo {
	return { ...user, isDisabled: disabledAt !== null };
}

export function signInInfo({ issuerSession: _, userId: __, ...signIn }: SignIn, current: SignInId | null): SignInInfo {
	return { ...signIn, isCurrent: signIn.signInId === current };
}
