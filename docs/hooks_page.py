"""The page docs/hooks.md: what the git hooks do, with the matrix of the tests as tables."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from commit_cases import CASES, CommitCase, Does

from llmswitch.hooks.deadline import DEFAULT_S
from llmswitch.hooks.generated import ALIKE
from llmswitch.hooks.install_global import NOT_FORWARDED
from llmswitch.hooks.run_commit_msg import OFFER
from llmswitch.hooks.run_post_commit import NOTES
from llmswitch.hooks.shim import ASIDE, HOOKS, SHEBANG, UNDER_WAY, block

_WHAT = "\n".join(
    [
        "| hook | what it does | may it stop git? |",
        "|---|---|---|",
        "| `prepare-commit-msg` | writes a message at the top of the file that git opens in your editor | never |",
        (
            "| `commit-msg` | says, by rules and without a model, what is wrong with a message; on a terminal it offers a better "
            'one | only with `[hooks] check = "block"` |'
        ),
        (
            "| `pre-push` | reviews the commits that the remote does not have, and prints what it finds "
            '| only with `[hooks] block_on = "SEVERITY"` |'
        ),
        (
            "| `post-commit` | keeps which model wrote the message, and its cost, as a git note: "
            f"`git log --notes={NOTES}` | never |"
        ),
    ]
)

_INTRO = f"""\
# Git hooks

`llmswitch hook install` puts a few lines of POSIX sh into the hooks of a repository. `llmswitch hook status` tells what is
installed where, and whether the llmswitch that it calls is still there; `llmswitch hook uninstall` takes the lines out
again, and what was there before is as it was, byte for byte.

{_WHAT}

Without names, `install` installs `prepare-commit-msg` alone; `--all` means all four.

## A hook never stands in the way

Whatever goes wrong (offline, no provider, the budget used up, a wrong configuration, a program that is gone or crashes),
the hook ends with exit code 0, git goes on, and the reason is one line in git's comments, which git drops:

```text
# llmswitch: no message: none came within {DEFAULT_S:g} s ([hooks] deadline_s)
```

There is one hard deadline, `[hooks] deadline_s`, {DEFAULT_S:g} seconds unless you say otherwise. Where git keeps comments in
messages (`commit.cleanup = whitespace` or `verbatim`) the line goes to stderr only. Ctrl-C ends the hook and git with it.
Each call of a model is a row in the ledger, of kind `hook`: `llmswitch cost --by hook`.

`LLMSWITCH_HOOK=0 git commit` silences all of them once. A project's `.llmswitch.toml` may say how messages are to be
written (`style`, `language`, `subject_length`); that it stops you, or for how long, is yours alone to say, until you
`llmswitch profile trust` it.

## What a hook costs where there is nothing to do

The lines leave before Python starts for `LLMSWITCH_HOOK=0`, and

- `prepare-commit-msg` when the message is there already, when there is no editor (`GIT_EDITOR=:`), and when git is at work
  itself ({", ".join(f"`{name}`" for name in UNDER_WAY)});
- `commit-msg` when git is at work itself, and for `fixup!`, `squash!` and `amend!`;
- `pre-push` for deletions, tags, and where nothing is sent;
- `post-commit` where no message was generated.

A rebase of ten commits takes 45 ms longer with `prepare-commit-msg`, 55 ms with all four hooks, 66 ms with `--global`; a hook
that does nothing at all (`exit 0`) already takes 27 ms (`python benchmarks/hooks.py`: medians, 2 cores, git 2.39, dash).

This is all that stands in `.git/hooks/prepare-commit-msg`:

```sh
{SHEBANG}{block("prepare-commit-msg", "/home/you/.local/bin/llmswitch", "nothing").rstrip()}
```
"""

_MATRIX = """\
## Every way to commit

Each line is a commit made by real git (`tests/test_commit_matrix.py`), from the same data that this page is made of. The
second column is what git gives the hook behind the file's name.
"""

_REST = f"""\
Where a message is written, it goes above everything that is in the file: a template's text, trailers (`-s`), git's
comments, the diff of `-v`. `core.commentChar` (also `auto`), `commit.cleanup`, `--cleanup`, and `i18n.commitEncoding` are
obeyed. An editor that is closed without a change makes the commit with the generated message; emptied, git makes none.
An empty commit gets no message: there is nothing to describe.

## A hook that is there already

