/** A program that prints numbered lines at a steady pace. */

/**
 * A command line for bash that prints `#1`, `#2`, … so many times a second for so long. It starts no program: fifty
 * shells that start `sleep` twenty times a second would keep a machine busy with nothing else. Instead it waits for
 * input on a pipe that never has any.
 */
export function printLines(perSecond: number, seconds: number, padding = ""): string {
	const lines = Math.ceil(perSecond * seconds);
	const pauseSeconds = (1 / perSecond).toFixed(3);
	return `exec 9<> <(:); for ((n = 1; n <= ${lines}; n++)); do echo "#$n${padding}"; read -t ${pauseSeconds} -u 9; done; exec 9>&-`;
}
