#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/scripts/parts/engine.sh"
source "$ROOT/scripts/parts/base-image.sh"

IMAGE="${CONTAINER_IMAGE:-terminal-multi-user:latest}"
VOLUME="${WORKSPACE_VOLUME:-terminal-workspace}"

usage() {
	cat <<HELP
usage: scripts/setup-container-mode.sh [--with-gemini] [--rebuild]

Makes the container image and the volume. Safe to run again: only what changed is built.

  base image  $BASE_IMAGE; pulled, or made from Debian packages where no registry answers
  image       $IMAGE (set CONTAINER_IMAGE for another name)
  volume      $VOLUME (set WORKSPACE_VOLUME for another name)

  --with-gemini  add the Gemini command line (@google/gemini-cli) to the image
  --rebuild      build everything again, to take in updates of the packages
HELP
}

build_arguments=()
for argument in "$@"; do
	case "$argument" in
	--help) usage && exit 0 ;;
	--with-gemini) build_arguments+=(--build-arg WITH_GEMINI=true) ;;
	--rebuild) build_arguments+=(--no-cache) ;;
	*) usage >&2 && exit 2 ;;
	esac
done

if ! has docker || ! engine_answers; then
	fail "the Docker engine does not answer" "Run scripts/setup-dependencies.sh first."
fi
ensure_base_image
offer_extra_authorities
with_progress "building the image $IMAGE (some minutes the first time)" \
	docker build "${build_arguments[@]}" --file "$ROOT/container-image/Dockerfile" --tag "$IMAGE" "$ROOT"
if docker volume inspect "$VOLUME" >/dev/null 2>&1; then
	note "volume $VOLUME is there"
else
	say "making the volume $VOLUME"
	docker volume create "$VOLUME" >/dev/null
fi
