"""The lines of POSIX sh that a hook file holds: they run what was there before, leave at once when there is nothing to do,
and only then start llmswitch. Only builtins stand before that, for a rebase runs them once for each commit.

`below` says where the hook is that was there before ours: nowhere, in the `same` file below our lines, `aside` in a file
beside it, or in the `repository`'s own folder (where core.hooksPath leads git elsewhere)."""

from __future__ import annotations

import shlex
from typing import Literal

from llmswitch.errors import ExitCode

Hook = Literal["prepare-commit-msg", "commit-msg", "pre-push", "post-commit"]
HOOKS: tuple[Hook, ...] = ("prepare-commit-msg", "commit-msg", "pre-push", "post-commit")
Below = Literal["nothing", "same", "aside", "repository"]

SHEBANG = "#!/bin/sh\n"
ASIDE = ".before-llmswitch"
"""Ends the name of a hook that was moved aside."""
RECORD = "llmswitch-message.json"
"""In the git folder: which message was generated last. Without it, post-commit has nothing to do."""
UNDER_WAY = ("rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")
"""In the git folder, while git is making commits of its own."""

_OPENING = """\
# >>> llmswitch {hook} ({below}) >>>
# From `llmswitch hook install`; `llmswitch hook uninstall` takes these lines out. LLMSWITCH_HOOK=0 silences them.
"""
_CLOSING = "# <<< llmswitch {hook} <<<\n"

_GIT_FOLDER = """\
g=${GIT_DIR:-.git}
if [ -f "$g" ]; then read -r _ g <"$g" || :; fi
[ -d "$g" ] || g=.
"""
_REPOSITORY = """\
o=$g/hooks
if [ -f "$g/commondir" ]; then
  read -r o <"$g/commondir" || :
  case $o in /*) o=$o/hooks ;; *) o=$g/$o/hooks ;; esac
fi
"""
_READ_REFS = """\
refs=$(cat && echo .) || exit
refs=${refs%.}
"""
_ONLY_BELOW = '[ "${{LLMSWITCH_HOOK_BELOW-}}" != {hook} ] || exit 0\n'

_LEAVE_GIT_AT_WORK = f"""\
for s in {" ".join(UNDER_WAY)}; do
  [ ! -e "${{1%/*}}/$s" ] || exit 0
done
"""
_LEAVE_MESSAGE_THERE = """\
case ${2-} in '' | template) ;; *) exit 0 ;; esac
[ "${GIT_EDITOR-}" != : ] || exit 0
"""
_LEAVE_FOR_REBASE = """\
s=
read -r s <"$1" || :
case $s in 'fixup! '* | 'squash! '* | 'amend! '*) exit 0 ;; esac
"""
_LEAVE: dict[Hook, str] = {
    "prepare-commit-msg": _LEAVE_MESSAGE_THERE + _LEAVE_GIT_AT_WORK,
    "commit-msg": _LEAVE_GIT_AT_WORK + _LEAVE_FOR_REBASE,
    "pre-push": """\
n=
while read -r _ id ref _; do
  case $id in *[!0]*) case $ref in refs/heads/*) n=1 ;; esac ;; esac
done <<REFS
$refs
REFS
[ -n "$n" ] || exit 0
""",
    "post-commit": f'[ -f "$g/{RECORD}" ] || exit 0\n',
}
_START = """\
p={program}
[ -x "$p" ] || {{ q=$(command -v llmswitch) && p=$q; }} || {{
  echo "llmswitch: {hook}: $p is gone; \\`llmswitch hook install\\` again, or take its lines out of $0" >&2
  exit 0
}}
{run} || case $? in {blocked}) exit 1 ;; {interrupted}) exit {interrupted} ;; esac
exit 0
"""


def block(hook: Hook, program: str, below: Below) -> str:
    """Our lines in the file of `hook`, which call `program`, an absolute path."""
    lines = [_OPENING.format(hook=hook, below=below)]
    if below == "same":
        lines += [f'if [ "${{LLMSWITCH_HOOK_BELOW-}}" = {hook} ]; then unset LLMSWITCH_HOOK_BELOW; else\n']
    lines += [_READ_REFS] * (hook == "pre-push")
    lines += [_GIT_FOLDER] * (hook == "post-commit" or below == "repository")
    lines += [_earlier(hook, below)]
    lines += ['[ "${LLMSWITCH_HOOK-}" != 0 ] || exit 0\n', _LEAVE[hook], _start(hook, program)]
    lines += ["fi\n"] * (below == "same")
    return "".join([*lines, _CLOSING.format(hook=hook)])


def forwarder(hook: str) -> str:
    """A whole hook file that only runs the repository's own hook: for the names that are none of ours, where
    core.hooksPath would otherwise silence them."""
    head = f"{SHEBANG}# From `llmswitch hook install --global`: runs the {hook} of the repository, which core.hooksPath hides.\n"
    return head + _GIT_FOLDER + _REPOSITORY + f'[ ! -x "$o/{hook}" ] || exec "$o/{hook}" "$@"\n'


def _earlier(hook: Hook, below: Below) -> str:
    """Runs the hook that was there before, with its arguments and its stdin; what it fails with is what we fail with."""
    pipe = 'printf %s "$refs" | ' if hook == "pre-push" else ""
    mark = f"LLMSWITCH_HOOK_BELOW={hook} "
    match below:
        case "nothing":
            return _ONLY_BELOW.format(hook=hook)
        case "same":
            return f'{pipe}{mark}"$0" "$@" || exit\n'
        case "aside":
            run = f'o=${{0%/*}}/{hook}{ASIDE}\nif [ -x "$o" ]; then {pipe}"$o" "$@" || exit; fi\n'
            return run + _ONLY_BELOW.format(hook=hook)
        case "repository":
            return f'{_REPOSITORY}if [ -x "$o/{hook}" ]; then {pipe}{mark}"$o/{hook}" "$@" || exit; fi\n'


def _start(hook: Hook, program: str) -> str:
    run = f'"$p" hook run {hook} "$@"'
    return _START.format(
        program=shlex.quote(program),
        hook=hook,
        run=f'printf %s "$refs" | {run} >&2' if hook == "pre-push" else f"{run} </dev/null >&2",
        blocked=int(ExitCode.BLOCKED),
        interrupted=int(ExitCode.INTERRUPTED),
    )
