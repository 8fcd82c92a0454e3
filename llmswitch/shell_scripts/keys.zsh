# llmswitch: key bindings for zsh. Ctrl-X Ctrl-A turns the line (a wish, with or without a # before it) into a command, which
# is placed on the line and never run. Ctrl-X Ctrl-W asks why the last command failed.
_llmswitch_suggest() {
  local command
  [[ -n $BUFFER ]] || return
  zle -R 'llmswitch …'
  if command=$(llmswitch shell suggest --shell zsh -- "$BUFFER" </dev/null 2>/dev/null); then
    BUFFER=$command
    CURSOR=$#BUFFER
    zle -R -c
  else
    zle -M 'llmswitch: no command came back; `llmswitch shell suggest …` says why'
  fi
}
_llmswitch_note_status() {
  _llmswitch_status=$?
  return $_llmswitch_status
}
_llmswitch_why() {
  zle -I
  llmswitch shell why --shell zsh --status "${_llmswitch_status:-0}" -- "$(builtin fc -ln -1)" </dev/null
}
typeset -ga precmd_functions
(( ${precmd_functions[(I)_llmswitch_note_status]} )) || precmd_functions=(_llmswitch_note_status $precmd_functions)
zle -N _llmswitch_suggest
zle -N _llmswitch_why
bindkey "${LLMSWITCH_KEY_SUGGEST:-^X^A}" _llmswitch_suggest
bindkey "${LLMSWITCH_KEY_WHY:-^X^W}" _llmswitch_why
