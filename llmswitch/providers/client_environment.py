"""What of our environment a vendor's program gets to see. Pure.

On a plan's route nothing may reach it that makes it bill an API account or talk to another server than the plan's: with an
API key in its environment each program prefers the key to the login, and a base URL that was exported for another purpose
(a gateway, this one even) would receive the login's token. So the vendor's own variables are dropped by their prefix, all
but a few named ones. Without a plan they stay: then the key is what the user wants to pay with.

`options.env` of the provider, a table in the user's own configuration, is applied last and wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmswitch.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Variables:
    """Prefixes of a vendor's variables. `session` ones describe another running session of the program and never travel;
    `billing` ones choose who is asked and who pays, and travel only without a plan; `kept` names travel always."""

    session: tuple[str, ...]
    billing: tuple[str, ...]
    kept: frozenset[str]


def inherited(ours: Mapping[str, str], rule: Variables, *, plan: bool) -> dict[str, str]:
    """The part of `ours` that the child may see."""
    return {name: value for name, value in ours.items() if name in rule.kept or not _dropped(name, rule, plan=plan)}


def _dropped(name: str, rule: Variables, *, plan: bool) -> bool:
    if name.startswith(rule.billing):
        return plan
    return name.startswith(rule.session)


def configured(options: Mapping[str, Any], provider: str) -> dict[str, str]:
    """`options.env` as the child's variables. Raises ConfigError where it is not a table of text, numbers or truths."""
    table = options.get("env", {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"[providers.{provider}] options.env must be a table of variables")
    return {str(name): _text(value) for name, value in table.items()}


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def texts(value: object, what: str) -> list[str]:
    """A list of texts out of an option, for which a single text stands for itself. Raises ConfigError for other things."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable) and all(isinstance(entry, str) for entry in value):
        return list(value)
    raise ConfigError(f"{what} must be a list of texts")
