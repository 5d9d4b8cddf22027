/** What came from outside, checked. */
import type { z } from "zod";
import { BerthError } from "./errors.ts";

/** Throws `BerthError` BAD_REQUEST that names the first field that is wrong. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	const field = issue?.path.join(".") || "request";
	throw new BerthError("BAD_REQUEST", { detail: `${field}: ${issue?.message ?? "is wrong"}` });
}
