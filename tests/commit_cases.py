"""Every way to commit: what git tells prepare-commit-msg, and what comes of it. `tests/test_commit_matrix.py` runs each case
with real git; the table in docs/hooks.md is made of the same list, so that neither can drift from the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

GENERATED = "feat: say hello\n\nBecause nobody did."
"""What the scripted model answers."""
CHANGE = "echo hello >>greeting; git add greeting"
TWO_BRANCHES = (
    "git switch -q -c side; echo s >side; git add side; git commit -qm 'On the side'; git switch -q main; "
    "echo m >main; git add main; git commit -qm 'On main'"
)


class Does(StrEnum):
    """What the hook does."""

    WRITES = "writes a message"
    LEAVES = "leaves, before Python starts"
    UNSENT = "says which files changed; nothing is sent"
    NOTHING = "finds nothing to describe; no request is made"
    NOT_CALLED = "git does not call it"


@dataclass(frozen=True)
class CommitCase:
    """`command` is run by `sh -e` after `before`. `source` is git's second argument to the hook. `message` is the message
    of HEAD then. `sent` must be in the request, `unsent` must not. `environment` is part of the command."""

    name: str
    command: str
    source: str
    does: Does
    message: str
    before: str = CHANGE
    note: str = ""
    sent: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "project"


def _writes(name: str, command: str, *, source: str = "", message: str = GENERATED, **more: object) -> CommitCase:
    return CommitCase(name, command, source, Does.WRITES, message, **more)  # type: ignore[arg-type]  # fields by name


def _leaves(name: str, command: str, source: str, message: str, **more: object) -> CommitCase:
    return CommitCase(name, command, source, Does.LEAVES, message, **more)  # type: ignore[arg-type]  # as above


PLAIN = (
    _writes("plain", "git commit", sent=("+hello",)),
    _writes("the diff in the editor", "git commit -v", note="the diff below the scissors stays out of the message"),
    _writes("signed off", "git commit -s", message=f"{GENERATED}\n\nSigned-off-by: A Person <person@example.com>"),
    _writes("with a trailer", "git commit --trailer 'Refs: 7'", message=f"{GENERATED}\n\nRefs: 7"),
    _writes("all tracked files", "git commit -a", before="echo hello >>README", sent=("README", "+hello")),
    _writes(
        "one file",
        "git commit README",
        before=f"{CHANGE}; echo only this >>README",
        sent=("+only this",),
        unsent=("+hello",),
        note="only what this commit will hold is described (`GIT_INDEX_FILE`)",
    ),
    _writes(
        "a file beside what is staged",
        "git commit -i README",
        before=f"{CHANGE}; echo also >>README",
        sent=("+also", "+hello"),
    ),
    _writes("piece by piece", "yes | git commit -p", before="echo hello >>README", sent=("+hello",)),
    _writes("without checks", "git commit --no-verify", note="git's `--no-verify` does not skip this hook"),
    _writes("from a folder below", "cd below && git commit", before=f"mkdir below; {CHANGE}"),
    _writes("on a detached HEAD", "git commit", before=f"git switch -q --detach; {CHANGE}"),
    _writes(
        "the first commit", "git commit", before=f"git update-ref -d HEAD; {CHANGE}", sent=("+hello", "+a project")
    ),
    CommitCase(
        "an empty commit",
        "git commit --allow-empty",
        "",
        Does.NOTHING,
        "By hand",
        before="true",
        environment={"GIT_EDITOR": "sh -c 'echo By hand >\"$1\"' -"},
    ),
)
TEMPLATES = (
    _writes(
        "a template",
        "git commit -t template",
        source="template",
        message=f"{GENERATED}\n\nTicket: none",
        before=f"echo 'Ticket: none' >template; {CHANGE}",
        note="the template's text stays, below the message",
        sent=("Ticket: none",),
    ),
    _writes(
        "a template by configuration",
        "git commit",
        source="template",
        message=f"{GENERATED}\n\nTicket: none",
        before=f"echo 'Ticket: none' >template; git config commit.template template; {CHANGE}",
    ),
)
GIVEN = (
    _leaves("a message", "git commit -m 'By hand'", "message", "By hand"),
    _leaves("a message from a file", "echo 'By hand' | git commit -F -", "message", "By hand"),
    _leaves("another commit's message", "git commit -C HEAD", "commit HEAD", "Begin"),
    _leaves("another commit's message, edited", "git commit -c HEAD", "commit HEAD", "Begin"),
    _leaves("amended", "git commit --amend", "commit HEAD", "Begin"),
    _leaves("amended without an editor", "git commit --amend --no-edit", "commit HEAD", "Begin"),
    _leaves("a fix-up", "git commit --fixup HEAD", "message", "fixup! Begin"),
    _leaves("a fix-up with a message", "git commit --fixup=amend:HEAD", "message", "amend! Begin\n\nBegin"),
    _leaves("to be squashed", "git commit --squash HEAD", "message", "squash! Begin"),
)
BY_GIT = (
    _leaves("a merge", "git merge side", "merge", "Merge branch 'side'", before=TWO_BRANCHES),
    _leaves(
        "a merge without an editor", "git merge --no-edit side", "merge", "Merge branch 'side'", before=TWO_BRANCHES
    ),
    _leaves(
        "a merge after a conflict",
        "git add README && git commit",
        "merge",
        "Merge branch 'side'",
        before="git switch -q -c side; echo s >README; git commit -qam 'On the side'; git switch -q main; "
        "echo m >README; git commit -qam 'On main'; git merge side || :",
    ),
    _leaves(
        "a squash merge",
        "git merge --squash side && git commit",
        "squash",
        "Squashed commit of the following:",
        before=TWO_BRANCHES,
    ),
    _leaves("a pick of a rebase", "git rebase main side", "message", "On the side", before=TWO_BRANCHES),
    _leaves(
        "a reworded pick",
        "git rebase -i main side",
        "message, commit HEAD",
        "On the side",
        before=TWO_BRANCHES,
        environment={"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/reword/"},
    ),
    _leaves(
        "a commit while a rebase stands still",
        "git commit",
        "",
        "By hand",
        before=f"{TWO_BRANCHES}; GIT_SEQUENCE_EDITOR='sed -i s/^pick/edit/' git rebase -q -i main side; {CHANGE}",
        environment={"GIT_EDITOR": "sh -c 'echo By hand >\"$1\"' -"},
    ),
    _leaves("a cherry-pick", "git cherry-pick side", "message", "On the side", before=TWO_BRANCHES),
    _leaves("a cherry-pick, edited", "git cherry-pick -e side", "merge", "On the side", before=TWO_BRANCHES),
    _leaves(
        "a cherry-pick, committed later",
        "git cherry-pick -n side && git commit",
        "merge",
        "On the side",
        before=TWO_BRANCHES,
    ),
    _leaves("a revert", "git revert --no-edit HEAD", "message", 'Revert "On main"', before=TWO_BRANCHES),
    _leaves("a revert, edited", "git revert --edit HEAD", "merge", 'Revert "On main"', before=TWO_BRANCHES),
    CommitCase(
        "a mailed patch",
        "git am ../patch",
        "",
        Does.NOT_CALLED,
        "On the side",
        before=f"{TWO_BRANCHES}; git format-patch -q --stdout main..side >../patch",
    ),
)
PLACES = (
    _writes("a worktree", "git commit", before=f"git worktree add -q ../tree; cd ../tree; {CHANGE}", folder="tree"),
    _writes(
        "a submodule",
        "git commit",
        before=f"git clone -q . ../library; git submodule -q add ../library library; cd library; {CHANGE}",
        folder="project/library",
    ),
    _writes("core.hooksPath", "git commit", before=f"git config core.hooksPath my/hooks; {CHANGE}"),
    _writes("the repository elsewhere", "git commit", before=f"git init -q --separate-git-dir ../elsewhere; {CHANGE}"),
    _writes(
        "a folder with a space",
        "git commit",
        before=f"git worktree add -q -b spaced '../a tree'; cd '../a tree'; {CHANGE}",
        folder="a tree",
    ),
    _writes(
        "a bare repository with a work tree",
        "GIT_DIR=../dot.git GIT_WORK_TREE=. git commit",
        before="git clone -q --bare . ../dot.git; export GIT_DIR=../dot.git GIT_WORK_TREE=.; git read-tree HEAD; "
        + CHANGE,
        environment={"GIT_DIR": "../dot.git", "GIT_WORK_TREE": "."},
        sent=("+hello",),
    ),
    _writes("a SHA-256 repository", "git commit", init=("--object-format=sha256",)),
    _writes(
        "a file name that is not UTF-8",
        "git commit",
        before="echo hello >\"$(printf 'caf\\351')\"; git add .",
        sent=("+hello",),
    ),
)
SETTINGS = (
    _writes("another comment character", "git commit", before=f"git config core.commentChar ';'; {CHANGE}"),
    _writes(
        "an automatic comment character",
        "git commit -t template",
        source="template",
        message=f"{GENERATED}\n\n# kept",
        before=f"git config core.commentChar auto; echo '# kept' >template; {CHANGE}",
    ),
    _writes("clean-up by scissors", "git commit --cleanup=scissors"),
    _writes("another encoding", "git commit", before=f"git config i18n.commitEncoding ISO-8859-1; {CHANGE}"),
    _leaves("no editor", "GIT_EDITOR=: git commit --allow-empty-message", "", "", note="as a GUI may call git"),
    _leaves(
        "silenced",
        "LLMSWITCH_HOOK=0 git commit",
        "",
        "By hand",
        environment={"GIT_EDITOR": "sh -c 'echo By hand >\"$1\"' -"},
    ),
    _writes(
        "a hook that was there before",
        "git commit",
        message=f"{GENERATED}\n\nChecked-by: a hook",
        before=f"printf '#!/bin/sh\\necho Checked-by: a hook >>\"$1\"\\n' >.git/hooks/prepare-commit-msg; "
        f"chmod +x .git/hooks/prepare-commit-msg; {CHANGE}",
        note="it runs first; its exit code counts",
    ),
)

UNSENT = tuple(
    CommitCase(name, "git commit", "", Does.UNSENT, f"{kind}: add {file}", before=f"{write} >{file}; git add -f {file}")
    for name, file, write, kind in (
        ("a lone lock file", "package-lock.json", "echo '{}'", "build"),
        ("a lone file of secrets", ".env", "echo TOKEN=abc", "chore"),
        ("a lone binary file", "logo.png", "head -c 100 /dev/zero", "chore"),
    )
)

CASES: dict[str, tuple[CommitCase, ...]] = {
    "A commit": PLAIN,
    "With a template": TEMPLATES,
    "With a message": GIVEN,
    "Made by git": BY_GIT,
    "In other places": PLACES,
    "With other settings": SETTINGS,
    "Of what is not sent": UNSENT,
}
ALL = tuple(case for cases in CASES.values() for case in cases)
