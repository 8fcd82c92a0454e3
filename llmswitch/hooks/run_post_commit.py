"""post-commit: if the new commit has the message that was generated for it, keep who wrote it, and for how much, as a git
note under `refs/notes/llmswitch`. It asks no model and never fails."""

from __future__ import annotations

from collections.abc import Sequence

from llmswitch.hooks import generated
from llmswitch.hooks.deadline import Deadline
from llmswitch.hooks.hook_session import Choice, load_profile
from llmswitch.hooks.repository import Repository

NOTES = "llmswitch"


def run(repository: Repository, _: Sequence[str], choice: Choice, deadline: Deadline) -> int:
    """Write the note; 0."""
    record = generated.take(repository.git_dir)
    profile = load_profile(choice, deadline)
    if record is None or not profile.settings["hooks"]["note"]:
        return 0
    parents, _, message = repository.text("log", "-1", "--encoding=UTF-8", "--format=%P%n%B").partition("\n")
    kept = record.kept_in(message) if (record.parent or "") in parents.split(" ") else None
    if kept:
        note = record.note(kept).encode()
        repository.run("notes", f"--ref={NOTES}", "add", "--force", "--file=-", "HEAD", stdin=note)
    return 0
