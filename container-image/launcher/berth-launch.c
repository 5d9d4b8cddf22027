/*
 * Starts every program of the agent: on a terminal or not, as an account or not, and with nothing of the agent's.
 *
 *   berth-launch [OPTION...] -- PROGRAM [ARGUMENT...]   becomes the program, a path
 *   berth-launch --serve                                starts programs for whoever is at the other end
 *
 *   --tty PATH             a session of its own, with this terminal as the controlling one, as standard input and as
 *                          output; only where it is served
 *   --uid N                becomes user and group N: no other group, no capability, nothing that could give one back, and
 *                          no sockets that lead past the network's rules
 *   --cwd PATH             where it starts
 *   --limit NAME=N         soft and hard limit: core, fsize, nofile, nproc
 *   --group PATH           joins the control group in this folder
 *   --nice N               niceness
 *   --oom-score-adj N      where memory runs out, whom the kernel ends first
 *   --env NAME=VALUE       instead of the environment of this process, whole
 *
 * Why a program of its own: a fork of the agent copies its page tables, and the agent pays again for each page that it
 * writes afterwards. This one is small; nothing that a user starts ever was a copy of the agent, nor had its descriptors.
 *
 * Served requests are read from standard input: length (32 bits, little-endian), then that many bytes of strings, each
 * ended by NUL: an id and the arguments as above. Answers are lines on standard output: `started ID PID`,
 * `failed ID ERRNO`, and later `exited PID CODE SIGNAL`. Ends at the end of its input; the programs go on.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "socket-families.h"

enum {
	MAX_REQUEST_BYTES = 64 * 1024,
	MAX_STRINGS = 256,
	MAX_LIMITS = 8,
	MAX_GROUPS = 8,
	/* As shells say it: the program could not be started. */
	EXIT_NOT_STARTED = 126,
	EXIT_USAGE = 2,
	UNCHANGED = -1,
	NO_TERMINAL = -1,
};

struct limit {
	int resource;
	struct rlimit values;
};

struct launch {
	const char *tty;
	const char *cwd;
	long uid;
	long nice;
	long oom_score_adj;
	struct limit limits[MAX_LIMITS];
	int limit_count;
	const char *groups[MAX_GROUPS];
	int group_count;
	char *env[MAX_STRINGS + 1];
	int env_count;
	char **program;
};

