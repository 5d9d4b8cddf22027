# shellcheck shell=bash
# Node 24 for everything in this repository: the machine's own, or one from the npm registry in .node. Sourced.

NODE_MAJOR=24
NODE_DIR="$ROOT/.node"

is_node_24() { [[ "$("$1" --version 2>/dev/null)" == v$NODE_MAJOR.* ]]; }

# use_node: puts Node 24 first on PATH where it is somewhere; returns 1 where it is not.
use_node() {
	if has node && is_node_24 node; then return 0; fi
	is_node_24 "$NODE_DIR/bin/node" || return 1
	export PATH="$NODE_DIR/bin:$PATH"
	# Native modules are compiled against the headers of this very Node, which came with it.
	export npm_config_nodedir="$NODE_DIR"
}

# fetch_node: Node 24 from the npm registry into .node, by whatever npm there is.
fetch_node() (
	set -euo pipefail
	case "$(uname -m)" in
	x86_64) arch=x64 ;;
	aarch64) arch=arm64 ;;
	*) echo "there is no Node package for $(uname -m)" && exit 1 ;;
	esac
	folder="$(mktemp -d)"
	trap 'rm -rf "$folder"' EXIT
	cd "$folder"
	npm pack --silent "node-linux-$arch@$NODE_MAJOR"
	mkdir unpacked
	tar -xzf node-linux-*.tgz -C unpacked --strip-components=1
	is_node_24 unpacked/bin/node
	rm -rf "$NODE_DIR"
	mv unpacked "$NODE_DIR"
)
