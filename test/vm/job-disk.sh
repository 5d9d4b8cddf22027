# shellcheck shell=bash
# The disk that tells the guest what to do: the last commit, the settings of this machine's network, and what was made
# here where that is to be taken along. Sourced.

# make_job_disk FOLDER READY_MADE SLOWNESS ATTACK...: makes job.img in the folder.
make_job_disk() {
	local folder="$1/job" image="$1/job.img" is_ready_made="$2" slowness="$3"
	shift 3
	mkdir "$folder"
	cp "$ROOT/test/vm/in-guest.sh" "$folder/"
	git -C "$ROOT" bundle create --quiet "$folder/repository.bundle" HEAD
	[[ -z "$(git -C "$ROOT" status --porcelain --untracked-files=no)" ]] || note "what is not committed is not tested"
	[[ -z "${NODE_EXTRA_CA_CERTS:-}" ]] || cp "$NODE_EXTRA_CA_CERTS" "$folder/extra-ca.crt"
	apt-config dump | grep -E '^Acquire::(http|https|ftp)::Proxy' >"$folder/apt.conf" || true
	printf '%s\n' "$@" >"$folder/attacks"
	settings_for_guest "$slowness" >"$folder/settings"
	if $is_ready_made; then take_along "$folder"; fi
	with_progress "writing the job's disk" mke2fs -q -F -t ext4 -d "$folder" "$image" "$(size_for "$folder")"
	rm -rf "$folder"
}

# settings_for_guest SLOWNESS: as lines for a shell.
settings_for_guest() {
	local name
	for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY npm_config_registry; do
		[[ -z "${!name:-}" ]] || printf 'export %s=%q\n' "$name" "${!name}"
	done
	printf 'export TEST_SLOWNESS=%q\n' "$1"
}

take_along() {
	local folder="$1" image="${CONTAINER_IMAGE:-terminal-multi-user:latest}"
	docker image inspect "$image" >/dev/null 2>&1 ||
		fail "there is no image $image to take along" "Run scripts/setup-container-mode.sh, or leave out --ready-made."
	[[ -d "$ROOT/node_modules" ]] ||
		fail "there is no node_modules to take along" "Run scripts/setup-dependencies.sh, or leave out --ready-made."
	[[ -x "$ROOT/.node/bin/node" ]] || fail "there is no .node to take along" "Leave out --ready-made."
	with_progress "taking the image $image along" docker save --output "$folder/image.tar" "$image"
	printf 'export CONTAINER_IMAGE=%q\n' "$image" >>"$folder/settings"
	tar -C "$ROOT" --dereference -cf "$folder/ready-made.tar" .node
	tar -C "$ROOT" --append -f "$folder/ready-made.tar" node_modules
}

# size_for FOLDER: with room for what a file system needs for itself.
size_for() { echo "$(($(du -sk "$1" | cut -f 1) * 11 / 10 + 32768))K"; }
