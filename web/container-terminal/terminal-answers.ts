/**
 * Programs ask the terminal questions (who are you, where is the cursor, which colours) and it answers as if somebody
 * had typed. In a replay these questions are old: an answer now would end up as text at somebody's prompt.
 */
import type { Terminal } from "@xterm/xterm";

const QUESTIONS = [
	{ final: "c" },
	{ prefix: ">", final: "c" },
	{ prefix: "=", final: "c" },
	{ final: "n" },
	{ prefix: "?", final: "n" },
	{ intermediates: "$", final: "p" },
	{ prefix: "?", intermediates: "$", final: "p" },
	{ prefix: ">", final: "q" },
	{ final: "t" },
];

/** OSC 4, 10, 11 and 12: colours, which are asked for with a `?` in place of one. */
const COLOUR_COMMANDS = [4, 10, 11, 12];

/** While `isReplaying`, questions are taken and not answered. */
export function muteAnswers(terminal: Terminal, isReplaying: () => boolean): void {
	for (const question of QUESTIONS) terminal.parser.registerCsiHandler(question, isReplaying);
	terminal.parser.registerDcsHandler({ intermediates: "$", final: "q" }, isReplaying);
	for (const command of COLOUR_COMMANDS) {
		terminal.parser.registerOscHandler(command, (data) => data.includes("?") && isReplaying());
	}
}
