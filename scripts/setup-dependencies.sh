#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/scripts/parts/node.sh"
source "$ROOT/scripts/parts/engine.sh"

if [[ "${1:-}" == --help || $# -gt 1 || ($# -eq 1 && "$1" != --no-engine) ]]; then
	cat <<'HELP'
usage: scripts/setup-dependencies.sh [--no-engine]

Makes this machine ready to run Berth. Safe to run again: what is there is left alone.

  Node 24        where there is none: from the npm registry into .node in this folder
  npm packages   into node_modules in this folder; native modules are compiled
  launcher       container-image/launcher/berth-launch is compiled, for local mode
  Docker engine  where there is none, and you are root: the distribution's docker.io is
                 installed, and started where no service manager does

  --no-engine    leave Docker alone; enough for local mode
HELP
	[[ "${1:-}" == --help ]] && exit 0
	exit 2
fi

if use_node; then
	note "Node $(node --version) is there"
else
	has npm || install_packages npm
	with_progress "fetching Node $NODE_MAJOR from the npm registry into .node" fetch_node
	use_node || fail "Node $NODE_MAJOR from the npm registry does not run here"
fi
has npm || install_packages npm

# For the launcher, and for native modules that have no ready-made binary for this machine.
install_packages g++ make python3
packages_state="$(cat "$ROOT/package.json" "$ROOT/package-lock.json" <(node --version) | sha256sum | cut -d ' ' -f 1)"
if [[ "$(cat "$ROOT/node_modules/.berth-state" 2>/dev/null)" == "$packages_state" ]]; then
	note "npm packages are up to date"
else
	with_progress "installing npm packages" npm --prefix "$ROOT" ci --no-audit --no-fund
	echo "$packages_state" >"$ROOT/node_modules/.berth-state"
fi

"$ROOT/container-image/launcher/build.sh"

[[ "${1:-}" == --no-engine ]] || ensure_engine
