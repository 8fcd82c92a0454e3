"""A commit message for what is staged: in the repository's own way, from the cheapest route, with nothing made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from llmswitch.conversation import Finish, Notice, Request, TextDelta
from llmswitch.engine.dispatch import DispatchEvent, Emit, Engine, Job, Result
from llmswitch.errors import LlmSwitchError
from llmswitch.hooks.changes import Diff
from llmswitch.hooks.guarded import Guarded, warning
from llmswitch.hooks.habit import CONVENTIONAL, ENOUGH, Habit
from llmswitch.hooks.languages import named
from llmswitch.hooks.message_prompt import SUBJECT_ONLY, Style, request
from llmswitch.hooks.message_text import NoMessageError, clean
from llmswitch.hooks.preparation import NothingStagedError, prepare
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.secrets import Secret, told
from llmswitch.hooks.stat_message import stat_message, type_of
from llmswitch.hooks.summary import summarised
from llmswitch.hooks.ticket import ticket_of, with_ticket

__all__ = ["CommitMessage", "MessageWish", "NothingStagedError", "commit_message"]

TASK = "docs"
"""The route a message takes unless `[hooks] model` names a model."""


@dataclass(frozen=True, slots=True)
class MessageWish:
    """What the person or the hook wants. `style` and `language` None: as `[hooks]` says, else as the repository does it.
    `template` is what the message file holds already. `hook`: which hook asks; None for a command.
    `summaries_within_s`: how long a huge diff may be summed up file by file before it is cut instead; None: any time."""

    hint: str = ""
    template: str = ""
    amend: bool = False
    style: str | None = None
    language: str | None = None
    model: str | None = None
    hook: str | None = None
    summaries_within_s: float | None = None


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """The message, with a newline at its end. `result` is the dispatch that wrote it; None where nothing was sent and it
    tells only which files changed. `secrets` kept it on this machine."""

    text: str
    result: Result | None
    secrets: tuple[Secret, ...] = ()
    summaries: tuple[Result, ...] = field(default=())


async def commit_message(engine: Engine, repository: Repository, wish: MessageWish, emit: Emit) -> CommitMessage:
    """A message for the staged change. `emit` gets the engine's events but the text, which is made ready first.

    Raises NothingStagedError, SecretsFoundError (`[hooks] secrets = "stop"`), the engine's error when no model answers."""
    settings = engine.profile.settings["hooks"]
    state = _state(repository, wish)
    others = {"hint": wish.hint, "template": wish.template, "last message": state}
    prepared = prepare(repository, settings, others, amend=wish.amend)
    diff, habit, ready = prepared.diff, prepared.habit, prepared.guarded
    style = style_of(habit, wish, settings)
    ticket = ticket_of(repository.branch)
    if ready.is_empty:
        found = f"\n  {told(ready.secrets)}" if ready.secrets else ""
        await emit(Notice(f"nothing was sent: {_why_nothing(diff)}{found}"))
        return CommitMessage(with_ticket(stat_message(diff, style), ticket, habit.ticket_form), None, ready.secrets)
    if ready.secrets:
        await emit(Notice(warning(ready.secrets)))
    job = _job(engine, repository, wish, ready)
    change, summaries = await summarised(engine, job, ready, settings, emit, wish.summaries_within_s)
    asked = request(style, change.text, branch=repository.branch, hint=wish.hint, template=wish.template, state=state)
    job = replace(job, request=asked, local_only=change.local_only)
    result = await engine.run(job, without_text(emit))
    if result.error is not None:
        raise result.error
    text = _finished(result.text, diff, style, ticket, known_ids=f"{repository.branch} {wish.hint} {wish.template}")
    return CommitMessage(text, result, change.secrets, summaries)


def style_of(habit: Habit, wish: MessageWish, settings: Mapping[str, Any]) -> Style:
    """The rules of one message: a flag before the configuration before the repository's habit."""
    chosen = wish.style or settings.get("style") or "auto"
    name = habit.style if chosen == "auto" else chosen
    said = wish.language or settings.get("language") or ""
    language = named(said) if said not in ("", "auto") else habit.language
    limit = min(int(settings.get("subject_length") or 72), habit.subject_columns)
    if chosen != "auto" and chosen != habit.style:
        habit = replace(habit, types=(), scopes=() if habit.style == "prefix" else habit.scopes, examples=())
    return Style(habit, name, language, limit, body=habit.count < ENOUGH or habit.body_share >= SUBJECT_ONLY)


def without_text(emit: Emit) -> Emit:
    """`emit` without the answer, which is printed when it is ready."""

    async def rest(event: DispatchEvent) -> None:
        if not isinstance(event, TextDelta | Finish):
            await emit(event)

    return rest


def _job(engine: Engine, repository: Repository, wish: MessageWish, ready: Guarded) -> Job:
    settings = engine.profile.settings["hooks"]
    model = wish.model or settings["model"]
    if model is not None:
        engine.profile.model(model)
    return Job(
        Request(()),
        words="",
        cache="off",
        kind="hook" if wish.hook else "ask",
        task=TASK,
        model=model,
        project=repository.name,
        hook=wish.hook,
        local_only=ready.local_only,
    )


def _state(repository: Repository, wish: MessageWish) -> str:
    if repository.under_way("MERGE_HEAD"):
        return "This commit concludes a merge; the change is against the current branch."
    if wish.amend:
        old = repository.attempt("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%B") or ""
        return f"This commit replaces the last one, whose message was:\n{old}"
    return ""


def _why_nothing(diff: Diff) -> str:
    why = dict.fromkeys(file.reduced for file in diff.files if file.reduced)
    return f"{'the only file is' if len(diff.files) == 1 else 'all files are'} left out ({', '.join(map(str, why))})"


def _finished(answer: str, diff: Diff, style: Style, ticket: str | None, *, known_ids: str) -> str:
    habit = style.habit

    def cleaned(room: int) -> str:
        period = habit.period_share > 0.5
        return clean(answer, subject_columns=room, period=period, body=style.body, known_ids=known_ids)

    try:
        text = cleaned(style.subject_columns)
        if style.name == "conventional" and not CONVENTIONAL.match(text.partition("\n")[0]):
            kind = f"{type_of(diff)}: "
            text = cleaned(style.subject_columns - len(kind))
            text = f"{kind}{text[:1].lower()}{text[1:]}"
    except NoMessageError:
        raise LlmSwitchError(
            "the model's answer holds no commit message", hint="ask again, or another model: -m MODEL"
        ) from None
    return with_ticket(text, ticket, habit.ticket_form)
