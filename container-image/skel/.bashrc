# Read by each interactive bash.
case $- in
	*i*) ;;
	*) return ;;
esac

# A long history, shared in the order of typing, without repetitions.
HISTCONTROL=ignoreboth:erasedups
HISTSIZE=10000
HISTFILESIZE=20000
HISTTIMEFORMAT='%F %T  '
shopt -s histappend checkwinsize globstar
# Each command is saved at once: a session that is closed loses nothing.
PROMPT_COMMAND='history -a'

# name:folder$, with the exit status of the last command where it failed.
__berth_status() { local status=$?; [ "$status" -eq 0 ] || printf '%s ' "$status"; }
PS1='\[\e[31m\]$(__berth_status)\[\e[1;32m\]\u\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '

if command -v dircolors >/dev/null; then
	eval "$(dircolors -b)"
	alias ls='ls --color=auto'
	alias grep='grep --color=auto'
	alias diff='diff --color=auto'
fi
alias ll='ls -alF'
alias la='ls -A'
export LESS='-FRX'
export EDITOR="${EDITOR:-nano}"

if [ -r /usr/share/bash-completion/bash_completion ]; then
	. /usr/share/bash-completion/bash_completion
fi
