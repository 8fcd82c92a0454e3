"""Scenarios: TOML files that say what a month of work consists of, for `llmswitch plan`. docs/plan.md has every key."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from llmswitch import paths
from llmswitch.errors import ConfigError
from llmswitch.ledger.figures import Tokens
from llmswitch.ledger.volume import Month, Volume
from llmswitch.profile import toml_lines
from llmswitch.profile.layers import shipped_dir
from llmswitch.profile.validate import nearest
from llmswitch.tasks import TASKS

DEFAULT = "everyday"
"""The shipped mix of tasks that stands in where there is no ledger to look at."""

_TOP = ("description", "rests_on", "calls", "output_share", "tasks", "volume")
_COUNTS = ("tokens", "input", "cache_read", "cache_write", "cache_write_1h", "output")
_TASK = ("calls", "share", *_COUNTS)
_VOLUME = ("model", "calls", "billed", *_COUNTS)
_ARRAY = re.compile(r"^\s*\[\[\s*volume\s*\]\]")

Where = tuple[str, ...]


def names() -> list[str]:
    """Scenarios that are known by name: the user's own, and the shipped ones."""
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.toml")})


def find(name: str) -> Path:
    """The file of the scenario `name`: a path wins, then the user's own, then the shipped ones."""
    if "/" in name or name.endswith(".toml") or Path(name).is_file():
        path = Path(name).expanduser()
        if not path.is_file():
            raise ConfigError(f"there is no scenario file {name!r}")
        return path
    for folder in _folders():
        if (path := folder / f"{name}.toml").is_file():
            return path
    raise ConfigError(
        f"there is no scenario {name!r}{nearest(name, names())}", hint="name one of those, or a TOML file"
    )


def read_scenario(name: str, calls: int | None = None) -> Month:
    """The month in the scenario `name`; with `calls` that many calls of its mix of tasks. Raises ConfigError with file and
    line for anything that does not fit."""
    path = find(name)
    return _Reader(path, _text(path)).month(calls)


def _folders() -> tuple[Path, Path]:
    return paths.config_dir() / "scenarios", shipped_dir() / "scenarios"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", file=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", file=str(path)) from None