static _Noreturn void give_up(const char *what) {
	dprintf(STDERR_FILENO, "berth-launch: %s: %s\n", what, strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

/* -------------------------------------------------------------------------------------------------- what is asked for */

static bool parse_number(const char *text, long *number) {
	char *end;
	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number >= 0;
}

static bool parse_limit(const char *text, struct launch *launch) {
	static const struct { const char *name; int resource; } known[] = {
		{"core=", RLIMIT_CORE},
		{"fsize=", RLIMIT_FSIZE},
		{"nofile=", RLIMIT_NOFILE},
		{"nproc=", RLIMIT_NPROC},
	};
	for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
		size_t length = strlen(known[at].name);
		long number;
		if (strncmp(text, known[at].name, length) != 0) continue;
		if (launch->limit_count == MAX_LIMITS || !parse_number(text + length, &number)) return false;
		launch->limits[launch->limit_count++] = (struct limit){known[at].resource, {number, number}};
		return true;
	}
	return false;
}

static bool parse_option(const char *name, char *value, struct launch *launch) {
	if (strcmp(name, "--tty") == 0) return (launch->tty = value);
	if (strcmp(name, "--cwd") == 0) return (launch->cwd = value);
	if (strcmp(name, "--uid") == 0) return parse_number(value, &launch->uid) && launch->uid > 0;
	if (strcmp(name, "--nice") == 0) return parse_number(value, &launch->nice);
	if (strcmp(name, "--oom-score-adj") == 0) return parse_number(value, &launch->oom_score_adj);
	if (strcmp(name, "--limit") == 0) return parse_limit(value, launch);
	if (strcmp(name, "--group") == 0) return launch->group_count < MAX_GROUPS && (launch->groups[launch->group_count++] = value);
	if (strcmp(name, "--env") == 0) return launch->env_count < MAX_STRINGS && (launch->env[launch->env_count++] = value);
	return false;
}

/* `arguments` ends with NULL. What it points at is used, not copied. */
static bool parse(char **arguments, struct launch *launch) {
	*launch = (struct launch){.uid = UNCHANGED, .nice = UNCHANGED, .oom_score_adj = UNCHANGED};
	for (; *arguments != NULL; arguments += 2) {
		if (strcmp(*arguments, "--") == 0) {
			launch->program = arguments + 1;
			return *launch->program != NULL;
		}
		if (arguments[1] == NULL || !parse_option(*arguments, arguments[1], launch)) return false;
	}
	return false;
}

/* ------------------------------------------------------------------------------------------------ becoming the program */

/* Sessions, limits and rights are this process's own from here on; none of these returns where it has failed. */

static void take_terminal(int tty) {
	struct termios modes;
	if (setsid() == -1 || ioctl(tty, TIOCSCTTY, 0) == -1) give_up("terminal");
	/* What a new terminal lacks: erasing a character erases all its bytes, and after Ctrl-S any key goes on. */
	if (tcgetattr(tty, &modes) == 0) {
		modes.c_iflag |= IUTF8 | IXANY;
		tcsetattr(tty, TCSANOW, &modes);
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(tty, fd) == -1) give_up("terminal");
	}
}

/* Kernels before 5.9 do not know close_range. */
static void close_all_but_standard(void) {
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0) return;
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL) give_up("/proc/self/fd");
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		int fd = atoi(entry->d_name);
		if (fd > STDERR_FILENO && fd != dirfd(folder)) close(fd);
	}
	closedir(folder);
}

static void forget_signals(void) {
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	for (int number = 1; number < NSIG; number++) sigaction(number, &usual, NULL);
	/* Who writes more than a file may hold gets an error to deal with, instead of being killed. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void write_number(const char *path, long number) {
	FILE *file = fopen(path, "we");
	if (file == NULL || fprintf(file, "%ld", number) < 0 || fclose(file) != 0) give_up(path);
}

static void join_group(const char *folder) {
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/cgroup.procs", folder) >= (int)sizeof path) give_up(folder);
	/* 0 stands for whoever writes. */
	write_number(path, 0);
}

static void become(long id) {
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability) == -1) give_up("bounding set");
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1) give_up("ambient set");
	if (setgroups(0, NULL) == -1) give_up("groups");
	if (setresgid(id, id, id) == -1) give_up("group");
	if (setresuid(id, id, id) == -1) give_up("user");
	if (syscall(SYS_capset, &header, none) == -1) give_up("capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) give_up("no_new_privs");
	if (restrict_socket_families() == -1) give_up("socket families");
}

static _Noreturn void become_program(struct launch *launch, int tty) {
	forget_signals();
	if (tty != NO_TERMINAL) take_terminal(tty);
	close_all_but_standard();
	for (int at = 0; at < launch->group_count; at++) join_group(launch->groups[at]);
	for (int at = 0; at < launch->limit_count; at++) {
		if (setrlimit(launch->limits[at].resource, &launch->limits[at].values) == -1) give_up("limit");
	}
	if (launch->nice != UNCHANGED && setpriority(PRIO_PROCESS, 0, launch->nice) == -1) give_up("niceness");
	/* No privilege is needed to be ended earlier than others. */
	if (launch->oom_score_adj != UNCHANGED) write_number("/proc/self/oom_score_adj", launch->oom_score_adj);
	if (launch->uid != UNCHANGED) become(launch->uid);
	if (launch->cwd != NULL && chdir(launch->cwd) == -1) give_up(launch->cwd);
	if (launch->env_count > 0) environ = launch->env;
	execv(*launch->program, launch->program);
	give_up(*launch->program);
}

