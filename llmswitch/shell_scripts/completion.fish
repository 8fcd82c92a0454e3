# llmswitch: completion for fish
function __llmswitch_complete
    set -l typed (commandline --cut-at-cursor --current-process | string collect)
    set -l found (_LLMSWITCH_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS="$typed" llmswitch 2>/dev/null | string match --regex ".+")
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline --current-token --cut-at-cursor)
    end
end
complete --command llmswitch --no-files --keep-order --arguments '(__llmswitch_complete)'
