# shellcheck shell=bash
# The Docker engine: whether it answers, how to get one, how to start it where no service manager does. Sourced.

ENGINE_LOG="${TMPDIR:-/tmp}/berth-dockerd.log"
ENGINE_PATIENCE_S=60

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ensure_engine: installs and starts an engine where there is none. Sets STARTED_ENGINE_PID where it started one itself.
ensure_engine() {
	# Read by whoever sources this.
	# shellcheck disable=SC2034
	STARTED_ENGINE_PID=""
	if has docker && engine_answers; then
		note "Docker engine $(docker version --format '{{.Server.Version}}') answers"
		return
	fi
	if [[ -n "${DOCKER_HOST:-}" ]]; then
		fail "the Docker engine at DOCKER_HOST=$DOCKER_HOST does not answer" "Check that it runs and that you may use it, or unset DOCKER_HOST."
	fi
	if [[ -S /var/run/docker.sock && ! -w /var/run/docker.sock ]]; then
		fail "you may not use the Docker engine" "Run this as root, or join the group: sudo usermod -aG docker $(id -un), then sign in again."
	fi
	has dockerd || install_packages docker.io iptables
	((EUID == 0)) || fail "the Docker engine does not run" "Start it, for example: sudo systemctl start docker"
	start_engine
}

start_engine() {
	if [[ -d /run/systemd/system ]]; then
		say "starting the Docker engine with systemd"
		systemctl start docker
	else
		say "starting the Docker engine (log: $ENGINE_LOG)"
		local arguments=()
		# Lowering a process's OOM score needs CAP_SYS_RESOURCE, which some virtual machines do not give to root.
		(echo -500 >/proc/self/oom_score_adj) 2>/dev/null || arguments+=(--oom-score-adjust=0)
		setsid nohup dockerd "${arguments[@]}" >>"$ENGINE_LOG" 2>&1 </dev/null &
		# shellcheck disable=SC2034
		STARTED_ENGINE_PID=$!
	fi
	local waited=0
	until engine_answers; do
		((waited += 1))
		((waited <= ENGINE_PATIENCE_S)) || fail "the Docker engine did not start within $ENGINE_PATIENCE_S s" "See $ENGINE_LOG"
		sleep 1
	done
	note "Docker engine $(docker version --format '{{.Server.Version}}') answers"
}

# stop_engine PID: ends an engine that start_engine started, and its containers.
stop_engine() {
	[[ -n "$1" ]] || return 0
	say "stopping the Docker engine that was started for this"
	kill "$1" 2>/dev/null || return 0
	while kill -0 "$1" 2>/dev/null; do sleep 0.2; done
}
