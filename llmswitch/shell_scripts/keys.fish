# llmswitch: key bindings for fish. Ctrl-X Ctrl-A turns the line (a wish, with or without a # before it) into a command, which
# is placed on the line and never run. Ctrl-X Ctrl-W asks why the last command failed.
function __llmswitch_suggest
    set -l wish (commandline | string collect)
    test -n "$wish"; or return
    if set -l found (llmswitch shell suggest --shell fish -- "$wish" </dev/null 2>/dev/null | string collect)
        and test -n "$found"
        commandline --replace -- "$found"
    else
        echo
        echo 'llmswitch: no command came back; `llmswitch shell suggest …` says why' >&2
    end
    commandline --function repaint
end
function __llmswitch_note_status --on-event fish_postexec
    set -g __llmswitch_status $status
    set -g __llmswitch_last "$argv"
end
function __llmswitch_why
    set -q __llmswitch_last; or return
    echo
    llmswitch shell why --shell fish --status $__llmswitch_status -- "$__llmswitch_last" </dev/null
    commandline --function repaint
end
set -q LLMSWITCH_KEY_SUGGEST; or set -l LLMSWITCH_KEY_SUGGEST \cx\ca
set -q LLMSWITCH_KEY_WHY; or set -l LLMSWITCH_KEY_WHY \cx\cw
bind $LLMSWITCH_KEY_SUGGEST __llmswitch_suggest
bind $LLMSWITCH_KEY_WHY __llmswitch_why
