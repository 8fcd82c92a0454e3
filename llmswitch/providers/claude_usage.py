"""Tokens and dollars out of `claude -p --output-format stream-json`. Pure.

One run may hold several messages (a turn for each tool, a continuation): their counts are added up by message id. Events of
one message repeat and raise its counts: the largest of each field is the true one. `result.usage` is the program's own sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from llmswitch.conversation import CostReport, Usage
from llmswitch.providers.anthropic_messages import usage_of


def merged(known: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Two reports of the same message: the larger of each count."""
    both = dict(known)
    for name, value in said.items():
        old = both.get(name)
        if isinstance(value, Mapping):
            both[name] = merged(old if isinstance(old, Mapping) else {}, value)
        elif _is_count(value):
            both[name] = max(old, value) if _is_count(old) else value
        elif value is not None:
            both[name] = value
    return both


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def total(messages: Iterable[Mapping[str, Any]], result: Mapping[str, Any] | None = None) -> Usage:
    """The sum over messages, and of each bucket the larger of that and the program's own sum, where it has come."""
    sums: dict[str, int] = {}
    for raw in messages:
        for name, count in _buckets(raw):
            sums[name] = sums.get(name, 0) + count
    for name, count in _buckets(result or {}):
        sums[name] = max(sums.get(name, 0), count)
    return Usage(**sums)


def _buckets(raw: Mapping[str, Any]) -> list[tuple[str, int]]:
    usage = usage_of(raw)
    counts = ((field.name, getattr(usage, field.name)) for field in fields(Usage))
    return [(name, count) for name, count in counts if _is_count(count)]


def cost(dollars: object, usage: Usage, *, imputed: bool) -> CostReport | None:
    """The program's own estimate. None where it says 0 for a call that used tokens: then it does not know the model."""
    if not isinstance(dollars, int | float) or isinstance(dollars, bool):
        return None
    if not dollars and (usage.prompt_tokens or usage.output_tokens):
        return None
    return CostReport(format(Decimal(repr(dollars)), "f"), imputed=imputed)
