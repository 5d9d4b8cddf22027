#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/scripts/parts/node.sh"

if [[ $# -gt 0 ]]; then
	cat <<'HELP'
usage: scripts/up.sh

From a fresh machine to shells in the browser: runs setup-dependencies.sh and
setup-container-mode.sh, then the gateway in the foreground until Ctrl-C. Containers and
what runs in them stay when it ends. Settings are environment variables, see README.md.
HELP
	[[ "$1" == --help ]] && exit 0
	exit 2
fi

"$ROOT/scripts/setup-dependencies.sh"
"$ROOT/scripts/setup-container-mode.sh"
use_node
cd "$ROOT"
with_progress "building the page" npx vite build --logLevel warn
say "starting the gateway; Ctrl-C ends it, shells go on in their containers"
USE_CONTAINERS="${USE_CONTAINERS:-true}" exec node server/main.ts
