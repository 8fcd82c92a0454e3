"""What a push sends, read from what git tells pre-push: one range of commits for each branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llmswitch.hooks.repository import Repository
from llmswitch.hooks.staged import Range

_BRANCH = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Update:
    """One line of pre-push's stdin; an id of zeros means that the ref is not there (on the other side, or any more)."""

    local_ref: str
    local: str
    remote_ref: str
    remote: str

    @property
    def deletes(self) -> bool:
        """The remote ref goes away."""
        return not self.local.strip("0")

    @property
    def is_new(self) -> bool:
        """The remote does not have the ref yet."""
        return not self.remote.strip("0")

    @property
    def is_branch(self) -> bool:
        """Tags, notes and the like are not reviewed: what they point to is, when its branch is pushed."""
        return self.remote_ref.startswith(_BRANCH)


def updates(text: str) -> list[Update]:
    """The lines of pre-push's stdin. Lines that are none are passed over."""
    words = (line.split(" ") for line in text.splitlines())
    return [Update(*word) for word in words if len(word) == 4]


def from_pre_commit(environment: Mapping[str, str]) -> list[Update]:
    """The same from the variables of the pre-commit framework, which runs a hook once for each ref and gives no stdin."""
    head, base = environment.get("PRE_COMMIT_TO_REF", ""), environment.get("PRE_COMMIT_FROM_REF", "")
    if not head:
        return []
    branch = environment.get("PRE_COMMIT_REMOTE_BRANCH", f"{_BRANCH}{head}")
    return [Update(environment.get("PRE_COMMIT_LOCAL_BRANCH", ""), head, branch, base)]


def outgoing_ranges(repository: Repository, pushed: list[Update], remote: str) -> Iterator[Range]:
    """The commits that the remote does not have, a range for each branch that has some; each range once."""
    seen = set()
    for update in pushed:
        if update.deletes or not update.is_branch:
            continue
        base = _base(repository, update, remote)
        if base is not None and base != update.local and (base, update.local) not in seen:
            seen.add((base, update.local))
            name = update.remote_ref.removeprefix(_BRANCH)
            yield Range(f"{base[:12]}..{name}", base, update.local)


def _base(repository: Repository, update: Update, remote: str) -> str | None:
    """Where the outgoing commits begin: for a branch that the remote has, where both part (also when it is forced); else
    where the branch leaves what any branch of the remote holds. None where there is nothing to compare with."""
    if not update.is_new:
        fork = repository.attempt("merge-base", update.remote, update.local)
        if fork:
            return fork
    named = repository.attempt("config", "--get", f"remote.{remote}.url") is not None  # else it is a URL
    if not repository.attempt("for-each-ref", "--count=1", f"refs/remotes/{remote}" if named else "refs/remotes"):
        return None
    known = f"--remotes={remote}" if named else "--remotes"
    outgoing = repository.text("rev-list", "--first-parent", update.local, "--not", known).split()
    if not outgoing:
        return update.local
    return repository.attempt("rev-parse", "--verify", "--quiet", f"{outgoing[-1]}^")
