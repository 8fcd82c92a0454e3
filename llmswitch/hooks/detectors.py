"""The rules of detect-secrets, line by line: its detectors without its entropy ones, its files and its network.

The library is imported at the first line that is worth it. Its verification, which would send a secret to its vendor, needs a
filter that is never switched on here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from llmswitch.hooks.secret_rules import looks_random

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

LEFT_OUT = frozenset({"base", "high_entropy_strings", "ip_public", "ibm_cos_hmac"})
"""Hashes and public addresses are no secrets, and a diff is full of them; the last one can't be had without its network
client, and the keyword detector finds most of what it would."""
LINE_CHARS = 4_000
SHORTEST_PASSWORD = 6

_WORD = re.compile(r"key|token|secret|pass|pwd|auth|cred|contrase|role", re.IGNORECASE)
_VALUE = re.compile(
    r"""[\"'`](?=[^\s\"'`]*\d)(?=[^\s\"'`]*[A-Za-z])[^\s\"'`]{6,}"""
    r"""|[=:]\s*(?=[^\s\"'`({\[<$]*\d)(?=[^\s\"'`({\[<$]*[A-Za-z])[^\s\"'`({\[<$]{6,}"""
)
"""What a word for a secret must have beside it: a value with letters and digits, quoted or assigned."""
_ALONE = re.compile(r"BEGIN |://[^/\s]*@|(?:A3T|ABIA|ACCA|AKIA|ASIA|AKC|AP[\dA-F])[A-Z0-9]{8}")
"""What is worth a closer look by itself: a key's first line, a URL with a user, the beginnings of AWS's keys."""
_LONG = re.compile(r"[A-Za-z0-9_+/=-]{20,}")
_DIGIT = re.compile(r"\d")
_NO_FILE = "/dev/null/"
"""A folder that can't exist: the library looks at names, and must find no file of that name to read."""


def is_worth_scanning(line: str) -> bool:
    """A quick look that rules most lines out: no word for a secret with a value beside it, and nothing long with a digit."""
    if _ALONE.search(line) is not None or any(map(_DIGIT.search, _LONG.findall(line))):
        return True
    return _WORD.search(line) is not None and _VALUE.search(line) is not None


def library_rule(path: str, line: str) -> str | None:
    """The name of the first detector that finds a secret in `line` of a file named `path`."""
    line = line[:LINE_CHARS]
    name = _NO_FILE + PurePosixPath(path).name
    for plugin in _plugins():
        for found in plugin.analyze_line(filename=name, line=line):
            value = found.secret_value or ""
            if not _is_harmless(value, line, by_keyword=found.type == "Secret Keyword"):
                return str(found.type)
    return None


def _is_harmless(value: str, line: str, *, by_keyword: bool) -> bool:
    if any(heuristic(value) for heuristic in _heuristics()):
        return True
    if not by_keyword:
        return False
    from detect_secrets.filters.heuristic import is_indirect_reference

    if len(value) < SHORTEST_PASSWORD or " " in value.strip() or not looks_random(value):
        return True
    return bool(is_indirect_reference(line))


@cache
def _heuristics() -> tuple[Callable[[str], bool], ...]:
    from detect_secrets.filters import heuristic

    return (
        heuristic.is_sequential_string,
        heuristic.is_potential_uuid,
        heuristic.is_templated_secret,
        heuristic.is_prefixed_with_dollar_sign,
        heuristic.is_not_alphanumeric_string,
    )


@cache
def _plugins() -> tuple[BasePlugin, ...]:
    """One instance of every detector that the library has, but for those that are left out."""
    import inspect
    import pkgutil
    from importlib import import_module

    from llmswitch.hooks.later import import_later

    import_later("requests")  # needed for verification alone, and two thirds of the library's import
    from detect_secrets import plugins
    from detect_secrets.plugins.base import BasePlugin

    found: list[BasePlugin] = []
    for module in pkgutil.iter_modules(plugins.__path__):
        if module.name in LEFT_OUT:
            continue
        loaded = import_module(f"{plugins.__name__}.{module.name}")
        found += [
            kind()
            for kind in vars(loaded).values()
            if inspect.isclass(kind)
            and kind.__module__ == loaded.__name__
            and issubclass(kind, BasePlugin)
            and not inspect.isabstract(kind)
        ]
    return tuple(found)