Into a shell script our lines go below its first line: it runs first, as it always did (its name, arguments, stdin), and
where it fails, its exit code is the hook's. Any other hook (a program, another language, a link, one without the
executable bit) is moved aside to `NAME{ASIDE}` and run from there. A second `install` changes nothing, but it renews lines
that call a llmswitch that is gone.

Tools that write hooks themselves (husky, lefthook, pre-commit) may write over ours; `llmswitch hook status` tells. There,
let the tool call `llmswitch hook run {HOOKS[0]} "$@"`: it looks for reasons to leave itself, and ends with 0 whatever
happens, or 10 where you asked to be stopped.

Worktrees share their repository's hooks; a submodule has its own; `core.hooksPath` is where git says it is. If that folder
is part of the repository you are told that git will show the change.

## Programs that do not wait for an editor

lazygit's own box, and most programs with windows, give git the finished message (`-m`, `-F`), so that the hook leaves.
`llmswitch commit-message` prints one for them. As a custom command, run in the terminal, with your editor behind it:

```sh
f=$(git rev-parse --git-path {OFFER}) && llmswitch commit-message >"$f" && git commit --edit --file="$f"
```

## In all repositories

`llmswitch hook install --global` says what it will do, and asks. It sets `core.hooksPath` to a folder of its own, which git
then uses instead of every `.git/hooks`; files in it call the hooks that a repository has there, so that they go on to run.
Two are not called, because git runs them many times for each commit: {" and ".join(f"`{name}`" for name in NOT_FORWARDED)}.
A repository with a `core.hooksPath` of its own is not reached. `--via template` sets `init.templateDir` instead: git copies
the hooks into repositories that are made or cloned from then on. `uninstall --global` takes all of it back (copies in
repositories made meanwhile stay: `llmswitch hook uninstall` there). A `core.hooksPath` or `init.templateDir` that you have
set yourself is used, not replaced.

## commit-msg

It looks at the length of the subject (`[hooks] subject_length`), the empty line below it, what was left in (`wip`, a
conflict's marks, a diff, a line of a model talking), and at Conventional Commits where `[hooks] style` or most of the last
commits say so. What it finds it tells on stderr. On a terminal it also offers a better message (`offer = false` turns this
off) and keeps it in the git folder: `git commit --amend -F .git/{OFFER}`.

## pre-push

It reviews the outgoing commits of each branch: what the remote's branch does not have; for a new branch, what no branch of
that remote has; for a forced one, what is new since both parted. Deletions, tags, and a first push to an empty remote are
not reviewed. A large range may take a model longer than the deadline: `push_deadline_s` gives this hook one of its own.
`block_on = "high"` stops a push with a finding of this severity or a worse one, if its line really is in the change;
`git push --no-verify` pushes all the same. `llmswitch review RANGE` is the same review by hand.

## post-commit

If the commit has the message that was generated for it, as written or edited (a likeness of {ALIKE:g} or more), it adds a note
under `refs/notes/{NOTES}`: the model, the cost, the dispatch in the ledger. Notes stay in your repository unless you push
them. `note = false` turns this off. No model is asked.

## The pre-commit framework

```yaml
repos:
  - repo: …/llmswitch               # the repository you have llmswitch from
    rev: …                          # one of its tags
    hooks:
      - id: llmswitch-message     # stage prepare-commit-msg
      - id: llmswitch-check       # stage commit-msg
      - id: llmswitch-review      # stage pre-push
```

`pre-commit install --hook-type prepare-commit-msg --hook-type commit-msg --hook-type pre-push` makes git call it. The hooks
run the llmswitch that is on PATH (`language: system`): where there is none, they pass.
"""


def hooks() -> str:
    """The page, without its first line."""
    return "\n".join([_INTRO, _MATRIX, *(_table(name, cases) for name, cases in CASES.items()), _REST])


def _table(name: str, cases: tuple[CommitCase, ...]) -> str:
    rows = [f"### {name}\n", "| | command | git says | the hook |", "|---|---|---|---|"]
    rows += [
        f"| {case.name} | `{case.command.replace('|', '&#124;')}` | {_source(case)} | {case.does}{_note(case)} |"
        for case in cases
    ]
    return "\n".join([*rows, ""])


def _source(case: CommitCase) -> str:
    if case.does is Does.NOT_CALLED:
        return "–"
    return f"`{case.source}`" if case.source else "nothing"


def _note(case: CommitCase) -> str:
    return f"; {case.note}" if case.note else ""