/* ------------------------------------------------------------------------------------------------------------- serving */

static void start(const char *id, char **arguments) {
	struct launch launch;
	int tty = NO_TERMINAL;
	if (!parse(arguments, &launch)) {
		printf("failed %s %d\n", id, EINVAL);
		return;
	}
	if (launch.tty != NULL && (tty = open(launch.tty, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1) {
		printf("failed %s %d\n", id, errno);
		return;
	}
	pid_t pid = fork();
	if (pid == 0) become_program(&launch, tty);
	if (pid == -1) printf("failed %s %d\n", id, errno);
	else printf("started %s %d\n", id, pid);
	if (tty != NO_TERMINAL) close(tty);
}

/* False where these are not strings. */
static bool start_requested(char *bytes, size_t length) {
	char *strings[MAX_STRINGS + 2] = {NULL};
	size_t count = 0;
	if (length == 0 || bytes[length - 1] != '\0') return false;
	for (char *at = bytes; at < bytes + length; at += strlen(at) + 1) {
		if (count > MAX_STRINGS) return false;
		strings[count++] = at;
	}
	start(strings[0], strings + 1);
	return true;
}

/* Starts what was asked for completely, and returns how many bytes that were; -1 where it is no request. */
static ssize_t start_all(char *bytes, size_t length) {
	size_t done = 0;
	uint32_t size;
	while (length - done >= sizeof size) {
		memcpy(&size, bytes + done, sizeof size);
		if (size > MAX_REQUEST_BYTES) return -1;
		if (length - done < sizeof size + size) break;
		if (!start_requested(bytes + done + sizeof size, size)) return -1;
		done += sizeof size + size;
	}
	return done;
}

static void report_ended(int signals) {
	struct signalfd_siginfo info;
	int status;
	if (read(signals, &info, sizeof info) == -1) give_up("signalfd");
	/* One signal may stand for several. */
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (WIFEXITED(status)) printf("exited %d %d 0\n", pid, WEXITSTATUS(status));
		else printf("exited %d 0 %d\n", pid, WTERMSIG(status));
	}
}

static int serve(void) {
	static char buffer[sizeof(uint32_t) + MAX_REQUEST_BYTES];
	size_t length = 0;
	sigset_t ended;
	close_all_but_standard();
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, NULL);
	int signals = signalfd(-1, &ended, SFD_CLOEXEC);
	if (signals == -1) give_up("signalfd");
	struct pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	for (;;) {
		/* Of what is written, the other end is told at once; and no child has a copy of what was not. */
		if (fflush(stdout) != 0) return EXIT_SUCCESS;
		if (poll(sources, 2, -1) == -1 && errno != EINTR) give_up("poll");
		if (sources[1].revents != 0) report_ended(signals);
		if (sources[0].revents == 0) continue;
		ssize_t count = read(STDIN_FILENO, buffer + length, sizeof buffer - length);
		if (count == 0) return EXIT_SUCCESS;
		if (count == -1) give_up("requests");
		length += count;
		ssize_t done = start_all(buffer, length);
		if (done == -1) {
			dprintf(STDERR_FILENO, "berth-launch: what came is no request\n");
			return EXIT_USAGE;
		}
		length -= done;
		memmove(buffer, buffer + done, length);
	}
}

int main(int count, char **arguments) {
	struct launch launch;
	if (count == 2 && strcmp(arguments[1], "--serve") == 0) return serve();
	if (!parse(arguments + 1, &launch) || launch.tty != NULL) {
		dprintf(STDERR_FILENO, "usage: berth-launch [OPTION VALUE]... -- PROGRAM [ARGUMENT]...\n");
		return EXIT_USAGE;
	}
	become_program(&launch, NO_TERMINAL);
}
