/** What the code needs of a logger; pino fits as it is. */
export type Log = {
	debug(fields: object, message: string): void;
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
	/** A logger that adds these fields to each of its lines. */
	child(fields: object): Log;
};
