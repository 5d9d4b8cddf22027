/**
 * How much slower than a usual two-core machine this one is: 1 everywhere but under software emulation. Bounds in time
 * are as much wider; what they say about Berth is said on machines where this is 1.
 */
export const SLOWNESS = Number(process.env.TEST_SLOWNESS || 1);
