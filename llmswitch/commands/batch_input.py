"""The lines of a batch: JSONL in, tasks out. Every line is read and checked before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.batch import Task
from llmswitch.engine.job import Job
from llmswitch.engine.purse import Purse
from llmswitch.engine.structured import load_schema
from llmswitch.errors import InputError, LlmSwitchError
from llmswitch.profile import Profile
from llmswitch.profile.validate import nearest
from llmswitch.tasks import TASKS
from llmswitch.template import Template

KEYS: Mapping[str, type | tuple[type, ...]] = {
    "prompt": str,
    "id": (str, int, float),
    "system": str,
    "task": str,
    "model": str,
    "max_tokens": int,
    "schema": dict,
    "vars": dict,
    "metadata": dict,
}
"""What a line may hold. `id` and `metadata` come back with the result, `vars` are the template's."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a line that does not say otherwise."""

    system: str | None = None
    task: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    template: Template | None = None
    project: str | None = None
    purse: Purse | None = None
    allow_unknown_price: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A task, and what comes back with its result."""

    task: Task
    echoed: Mapping[str, Any]


def rows(text: str, name: str, defaults: Defaults, profile: Profile) -> list[Row]:
    """The rows of a JSONL text; blank lines are passed over and keep their number. Raises InputError with the line."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(_row(number, _parsed(line), defaults, profile))
            except LlmSwitchError as error:
                raise InputError(f"{name}:{number}: {error.message}", hint=error.hint) from None
    if not found:
        raise InputError(f"{name} has no prompts", hint='one JSON object a line, as in {"prompt": "…"}')
    return found


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise InputError(f"this is not JSON: {error}", hint='one JSON object a line, as in {"prompt": "…"}') from None
    if not isinstance(data, dict):
        raise InputError('a line must be an object, as in {"prompt": "…"}')
    for key, value in data.items():
        if key not in KEYS:
            raise InputError(f"unknown key {key!r}{nearest(key, KEYS)}", hint='what is yours goes into "metadata": {…}')
        if value is not None and (not isinstance(value, KEYS[key]) or isinstance(value, bool)):
            raise InputError(f"{key!r} has the wrong type: {json.dumps(value)[:60]}")
    return {key: value for key, value in data.items() if value is not None}


def _row(number: int, data: Mapping[str, Any], defaults: Defaults, profile: Profile) -> Row:
    prompt, system = str(data.get("prompt", "")), data.get("system")
    if defaults.template is not None:
        variables = {name: str(value) for name, value in data.get("vars", {}).items()}
        prompt, framed = defaults.template.filled(prompt, variables)
        system = system or framed
    elif "vars" in data:
        raise InputError("'vars' are for a template", hint="name one with -t")
    if not prompt.strip():
        raise InputError("there is no prompt in this line")
    task, model = data.get("task", defaults.task), data.get("model", defaults.model)
    if task is not None and task not in TASKS:
        raise InputError(f"{task!r} is not a task{nearest(task, TASKS)}")
    if model is not None:
        profile.model(model)
    limit = data.get("max_tokens", defaults.max_tokens)
    if limit is not None and limit < 1:
        raise InputError("'max_tokens' must be 1 or more")
    schema = load_schema(json.dumps(data["schema"])) if "schema" in data else None
    request = Request(
        (Message("user", (Text(prompt),)),), system=system or defaults.system, max_output_tokens=limit, schema=schema
    )
    job = Job(
        request,
        words=prompt,
        kind="batch",
        task=task,
        model=model,
        project=defaults.project,
        purse=defaults.purse,
        allow_unknown_price=defaults.allow_unknown_price,
    )
    return Row(Task(number, job), {key: data[key] for key in ("id", "metadata") if key in data})
