#!/usr/bin/env bash
# Runs in the guest, once, as root: up.sh, then the attacks. What is to be seen outside is printed as `guest: …`, and
# everything else is put on the third disk. Started by berth-vm.service from the second disk.
set -uo pipefail
RESULTS=/var/tmp/results
CHECKOUT=/root/berth
BASE=http://localhost:3000
# Beside bounds of their own: what takes longer hangs. Seconds, times TEST_SLOWNESS.
UP_LIMIT_S=900
ATTACK_LIMIT_S=300
BRING_OUT_EVERY_S=30

tell() { printf 'guest: %s\r\n' "$*"; }

problems=0
# record NAME STATUS SECONDS: a line of the summary.
record() {
	local word=passed
	(($2 == 0)) || { word="FAILED ($2)" && ((problems += 1)); }
	printf '%-32s %-12s %5d s\n' "$1" "$word" "$3" >>"$RESULTS/summary"
	tell "$(tail -n 1 "$RESULTS/summary")"
	bring_out
}

# bring_out: everything so far, so that it is there however this ends.
bring_out() { flock "$RESULTS" tar -cf /dev/vdc -C "$RESULTS" . 2>/dev/null; sync; }

# step NAME COMMAND...: runs it with a log of its own.
step() {
	local name="$1" started=$SECONDS status=0
	shift
	"$@" >"$RESULTS/$name.log" 2>&1 </dev/null || status=$?
	record "$name" "$status" $((SECONDS - started))
	return "$status"
}

describe() {
	uname -r
	cat /etc/debian_version
	stat --file-system --format='control groups: %T' /sys/fs/cgroup
	docker info --format 'engine {{.ServerVersion}}, {{.CgroupDriver}} v{{.CgroupVersion}}, {{.SecurityOptions}}'
	systemctl is-system-running
	# What this is about: without any of them nothing would be shown.
	[[ "$(stat --file-system --format=%T /sys/fs/cgroup)" == cgroup2fs ]] &&
		[[ "$(docker info --format '{{.CgroupVersion}} {{.CgroupDriver}}')" == "2 systemd" ]] &&
		docker info --format '{{.SecurityOptions}}' | grep -q apparmor
}

use_hosts_network() {
	# shellcheck source=/dev/null
	source /job/settings
	cp /job/apt.conf /etc/apt/apt.conf.d/90host
	if [[ -f /job/extra-ca.crt ]]; then
		cat /job/extra-ca.crt >>/etc/ssl/certs/ca-certificates.crt
		export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
	fi
}

clone() { git clone --quiet /job/repository.bundle "$CHECKOUT"; }

unpack_ready_made() {
	tar -xf /job/ready-made.tar -C "$CHECKOUT" && docker load --quiet --input /job/image.tar &&
		"$CHECKOUT/container-image/launcher/build.sh" && npx vite build --logLevel warn
}

# A pool of two: each container takes most of a minute under emulation.
start_gateway() {
	local command=(scripts/up.sh)
	[[ ! -f /job/ready-made.tar ]] || command=(node server/main.ts)
	MAX_CONTAINERS=2 USE_CONTAINERS=true setsid "${command[@]}" >"$RESULTS/gateway.log" 2>&1 </dev/null &
	gateway=$!
}

# until_prompt: until the gateway answers and a shell has printed a prompt.
until_prompt() {
	local deadline=$((SECONDS + UP_LIMIT_S * TEST_SLOWNESS))
	until is_ready; do
		((SECONDS < deadline)) || return 1
		kill -0 "$gateway" || return 1
		sleep 5
	done
	timeout 600 node test/vm/prompt.ts "$BASE"
}

# is_ready: whether /readyz answers 200; the guest has no curl.
is_ready() {
	(
		exec 3<>/dev/tcp/localhost/3000
		printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
		head -n 1 <&3 | grep -q 200
	) 2>/dev/null
}

stop_gateway() {
	kill -- "-$gateway"
	wait "$gateway"
	docker ps --all --quiet --filter label=berth.pool | xargs --no-run-if-empty docker rm --force
}

attack() {
	timeout $((ATTACK_LIMIT_S * TEST_SLOWNESS)) \
		node --test --test-concurrency=1 --test-reporter=spec "test/attack/$1.test.ts"
}

attack_all() {
	local names name
	mapfile -t names < <(grep . /job/attacks || basename --suffix=.test.ts --multiple test/attack/*.test.ts)
	for name in "${names[@]}"; do
		step "attack-$name" attack "$name"
		docker ps --all --quiet --filter name=^berth-test- | xargs --no-run-if-empty docker rm --force >/dev/null
	done
}

work() {
	step system describe || return
	use_hosts_network
	step clone clone || return
	cd "$CHECKOUT" || return
	# Where there is no Node 24, up.sh puts it there.
	export PATH="$CHECKOUT/.node/bin:$PATH"
	[[ ! -f /job/ready-made.tar ]] || step ready-made unpack_ready_made || return
	start_gateway
	step up until_prompt
	step down stop_gateway
	attack_all
}

mkdir -p "$RESULTS"
# Also of what hangs.
while sleep "$BRING_OUT_EVERY_S"; do bring_out; done &
bringing=$!
work
kill "$bringing"
journalctl --boot --no-pager >"$RESULTS/journal.log"
if ((problems == 0)); then echo passed; else echo failed; fi >"$RESULTS/verdict"
bring_out
