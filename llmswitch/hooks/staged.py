"""Which change is meant: what is staged, what an amended commit will hold, or a range of commits."""

from __future__ import annotations

from dataclasses import dataclass

from llmswitch.errors import UsageError
from llmswitch.hooks.changes import Diff
from llmswitch.hooks.diff_reader import read
from llmswitch.hooks.reduction import Reduction
from llmswitch.hooks.repository import Repository


@dataclass(frozen=True, slots=True)
class Range:
    """The commits of `head` that `base` does not have, compared from where they parted. Both are full ids; `base` may be
    the empty tree."""

    title: str
    base: str
    head: str


def staged(repository: Repository, *, amend: bool = False) -> Diff:
    """The staged change as git will commit it (`GIT_INDEX_FILE` counts); with `amend` against the parent of HEAD.
    Raises UsageError in a bare repository, and for `amend` before the first commit."""
    if repository.top is None:
        raise UsageError("a bare repository has nothing staged", hint="run it in a working tree")
    base = repository.head or repository.empty_tree
    if amend:
        if repository.head is None:
            raise UsageError("there is no commit to amend yet")
        base = repository.attempt("rev-parse", "--verify", "--quiet", "HEAD^^{commit}") or repository.empty_tree
    reduction = Reduction(repository)
    files = read(repository, ("diff-index", "--cached", base), reduction.by_name)
    return Diff("staged", reduction.by_content(files))


def outgoing(repository: Repository, span: Range) -> Diff:
    """What the commits of `span` change together."""
    reduction = Reduction(repository)
    files = read(repository, ("diff-tree", "-r", span.base, span.head), reduction.by_name)
    return Diff(span.title, reduction.by_content(files))


def resolve(repository: Repository, wanted: str | None) -> Range:
    """The range that `A..B`, `A...B` or `A` (which is `A..HEAD`) names; None: what the upstream branch, else the default
    branch, does not have yet. Raises UsageError for a name that git does not know."""
    if wanted is None:
        base = default_base(repository)
        return _from_fork(repository, f"{base}..HEAD", base, "HEAD")
    for dots in ("...", ".."):
        if dots in wanted:
            base, _, head = wanted.partition(dots)
            return _from_fork(repository, wanted, base or "HEAD", head or "HEAD")
    return _from_fork(repository, f"{wanted}..HEAD", wanted, "HEAD")


def default_base(repository: Repository) -> str:
    """The branch that this one goes into: the remote's default branch, else a local `main` or `master`, else the upstream
    branch. Raises UsageError where there is none."""
    remote_head = repository.attempt("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    upstream = repository.attempt("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    names = (remote_head, "origin/main", "origin/master", "main", "master", upstream)
    for name in names:
        if name and name != repository.branch and repository.attempt("rev-parse", "--verify", "--quiet", name):
            return name
    raise UsageError("there is no branch to compare with", hint="name a range, such as main..HEAD or HEAD~3")


def _from_fork(repository: Repository, title: str, base: str, head: str) -> Range:
    head_id = _commit(repository, head)
    if base == repository.empty_tree:
        return Range(title, base, head_id)
    base_id = _commit(repository, base)
    fork = repository.attempt("merge-base", base_id, head_id)
    return Range(title, fork or base_id, head_id)


def _commit(repository: Repository, name: str) -> str:
    """The full id of the commit that `name` means. Raises UsageError."""
    found = repository.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found is None:
        raise UsageError(f"git knows no commit {name!r} here", hint="a range is main..HEAD, HEAD~3, or v1.0..v1.1")
    return found
