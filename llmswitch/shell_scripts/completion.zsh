#compdef llmswitch
# llmswitch: completion for zsh
_llmswitch() {
  local -a described
  local line value
  for line in "${(@f)$(_LLMSWITCH_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS="${(j: :)words[1,CURRENT]}" llmswitch 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=${line%%$'\t'*}
    described+=("${value//:/\\:}:${${line#$value}#$'\t'}")
  done
  if (( $#described )); then
    _describe -V 'llmswitch' described
  else
    _files
  fi
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _llmswitch "$@"
elif (( $+functions[compdef] )); then
  compdef _llmswitch llmswitch
fi
