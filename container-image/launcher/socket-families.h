/*
 * The kinds of sockets that an account may make. A network namespace, and with it the rules that hold there, knows those
 * of the Internet and local ones; others lead past it: AF_VSOCK to the hypervisor and to every process of the machine
 * that listens there, in whichever container, and some to parts of the kernel that hardly anybody looks at.
 */
#ifndef BERTH_SOCKET_FAMILIES_H
#define BERTH_SOCKET_FAMILIES_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define COMPAT_ARCH AUDIT_ARCH_I386
/* Marks the calls of x32, which are the native ones otherwise. */
#define NATIVE_NUMBERS 0xbfffffff
enum { COMPAT_SOCKET = 359, COMPAT_SOCKETPAIR = 360, COMPAT_SOCKETCALL = 102 };
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#define COMPAT_ARCH AUDIT_ARCH_ARM
#define NATIVE_NUMBERS 0xffffffff
/* Not a call of its own there: the same as io_uring_setup, which is refused as well. */
enum { COMPAT_SOCKET = 281, COMPAT_SOCKETPAIR = 288, COMPAT_SOCKETCALL = 425 };
#else
#error "which calls make sockets on this CPU?"
#endif

/* The same on every CPU. Its rings make sockets without a call that could be looked at. */
enum { IO_URING_SETUP = 425 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* Goes on `yes` instructions further where it is this value, `no` where it is another. */
#define WHERE(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define REFUSE(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* For this process and all that come from it. Needs no_new_privs. Returns -1 and sets errno where it cannot be done. */
static int restrict_socket_families(void) {
	struct sock_filter filter[] = {
		LOAD(arch),
		WHERE(NATIVE_ARCH, 2, 0),
		WHERE(COMPAT_ARCH, 6, 0),
		REFUSE(ENOSYS),
		LOAD(nr),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, NATIVE_NUMBERS),
		WHERE(SYS_socket, 8, 0),
		WHERE(SYS_socketpair, 7, 0),
		WHERE(IO_URING_SETUP, 5, 12),
		/* Programs for the CPU's 32-bit mode. The arguments of socketcall are in memory, where no filter sees them. */
		LOAD(nr),
		WHERE(COMPAT_SOCKET, 4, 0),
		WHERE(COMPAT_SOCKETPAIR, 3, 0),
		WHERE(IO_URING_SETUP, 1, 0),
		WHERE(COMPAT_SOCKETCALL, 0, 7),
		REFUSE(ENOSYS),
		/* Whichever call it is: what kind of socket. */
		LOAD(args[0]),
		WHERE(AF_UNIX, 4, 0),
		WHERE(AF_INET, 3, 0),
		WHERE(AF_INET6, 2, 0),
		WHERE(AF_NETLINK, 1, 0),
		REFUSE(EAFNOSUPPORT),
		ALLOW,
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif
