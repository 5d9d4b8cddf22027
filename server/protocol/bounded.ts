/**
 * Text and lists with a bound. Not the validator's own `min` and `max`: they look at the `length` of whatever they are
 * given, also where it is no text, and throw where that is an object that cannot be made a number.
 */
import { z } from "zod";

export function textUpTo(most: number) {
	return z.string().refine((text) => text.length <= most, `must be ${most} characters at most`);
}

export function atLeastOne<Item extends z.ZodType>(item: Item) {
	return z.array(item).refine((list) => list.length > 0, "must not be empty");
}
