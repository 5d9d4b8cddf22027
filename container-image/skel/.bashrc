# Read by each interactive bash. Nothing here starts a program: that is what makes a shell slow to come.
case $- in
	*i*) ;;
	*) return ;;
esac

# A long history, shared in the order of typing, without repetitions.
HISTCONTROL=ignoreboth:erasedups
HISTSIZE=10000
HISTFILESIZE=20000
[ -z "${BERTH_DISK_FULL-}" ] || unset HISTFILE
HISTTIMEFORMAT='%F %T  '
shopt -s histappend checkwinsize globstar

# name:folder$, with the exit status of the last command where it failed. Each command is saved at once: a session that
# is closed loses nothing.
__berth_prompt() {
	local status=$?
	__berth_status=
	((status == 0)) || __berth_status="$status "
	[ -n "${BERTH_DISK_FULL-}" ] || history -a
}
PROMPT_COMMAND=__berth_prompt
PS1='\[\e[31m\]${__berth_status}\[\e[1;32m\]\u\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '

alias ls='ls --color=auto'
alias grep='grep --color=auto'
alias diff='diff --color=auto'
alias ll='ls -alF'
alias la='ls -A'
export LESS='-FRX'
export EDITOR="${EDITOR:-nano}"
[ -r /etc/ls-colors.sh ] && . /etc/ls-colors.sh

# Completion takes longer to read than all the rest: it is read when Tab is pressed for the first time.
__berth_completion() {
	complete -r -D
	. /usr/share/bash-completion/bash_completion
	# Its own way to load what belongs to one program, and to have bash look again.
	_completion_loader "$@"
}
if [ -z "${BASH_COMPLETION_VERSINFO-}" ] && [ -r /usr/share/bash-completion/bash_completion ]; then
	complete -D -F __berth_completion -o bashdefault -o default
fi
