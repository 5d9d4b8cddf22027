/**
 * Numbers both ends of a wire must agree on. They stand apart from the schemas so that the page can import them
 * without bundling a validator.
 */

/** Version of the Socket.IO events. A page of another version reloads itself. */
export const TERMINAL_PROTOCOL_VERSION = 2;

/** One input event carries at most this many bytes; a longer paste is cut into several. */
export const MAX_INPUT_BYTES = 16 * 1024;

/**
 * Input the page may have sent without an acknowledgement. Bounds what a page keeps for re-sending and what the agent
 * may have to hold for a program that does not read.
 */
export const INPUT_WINDOW_BYTES = 64 * 1024;

/**
 * Output the agent may send beyond what the page has acknowledged. Invariant: bytes in flight for one attachment, in
 * every buffer between PTY and screen together, never exceed this. Half a mebibyte keeps 10 MB/s going over a round
 * trip of 50 ms.
 */
export const OUTPUT_WINDOW_BYTES = 512 * 1024;

/**
 * A page that has more output to acknowledge than `OUTPUT_TAIL_BYTES` and acknowledges none for so long is detached.
 * Browsers let timers of a hidden page run once a minute: that page is slow, not gone.
 */
export const STALLED_MS = 90_000;

/** The page acknowledges output each time the terminal has parsed this many bytes. */
export const OUTPUT_ACK_BYTES = 64 * 1024;

/**
 * Output that the page may leave unacknowledged for good; more it acknowledges when the terminal runs dry. Without it
 * each echoed key would send a message all the way to the agent, only to say that one byte was parsed. Invariant: less
 * than `lowWater` of the smallest ring, so that nothing ever waits for this acknowledgement.
 */
export const OUTPUT_TAIL_BYTES = 16 * 1024;

export const MAX_COLS = 1000;
export const MAX_ROWS = 500;

/** Characters in a session's name (the tab's title given by the user). */
export const MAX_SESSION_NAME_LENGTH = 64;

/** Signals that a page may send. Everything else is typed (Ctrl-C, Ctrl-Z) or is the operator's business. */
export const SESSION_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGTSTP", "SIGCONT"] as const;

/** Largest Socket.IO message accepted from a page: one full input event and its envelope. */
export const MAX_SOCKET_MESSAGE_BYTES = 64 * 1024;
