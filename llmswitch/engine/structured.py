"""Answers of a given shape (JSON Schema): asked for natively where the provider can, validated always, repaired once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llmswitch.conversation import Finish, Message, Text, TextDelta
from llmswitch.engine.dispatch import DispatchEvent, Emit, Engine, Job, Result
from llmswitch.engine.judge import code_blocks
from llmswitch.errors import InputError, LlmSwitchError

SHOWN_ERRORS = 5


class SchemaMismatchError(LlmSwitchError):
    """The answer is not of the shape that was asked for, even after one repair."""


@dataclass(frozen=True, slots=True)
class Structured:
    """The outcome: `results` holds one dispatch, or two where a repair was tried; `value` is the parsed answer."""

    results: tuple[Result, ...]
    value: Any
    errors: tuple[str, ...]


def load_schema(given: str) -> dict[str, Any]:
    """The schema in a file, or written inline (it begins with `{`). Raises InputError."""
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    inline = given.lstrip().startswith("{")
    try:
        text = given if inline else Path(given).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the schema {given!r} can't be read: {error}") from None
    try:
        schema = json.loads(text)
        validator_for(schema).check_schema(schema)
    except ValueError as error:
        raise InputError(f"the schema is not JSON: {error}") from None
    except SchemaError as error:
        raise InputError(f"the schema is not a JSON Schema: {error.message}") from None
    if not isinstance(schema, dict):
        raise InputError("the schema must be a JSON object")
    _check_references(schema)
    return schema


def _check_references(schema: dict[str, Any]) -> None:
    """Raise InputError for a `$ref` that leads out of the schema (nothing is ever fetched) or nowhere."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise InputError(
                f"the schema's $ref {reference!r} leads nowhere", hint="put the definition into the schema itself"
            ) from None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def parse(text: str) -> Any:
    """The JSON of an answer: all of it, or its only code block. Raises ValueError."""
    try:
        return json.loads(text)
    except ValueError:
        blocks = [body for language, body in code_blocks(text) if language in ("json", "")]
        if len(blocks) != 1:
            raise
        return json.loads(blocks[0])


def mismatches(text: str, schema: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The parsed answer (None if it does not parse) and what is wrong with it, each with its place."""
    from jsonschema.validators import validator_for
    from referencing import Registry

    try:
        value = parse(text)
    except ValueError as error:
        return None, [f"it is not JSON: {error}"]
    found = validator_for(schema)(schema, registry=Registry()).iter_errors(value)
    return value, [f"{error.json_path}: {error.message}" for error in sorted(found, key=lambda error: error.json_path)]


async def run(engine: Engine, job: Job, emit: Emit) -> Structured:
    """Run `job`, whose request has a schema. The text is held back until it is valid; the caller prints `value`."""
    if job.request.schema is None:
        raise ValueError("the request has no schema")

    async def without_text(event: DispatchEvent) -> None:
        if not isinstance(event, TextDelta | Finish):
            await emit(event)

    schema = job.request.schema
    first = await engine.run(replace(job, keep=lambda text: not mismatches(text, schema)[1]), without_text)
    if first.error is not None:
        return Structured((first,), None, ())
    value, errors = mismatches(first.text, schema)
    if not errors:
        return Structured((first,), value, ())
    second = await engine.run(_repair(job, first, errors), without_text)
    if second.error is not None:
        return Structured((first, second), None, tuple(errors))
    value, errors = mismatches(second.text, schema)
    return Structured((first, second), value, tuple(errors))


def _repair(job: Job, first: Result, errors: list[str]) -> Job:
    told = "\n".join(f"- {error}" for error in errors[:SHOWN_ERRORS])
    wish = f"That answer does not fit the JSON Schema:\n{told}\nAnswer again, with nothing but the corrected JSON."
    turns = (*job.request.messages, Message("assistant", (Text(first.text),)), Message("user", (Text(wish),)))
    model = first.model.name if first.model else None
    return replace(job, request=replace(job.request, messages=turns), task=first.label.task, model=model)


def mismatch_error(errors: tuple[str, ...]) -> SchemaMismatchError:
    """What to tell the person."""
    lines = [f"{error}" for error in errors[:SHOWN_ERRORS]]
    more = [f"and {len(errors) - SHOWN_ERRORS} more"] if len(errors) > SHOWN_ERRORS else []
    return SchemaMismatchError(
        "\n  ".join(["the answer does not fit the schema, also after one repair:", *lines, *more]),
        hint="try a stronger model with -m, or a simpler schema",
    )
