" Loaded instead of Vim's own defaults, so those come first.
unlet! skip_defaults_vim
silent! source $VIMRUNTIME/defaults.vim

set number ignorecase smartcase hlsearch
set expandtab shiftwidth=4 softtabstop=4 autoindent
set background=dark
set mouse=
