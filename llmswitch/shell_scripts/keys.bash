# llmswitch: key bindings for bash. Ctrl-X Ctrl-A turns the line (a wish, with or without a # before it) into a command, which
# is placed on the line and never run. Ctrl-X Ctrl-W asks why the last command failed.
_llmswitch_suggest() {
  local command
  [[ -n $READLINE_LINE ]] || return
  printf '%s' 'llmswitch … ' >&2
  if command=$(llmswitch shell suggest --shell bash -- "$READLINE_LINE" </dev/null); then
    READLINE_LINE=$command
    READLINE_POINT=${#READLINE_LINE}
  fi
}
_llmswitch_note_status() {
  _llmswitch_status=$?
  return "$_llmswitch_status"
}
_llmswitch_why() {
  local last
  last=$(HISTTIMEFORMAT='' builtin history 1)
  last=${last#"${last%%[![:space:]]*}"}
  last=${last#*[[:space:]]}
  llmswitch shell why --shell bash --status "${_llmswitch_status:-0}" -- "${last#"${last%%[![:space:]]*}"}" </dev/null
}
# shellcheck disable=SC2178,SC2128 # it is an array in some shells and a string in others
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  *_llmswitch_note_status*) ;;
  'declare -a'*) PROMPT_COMMAND=(_llmswitch_note_status "${PROMPT_COMMAND[@]}") ;;
  *) PROMPT_COMMAND="_llmswitch_note_status${PROMPT_COMMAND:+; $PROMPT_COMMAND}" ;;
esac
bind -x "\"${LLMSWITCH_KEY_SUGGEST:-\\C-x\\C-a}\": _llmswitch_suggest"
bind -x "\"${LLMSWITCH_KEY_WHY:-\\C-x\\C-w}\": _llmswitch_why"