class _Reader:
    """One file. Every complaint names its line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = toml_lines.locate(text)
        self._arrays = [number for number, line in enumerate(text.splitlines(), 1) if _ARRAY.match(line)]
        try:
            self._data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"is not valid TOML: {error}", file=str(path)) from None
        self._output_share = Fraction(0)

    def month(self, calls: int | None) -> Month:
        """Everything in it."""
        data = self._data
        self._known((), data, _TOP)
        self._output_share = self._share(("output_share",), data.get("output_share", 0))
        said = Fraction(calls) if calls is not None else self._calls((), data)
        tasks, volumes = list(self._tasks(data.get("tasks", {}), said)), list(self._volumes(data.get("volume", [])))
        if not tasks and not volumes:
            self._fail((), "has neither [tasks.NAME] nor [[volume]]: nothing is said of the month")
        if calls is not None and volumes:
            self._fail(("volume", "0"), "a [[volume]] is of a whole month: --calls fits a scenario of tasks alone")
        if calls is not None:
            tasks = self._of_so_many(tasks, Fraction(calls))
        return Month(
            self._path.stem,
            (*tasks, *volumes),
            self._sentences(data.get("rests_on", [])),
            file=str(self._path),
        )

    def _tasks(self, tables: Any, calls: Fraction | None) -> Iterator[Volume]:
        if not isinstance(tables, Mapping):
            self._fail(("tasks",), "'tasks' must be tables such as [tasks.review]")
        shares = [name for name, entry in tables.items() if isinstance(entry, Mapping) and "share" in entry]
        for name, entry in tables.items():
            where = ("tasks", name)
            if name not in TASKS:
                self._fail(where, f"[tasks.{name}]: no such task{nearest(name, TASKS)}")
            self._known(where, entry, _TASK)
            if ("share" in entry) == ("calls" in entry):
                self._fail(where, f"[tasks.{name}] needs one of 'calls' (a month) and 'share' (of all calls)")
            if "share" in entry and calls is None:
                self._fail(where, f"[tasks.{name}] has a share of all calls: say how many with calls = N, or --calls N")
            of = self._share((*where, "share"), entry["share"]) * (calls or 0) if "share" in entry else None
            number = self._calls(where, entry) if of is None else of
            yield Volume(self._tokens(where, entry, number or Fraction(0)), number, task=name)
        total = sum((self._share(("tasks", name, "share"), tables[name]["share"]) for name in shares), Fraction(0))
        if shares and total != 1:
            self._fail(("tasks", shares[0]), f"the shares of the tasks add up to {float(total):g}, not to 1")

    def _volumes(self, entries: Any) -> Iterator[Volume]:
        if not isinstance(entries, list):
            self._fail(("volume",), "'volume' must be tables such as [[volume]]")
        for number, entry in enumerate(entries):
            where = ("volume", str(number))
            self._known(where, entry, _VOLUME)
            model = entry.get("model")
            if not isinstance(model, str) or not model:
                self._fail(where, "a [[volume]] needs 'model': an entry of the profile, or PROVIDER/ID")
            billed = entry.get("billed", False)
            if not isinstance(billed, bool):
                self._fail(where, f"billed must be true or false, not {billed!r}")
            yield Volume(self._tokens(where, entry, Fraction(1)), self._calls(where, entry), model=model, billed=billed)

    def _tokens(self, where: Where, entry: Mapping[str, Any], times: Fraction) -> Tokens:
        """The tokens in `entry`, `times` over. `tokens` is all of them, of which `output_share` is output."""
        counts = {name: self._whole((*where, name), entry[name]) for name in _COUNTS if name in entry}
        if not counts:
            self._fail(where, f"no tokens are said: {', '.join(_COUNTS)}")
        if "tokens" in counts:
            if len(counts) > 1:
                self._fail(where, "'tokens' is all of them: it stands without input, output and the caches")
            output = counts["tokens"] * self._output_share
            counts = {"input": counts["tokens"] - output, "output": output}
        by_name = {name: round(count * times) for name, count in counts.items()}
        return Tokens(
            by_name.get("input", 0),
            by_name.get("cache_read", 0),
            by_name.get("cache_write", 0),
            by_name.get("cache_write_1h", 0),
            by_name.get("output", 0),
        )

    @staticmethod
    def _of_so_many(tasks: list[Volume], calls: Fraction) -> list[Volume]:
        """`tasks` in proportion, `calls` in all."""
        now = sum((volume.calls or Fraction(0) for volume in tasks), Fraction(0))
        return list(Month("", tuple(tasks)).scaled(calls / now).volumes) if now else tasks

    def _calls(self, where: Where, entry: Mapping[str, Any]) -> Fraction | None:
        return Fraction(self._whole((*where, "calls"), entry["calls"])) if "calls" in entry else None

    def _whole(self, where: Where, value: Any) -> Fraction:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or value < 0 or value != int(value):
            self._fail(where, f"{where[-1]} must be a whole number, 0 or more, not {value!r}")
        return Fraction(int(value))

    def _share(self, where: Where, value: Any) -> Fraction:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            self._fail(where, f"{where[-1]} must be a number from 0 to 1, not {value!r}")
        return Fraction(str(value))

    def _sentences(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            self._fail(("rests_on",), "rests_on must be a list of strings")
        return tuple(value)

    def _known(self, where: Where, entry: Any, keys: Iterable[str]) -> None:
        if not isinstance(entry, Mapping):
            self._fail(where, f"{'.'.join(where)} must be a table")
        for name in entry:
            if name not in keys:
                self._fail((*where, name), f"unknown key {name!r}{nearest(name, keys)}")

    def _fail(self, where: Where, message: str) -> NoReturn:
        line = toml_lines.line_of(self._lines, where)
        if len(where) > 1 and where[0] == "volume" and int(where[1]) < len(self._arrays):
            line = self._arrays[int(where[1])]
        raise ConfigError(message, file=str(self._path), line=line, hint="docs/plan.md has every key of a scenario")
