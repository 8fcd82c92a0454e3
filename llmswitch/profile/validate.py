"""Holds one layer against the schema: unknown keys, wrong types, values out of range. Names are checked after merging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from llmswitch.profile.own_prices import day_of, is_money
from llmswitch.profile.schema import (
    BUDGET_LIMITS,
    PRICE_KEYS,
    PROJECT_MAY_SET,
    ROUTE_KEYS,
    SECTIONS,
    TABLES,
    TOP,
    Key,
)
from llmswitch.tasks import TASKS

Path = tuple[str, ...]
Problem = tuple[Path, str]


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or the list of what is known."""
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(sorted(names))}" if names else ""


def problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything wrong with one layer on its own, in the order of the file."""
    known = [*TOP, *SECTIONS, *TABLES]
    for name, value in data.items():
        if name in TOP:
            yield from _value((name,), value, TOP[name])
        elif name in SECTIONS:
            yield from _table((name,), value, SECTIONS[name])
        elif name in TABLES:
            yield from _tables((name,), value, TABLES[name])
        else:
            yield (name,), f"unknown key {name!r}{nearest(name, known)}"


def forbidden_to_project(data: Mapping[str, Any]) -> Iterator[Path]:
    """The paths of a project's layer that it may not set before the user trusts it."""
    for name, value in data.items():
        if name in PROJECT_MAY_SET:
            if name == "profile" and isinstance(value, str) and ("/" in value or value.endswith(".toml")):
                yield (name,)
        elif isinstance(value, Mapping):
            yield from ((name, key) for key in value if f"{name}.{key}" not in PROJECT_MAY_SET)
        else:
            yield (name,)


def _tables(path: Path, value: Any, schema: Mapping[str, Key]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield path, f"{path[0]!r} must be tables such as [{path[0]}.NAME]"
        return
    for name, entry in value.items():
        yield from _table((*path, name), entry, schema)


def _table(path: Path, value: Any, schema: Mapping[str, Key]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield path, f"{'.'.join(path)} must be a table"
        return
    for name, entry in value.items():
        if name not in schema:
            yield (*path, name), f"unknown key {name!r} in [{'.'.join(path)}]{nearest(name, schema)}"
        else:
            yield from _value((*path, name), entry, schema[name])


def _value(path: Path, value: Any, key: Key) -> Iterator[Problem]:
    name = ".".join(path)
    if not _fits(value, key.kind):
        yield path, f"{name} must be {_WANTED[key.kind]}, not {value!r}"
    elif key.choices and value not in key.choices:
        yield path, f"{name} = {value!r}: must be one of {', '.join(key.choices)}"
    elif key.kind == "route" and isinstance(value, Mapping):
        for part in value:
            if part not in ROUTE_KEYS:
                yield (*path, part), f"unknown key {part!r} in {name}{nearest(part, ROUTE_KEYS)}"
    elif key.kind == "limits":
        for of, entry in value.items():
            yield from _table((*path, of), entry, BUDGET_LIMITS)
    elif key.kind == "tasks":
        for task in value:
            if task not in TASKS:
                yield (*path, task), f"unknown task {task!r} in [{name}]{nearest(task, TASKS)}"
    elif key.kind == "prices":
        yield from _prices(path, value)
    elif path[0] == "providers" and path[-1] == "timeouts":
        yield from _table(path, value, SECTIONS["timeouts"])


def _prices(path: Path, value: Any) -> Iterator[Problem]:
    tables = [value] if isinstance(value, Mapping) else value
    seen: set[tuple[Any, Any]] = set()
    for table in tables:
        if not isinstance(table, Mapping):
            yield path, f"{'.'.join(path)} must be tables such as {{ input = 5, output = 25 }}, not {table!r}"
            continue
        found = list(_price(path, table))
        yield from found
        key = (day_of(table.get("from")), table.get("above", 0))
        if not found and key in seen:
            yield path, f"{'.'.join(path)} has two prices that begin on the same day for the same size of a prompt"
        seen.add(key)
    days = [(day_of(table.get("from")), table.get("above", 0)) for table in tables if isinstance(table, Mapping)]
    for day, above in days:
        if above and (day, 0) not in days:
            yield (
                path,
                f"{'.'.join(path)} has a price above {above} tokens, and none of the same day for smaller prompts",
            )


def _price(path: Path, table: Mapping[str, Any]) -> Iterator[Problem]:
    name = ".".join(path)
    for part, value in table.items():
        if part not in PRICE_KEYS:
            yield (*path, part), f"unknown key {part!r} in {name}{nearest(part, PRICE_KEYS)}"
        elif part == "from":
            if day_of(value) is None:
                yield (*path, part), f"{name}.from must be a day such as 2026-11-01, not {value!r}"
        elif part == "above":
            if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
                yield (*path, part), f"{name}.above must be a number of tokens above 0, not {value!r}"
        elif not is_money(value):
            yield (*path, part), f"{name}.{part} must be {_WANTED['money']}, not {value!r}"
    yield from ((path, f"{name} needs {part!r}") for part in ("input", "output") if part not in table)


_WANTED = {
    "text": "a string",
    "int": "a whole number, 0 or more",
    "number": "a number above 0",
    "bool": "true or false",
    "texts": "a list of strings",
    "table": "a table",
    "money": "an amount in dollars, 0 or more",
    "route": "a list of model names, or a table { easy, normal, hard, otherwise } of such lists",
    "share": "a number from 0 to 1",
    "prices": "a table such as { input = 5, output = 25 }, or a list of them",
    "limits": "tables such as [budget.project.NAME]",
    "tasks": "a table such as { review = false }",
}


def _fits(value: Any, kind: str) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "text":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "number":
            return number and value > 0
        case "bool":
            return isinstance(value, bool)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "table" | "limits":
            return isinstance(value, Mapping)
        case "tasks":
            return isinstance(value, Mapping) and all(isinstance(wanted, bool) for wanted in value.values())
        case "prices":
            return isinstance(value, Mapping) or (isinstance(value, list) and bool(value))
        case "money":
            return is_money(value)
        case "route":
            return _fits(value, "texts") or (
                isinstance(value, Mapping) and all(_fits(part, "texts") for part in value.values())
            )
        case "share":
            return number and 0 <= value <= 1
    raise AssertionError(kind)
