#!/usr/bin/env bash
# Format, lint, types and generated documents; run by `npm run check`.
set -euo pipefail
if [[ $# -gt 0 ]]; then
	echo "usage: npm run check: format, lint, types, shell scripts and generated documents; changes nothing"
	[[ "$1" == --help ]] && exit 0
	exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
biome check --error-on-warnings .
tsc --noEmit
tsc --noEmit --project web
cc -std=c17 -O2 -Wall -Wextra -Wno-sign-compare -Werror -fsyntax-only container-image/launcher/berth-launch.c
node scripts/generate-docs.ts --check
shellcheck --external-sources --source-path=scripts \
	scripts/berth scripts/*.sh scripts/parts/*.sh .ci/run container-image/bin/container-info container-image/launcher/build.sh \
	container-image/agent/healthcheck test/vm/*.sh
