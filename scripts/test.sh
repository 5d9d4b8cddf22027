#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/scripts/parts/node.sh"
source "$ROOT/scripts/parts/engine.sh"
source "$ROOT/scripts/parts/suites.sh"

if [[ "${1:-}" == -* ]]; then
	cat <<HELP
usage: scripts/test.sh [SUITE...]

Installs what the tests need (see setup-dependencies.sh; and Chromium, docker-compose,
shellcheck, openssl, nginx and Caddy, whose services are not started), makes the container
image, checks the code and runs the test suites: all, or those that are named.
Fails where a test fails or is skipped, where a suite runs no test, and where something of the
tests is left at the engine. An engine that it had to start itself is stopped at the end.

suites: $(all_suites | tr '\n' ' ')
HELP
	[[ "$1" == --help ]] && exit 0
	exit 2
fi

cd "$ROOT"
started=$SECONDS
"$ROOT/scripts/setup-dependencies.sh" --no-engine
use_node
ensure_engine
trap 'stop_engine "$STARTED_ENGINE_PID"' EXIT
note_what_is_there
install_packages chromium docker-compose fonts-dejavu-core openssl shellcheck
install_without_service nginx
install_without_service caddy
"$ROOT/scripts/setup-container-mode.sh"
with_progress "building the page" npx vite build --logLevel warn

say "checking format, lint, types and generated documents"
npm run --silent check

if (($# > 0)); then suites=("$@"); else mapfile -t suites < <(all_suites); fi
for suite in "${suites[@]}"; do run_suite "$suite"; done
find_leftovers
report $((SECONDS - started))
