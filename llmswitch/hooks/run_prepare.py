"""prepare-commit-msg: a message at the top of the file that git is about to open; or one comment line that says why not."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from llmswitch.errors import InputError, LlmSwitchError
from llmswitch.hooks import generated, message_file
from llmswitch.hooks.deadline import Deadline
from llmswitch.hooks.generated import Generated
from llmswitch.hooks.hook_session import Choice, answered, load_profile
from llmswitch.hooks.message import MessageWish, NothingStagedError, commit_message
from llmswitch.hooks.replace_file import replace_file
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.run_hook import bug, say
from llmswitch.hooks.shim import Hook

HOOK: Hook = "prepare-commit-msg"


def run(repository: Repository, arguments: Sequence[str], choice: Choice, deadline: Deadline) -> int:
    """Write the message. The exit code is 0 whatever happens."""
    if not arguments:
        raise InputError("the message's file is not named: git gives it as the first argument")
    file = repository.folder / arguments[0]
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
    how = message_file.habits(repository, text)

    def give_up(why: str) -> None:
        say(HOOK, why)
        noted = message_file.with_note(text, f"llmswitch: no message: {why}", how)
        if noted is not None:
            _write(file, noted)

    deadline.last_word = lambda: give_up(_late(deadline))
    try:
        profile = load_profile(choice, deadline)
        half = deadline.left() / 2  # the other half is for the message itself
        wish = MessageWish(template=message_file.own_text(text, how), hook=HOOK, summaries_within_s=half)
        message, results = answered(
            profile, deadline, lambda engine: commit_message(engine, repository, wish, engine.tell)
        )
        if deadline.met():
            _write(file, message_file.with_message(text, message.text, how))
            if results:  # else no model was asked
                _remember(Generated.of(message.text, results, repository.head), repository.git_dir)
    except NothingStagedError:
        return 0
    except TimeoutError:
        give_up(_late(deadline))
    except LlmSwitchError as error:
        give_up(" ".join(error.message.split()))
    except Exception as error:  # noqa: BLE001 - a bug of ours must not stop a commit, and the person is told where they look
        give_up(bug(error))
    return 0


def _late(deadline: Deadline) -> str:
    return f"none came within {deadline.seconds:g} s ([hooks] deadline_s)"


def _write(file: Path, text: bytes) -> None:
    """With the permissions that git gave it. Raises OSError."""
    replace_file(file, text, stat.S_IMODE(file.stat().st_mode))


def _remember(message: Generated, git_dir: Path) -> None:
    try:
        generated.remember(message, git_dir)
    except OSError as error:
        say(HOOK, f"post-commit will not know this message: {error.strerror}")
