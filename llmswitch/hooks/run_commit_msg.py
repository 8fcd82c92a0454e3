"""commit-msg: say what is wrong with a message, and offer a better one. It stops the commit only where the user's own
configuration says `[hooks] check = "block"`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from llmswitch.errors import ExitCode, InputError, LlmSwitchError
from llmswitch.hooks import habit as habits
from llmswitch.hooks import message_file
from llmswitch.hooks.deadline import Deadline
from llmswitch.hooks.habit import ENOUGH, Habit
from llmswitch.hooks.hook_session import Choice, answered, load_profile
from llmswitch.hooks.message_checks import Rules, complaints
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.run_hook import say
from llmswitch.hooks.shim import Hook
from llmswitch.profile import Profile
from llmswitch.terminal.style import neutral

HOOK: Hook = "commit-msg"
OFFER = "LLMSWITCH_EDITMSG"
"""In the git folder: the message that was offered last, for `git commit -F`."""
_MINE = ("fixup! ", "squash! ", "amend! ")


def run(repository: Repository, arguments: Sequence[str], choice: Choice, deadline: Deadline) -> int:
    """0, or BLOCKED for a poor message where the user asked for that."""
    if not arguments:
        raise InputError("the message's file is not named: git gives it as the first argument")
    message = _message(repository, repository.folder / arguments[0])
    if message.startswith(_MINE):
        return 0
    profile = load_profile(choice, deadline)
    settings = profile.settings["hooks"]
    if settings["check"] == "off":
        return 0
    found = complaints(message, rules_of(habits.learn(repository), settings["style"], settings["subject_length"]))
    if not found:
        return 0
    for line in found:
        say(HOOK, line)
    blocks = settings["check"] == "block"
    deadline.code = int(ExitCode.BLOCKED) if blocks else 0
    if settings["offer"] and sys.stderr.isatty():
        _offer(profile, deadline, repository, message, blocks=blocks)
    if blocks:
        say(HOOK, 'the commit is stopped ([hooks] check = "block"); `git commit --no-verify` makes it all the same')
    return deadline.code


def rules_of(habit: Habit, style: str, subject_length: int) -> Rules:
    """The rules of this repository: as configured, else as its own commits have it."""
    learnt = habit.count >= ENOUGH
    conventional = style == "conventional" or (style == "auto" and learnt and habit.style == "conventional")
    return Rules(subject_length or Rules().subject_columns, conventional)


def _message(repository: Repository, file: Path) -> str:
    """The message as git will record it."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error
    how = message_file.habits(repository, text)
    if os.environ.get("GIT_EDITOR") == ":":  # nobody edited it: git takes no comments out
        return text.decode(how.encoding, "replace")
    return message_file.own_text(text, how)


def _offer(profile: Profile, deadline: Deadline, repository: Repository, message: str, *, blocks: bool) -> None:
    """Show a better message, and keep it where git finds it. Nobody waits for one beyond the deadline."""
    from llmswitch.hooks.message import MessageWish, commit_message

    wish = MessageWish(hint=message, hook=HOOK)
    try:
        better, _ = answered(profile, deadline, lambda engine: commit_message(engine, repository, wish, engine.tell))
        path = repository.git_dir / OFFER
        path.write_text(better.text, encoding="utf-8")
    except (TimeoutError, LlmSwitchError, OSError):
        return  # the complaint stands without an offer
    place = os.path.relpath(path, repository.folder)
    say(HOOK, f"a better one: `git commit {'' if blocks else '--amend '}-F {place}`")
    for line in better.text.strip().splitlines():
        sys.stderr.write(f"    {neutral(line)}\n")
