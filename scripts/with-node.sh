#!/usr/bin/env bash
# Runs a command of package.json with Node 24, also where the machine's own Node is older.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/scripts/parts/node.sh"
if [[ "${1:-}" == --help || $# -eq 0 ]]; then
	echo "usage: scripts/with-node.sh COMMAND [ARGUMENT...]: runs a command with Node $NODE_MAJOR first on PATH"
	exit 0
fi
use_node || fail "Node $NODE_MAJOR is needed and not here" "Run scripts/setup-dependencies.sh --no-engine"
exec "$@"
