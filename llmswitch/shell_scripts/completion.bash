# llmswitch: completion for bash
_llmswitch() {
  local line token before
  local typed=${COMP_LINE:0:COMP_POINT}
  token=${typed##*[[:space:]]}
  before=${token%"${COMP_WORDS[COMP_CWORD]}"} # bash splits words at `:` and `=`, and wants only the rest
  COMPREPLY=()
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    [[ -z $line ]] || COMPREPLY+=("${line#"$before"}")
  done < <(_LLMSWITCH_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS=$typed llmswitch 2>/dev/null)
  if ((${#COMPREPLY[@]} == 0)); then
    compopt -o default # a file, perhaps
  fi
}
complete -F _llmswitch llmswitch
