#!/bin/sh
# Compiles the launcher with the machine's C compiler, unless that was done since its source last changed.
set -eu
cd "$(dirname "$0")"
program="${1:-berth-launch}"
[ -n "$(find "$program" -newer berth-launch.c 2>/dev/null)" ] && exit 0
exec cc -std=c17 -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -Wl,-z,relro,-z,now -o "$program" berth-launch.c
