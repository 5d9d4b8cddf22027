# shellcheck shell=bash
# Shared by the operators' scripts: how they speak. Sourced, never run.

# say TEXT: what is being done.
say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

# note TEXT: something the reader should know, no step of its own.
note() { printf '    %s\n' "$*"; }

# fail TEXT...: why it cannot go on and what to do, one line each; ends the script.
fail() {
	printf '\033[1;31mcannot go on:\033[0m %s\n' "$1" >&2
	shift
	for line in "$@"; do printf '    %s\n' "$line" >&2; done
	exit 1
}

# has COMMAND: whether it can be run.
has() { command -v "$1" >/dev/null 2>&1; }

# with_progress TEXT COMMAND...: runs a long command with its output in a log, a line every ten seconds meanwhile, and
# the end of the log where it fails.
with_progress() {
	local text="$1" log started pid status
	shift
	log="$(mktemp -t berth-log.XXXXXX)"
	started=$SECONDS
	say "$text"
	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if (((SECONDS - started) % 10 == 9)); then
			note "$((SECONDS - started)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
		fi
	done
	wait "$pid" && status=0 || status=$?
	if ((status != 0)); then
		tail -n 40 "$log" >&2
		note "whole log: $log"
		return "$status"
	fi
	rm -f "$log"
	note "done in $((SECONDS - started)) s"
}

# install_without_service PACKAGE: as install_packages, for one that brings a service of its name: that is neither started
# nor made to start with the machine.
install_without_service() {
	local policy=/usr/sbin/policy-rc.d is_ours="" status=0
	dpkg -s "$1" >/dev/null 2>&1 && return
	# Debian's maintainer scripts ask this program whether they may start what they have installed.
	if [[ ! -e "$policy" && -w "${policy%/*}" ]]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		is_ours=yes
	fi
	(install_packages "$1") || status=$?
	[[ -z "$is_ours" ]] || rm -f "$policy"
	((status == 0)) || exit "$status"
	! has systemctl || systemctl --quiet disable "$1" 2>/dev/null || true
}

# install_packages PACKAGE...: from the distribution, those that are missing. Needs root.
install_packages() {
	local missing=() package
	for package in "$@"; do
		dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
	done
	((${#missing[@]} == 0)) && return
	has apt-get || fail "these packages are missing: ${missing[*]}" "Install them with your distribution's package manager, then run this again."
	((EUID == 0)) || fail "these packages are missing: ${missing[*]}" "Run this as root, or: sudo apt-get install ${missing[*]}"
	with_progress "refreshing the package lists" apt-get -o DPkg::Lock::Timeout=120 update
	with_progress "installing packages: ${missing[*]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
}
