"""What `ask` does, from the parsed call to the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from llmswitch.commands import prompt_input
from llmswitch.commands.preload import preload
from llmswitch.conversation import Request
from llmswitch.errors import ExitCode, InputError, UsageError
from llmswitch.profile import Profile
from llmswitch.profile.validate import nearest
from llmswitch.tasks import TASKS
from llmswitch.template import Template, values_of
from llmswitch.template import load as load_template

Output = Literal["auto", "raw", "json", "json-stream"]


@dataclass(frozen=True, slots=True)
class Call:
    """The options of one `ask`."""

    words: tuple[str, ...]
    files: tuple[Path, ...] = ()
    template: str | None = None
    variables: tuple[str, ...] = ()
    """NAME=VALUE each."""
    system: str | None = None
    model: str | None = None
    task: str | None = None
    max_tokens: int | None = None
    schema: str | None = None
    second_opinion: str | None = None
    """A model's name, or empty for the strongest one of another family."""
    compare: str | None = None
    allow_unknown_price: bool = False
    timeout_s: float | None = None
    max_cost: Decimal | None = None
    session: str | None = None
    continued: bool = False
    pin: bool | None = None
    """Keep the session's model; False lets go of it; None leaves it as it is."""
    no_cache: bool = False
    refresh: bool = False
    editor: bool = False
    explain: bool = False
    output: Output = "auto"
    quiet: bool = False
    verbose: bool = False
    use_stdin: bool = True

    @property
    def cache(self) -> Literal["use", "refresh", "off"]:
        """What the answer cache may do: models that are compared are all asked."""
        return "off" if self.no_cache or self.compare is not None else "refresh" if self.refresh else "use"

    def in_session(self, profile: Profile) -> bool:
        """Whether prompt and answer are to be kept, or an earlier session plays a part. Several answers are never kept."""
        asked_for = self.session is not None or self.continued or self.pin is not None
        return asked_for or (profile.history and self.compare is None)


def run(call: Call, load: Callable[[], Profile], help_text: Callable[[], str]) -> int:
    """Answer `call` and return the exit code. Raises LlmSwitchError."""
    call, template = with_template(call)
    if call.task is not None and call.task not in TASKS:
        raise UsageError(f"{call.task!r} is not a task{nearest(call.task, TASKS)}")
    _check_together(call)
    if _nothing_given(call):
        sys.stderr.write(help_text() + "\n")
        return int(ExitCode.USAGE)
    profile = load()
    if call.model is not None:
        profile.model(call.model)
    if not call.explain:
        preload(profile, call.task, call.model)
    say = _say_nothing if call.quiet else _say
    given = prompt_input.read(
        call.words, call.files, use_stdin=call.use_stdin, editor=call.editor, framed=template is not None, say=say
    )
    if template is not None:
        words, system = template.filled(given.words, values_of(list(call.variables)))
        given, call = replace(given, words=words), replace(call, system=call.system or system)
    if given.empty:
        raise InputError("the prompt is empty; nothing was sent", hint='llmswitch ask "your question", or pipe text in')
    schema = None
    if call.schema is not None:
        from llmswitch.engine.structured import load_schema

        schema = load_schema(call.schema)
    request = Request((given.message,), system=call.system, max_output_tokens=call.max_tokens, schema=schema)
    if call.explain:
        from llmswitch.commands.ask_explain import explain

        return explain(call, profile, request, given)
    from llmswitch.commands.ask_answer import answer

    return answer(call, profile, request, given)


def with_template(call: Call) -> tuple[Call, Template | None]:
    """The call with what its template says about task and model, unless the call says it itself, and the template."""
    if call.template is None:
        if call.variables:
            raise UsageError("--var is for a template", hint="name one with -t; `llmswitch template list` shows them")
        return call, None
    template = load_template(call.template)
    return replace(call, task=call.task or template.task, model=call.model or template.model), template


def amount(given: str) -> Decimal:
    """US dollars, as `--max-cost` has them. Raises UsageError."""
    try:
        usd = Decimal(given.removeprefix("$"))
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd <= 0:
        raise UsageError(f"--max-cost {given!r} is no amount of US dollars", hint="write it as in --max-cost 0.05")
    return usd


def _check_together(call: Call) -> None:
    """Raise UsageError for options that exclude each other."""
    many = [
        name
        for name, value in (("--second-opinion", call.second_opinion), ("--compare", call.compare))
        if value is not None
    ]
    if len(many) > 1 or (many and call.schema):
        raise UsageError(f"{many[0]} and {many[1] if len(many) > 1 else '--schema'} exclude each other")
    if call.no_cache and call.refresh:
        raise UsageError("--no-cache and --refresh exclude each other", hint="--refresh asks anew and keeps the answer")
    if call.compare and call.refresh:
        raise UsageError("--compare asks every model anew and keeps no answer; leave --refresh out")
    if call.compare and call.model:
        raise UsageError("--compare names its models; leave -m out")
    if call.continued and call.session is not None:
        raise UsageError("-c and --session exclude each other")
    if call.compare and (call.continued or call.session is not None or call.pin is not None):
        raise UsageError("--compare has no single answer that a session could keep", hint="leave the session out")
    if many and call.output == "json-stream":
        raise UsageError(f"{many[0]} has no event stream", hint="use --json")


def _nothing_given(call: Call) -> bool:
    if call.words or call.files or call.editor or call.template:
        return False
    if not call.use_stdin:
        return True
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):
        return True


def _say(text: str) -> None:
    sys.stderr.write(f"llmswitch: {text}\n")
    sys.stderr.flush()


def _say_nothing(text: str) -> None:
    """For `--quiet`: a wait is not an error."""
