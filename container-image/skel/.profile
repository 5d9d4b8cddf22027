# Read once by login shells.

# Programs that you install yourself: pip and npm install -g put them there.
export PATH="$HOME/.local/bin:$PATH"
export NPM_CONFIG_PREFIX="$HOME/.local"
# pip's guard protects system packages, which nobody here can change anyway.
export PIP_BREAK_SYSTEM_PACKAGES=1

# Local mode: container-info is not in a system folder there.
[ -z "$BERTH_TOOLS" ] || PATH="$BERTH_TOOLS:$PATH"

if [ -z "$TMUX" ] && [ ! -e "$HOME/.hushlogin" ] && [ -r "$BERTH_MOTD" ]; then
	while IFS= read -r line; do printf '%s\n' "$line"; done <"$BERTH_MOTD"
	unset line
fi

if [ -n "$BASH_VERSION" ] && [ -r "$HOME/.bashrc" ]; then
	. "$HOME/.bashrc"
fi
