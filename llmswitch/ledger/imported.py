"""Calls of other programs, put into the ledger: one attempt each, in a dispatch for each of that program's sessions.

Each call is counted once, in whatever files and however often it is written down. A later record of it can only raise
its counts; then it is priced again, at the price of its own day. What llmswitch had such a program do is not taken in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.ledger.logged_call import Counts, FileMark, LoggedCall, larger
from llmswitch.ledger.prices import CostSource
from llmswitch.ledger.rate_cache import RateCache
from llmswitch.ledger.store import Ledger, sortable_id

_ATTEMPT = """
    INSERT INTO attempts (id, dispatch_id, ordinal, started_at, model, provider, model_id, tier, plan, status,
        input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
        cost_pico, imputed_pico, cost_source, price_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ok', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_RAISE = """
    UPDATE attempts SET started_at = ?, input_tokens = ?, cache_read_tokens = ?, cache_write_5m_tokens = ?,
        cache_write_1h_tokens = ?, output_tokens = ?, reasoning_tokens = ?, cost_pico = ?, imputed_pico = ?,
        cost_source = ?, price_version = ?
    WHERE id = ?"""
_DISPATCH = """
    INSERT INTO dispatches (id, started_at, finished_at, kind, project, session, status)
    VALUES (?, ?, ?, 'import', ?, ?, 'ok')"""


@dataclass(slots=True)
class Saved:
    """How many calls were new, and how many that were known had grown."""

    new: int = 0
    raised: int = 0


class Amounts(NamedTuple):
    """What a call cost, as its columns have it: whole 1e-12 dollars."""

    cost_pico: int | None
    imputed_pico: int | None
    cost_source: CostSource
    price_version: str | None


@dataclass(slots=True)
class Pricing:
    """What the calls of a program cost. `entries` are the profile's models behind that program, by their id. `covered`: a
    subscription pays for them all, the one that is named `plan` if there is a name."""

    source: str
    entries: Mapping[str, Model] = field(default_factory=dict)
    plan: str | None = None
    covered: bool = True
    _models: dict[str, Model] = field(default_factory=dict)
    _cache: RateCache = field(default_factory=RateCache)

    def model(self, model_id: str) -> Model:
        """The profile's entry of that id, else one of that name."""
        if model_id not in self._models:
            self._models[model_id] = self.entries.get(model_id) or Model(model_id, self.source, model_id)
        return self._models[model_id]

    def amounts(self, model_id: str, at: int, counts: Counts, *, unusual: bool = False) -> Amounts:
        """What it cost: nothing in cash where a plan covers it, and then what it would have cost."""
        provider = ProviderSettings(self.source, kind=self.source)
        pico, source, version = self._cache.charge(self.model(model_id), provider, at, counts.usage())
        if self.covered:
            return Amounts(0, pico, "plan", version)
        if pico is None:
            return Amounts(None, None, "unknown", None)
        return Amounts(pico, None, "estimate" if unusual else source, version)


def marks(ledger: Ledger, source: str) -> dict[int, FileMark]:
    """How far each file of a program was read, by the key of its path."""
    with ledger.reading() as connection:
        rows = connection.execute(
            "SELECT id, size, changed, inode, read_to, state FROM import_files WHERE source = ?", (source,)
        ).fetchall()
    return {row[0]: FileMark(*row) for row in rows}


def save(
    ledger: Ledger,
    pricing: Pricing,
    calls: Sequence[LoggedCall],
    files: Iterable[FileMark],
    project: Callable[[str], str | None],
) -> Saved:
    """Take in `calls`, one for each key, and note how far `files` were read: all of it or nothing. `project` names the
    project of a working directory."""
    saved = Saved()
    costs = [pricing.amounts(call.model, call.at, call.counts, unusual=call.unusual) for call in calls]
    projects = {cwd: project(cwd) for cwd in {call.cwd for call in calls}}
    with ledger.writing() as connection:
        sessions = _Sessions(connection, pricing.source)
        next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM attempts").fetchone()[0]
        rows, keys = [], []
        for call, cost in zip(calls, costs, strict=True):
            known = connection.execute("SELECT attempt_id FROM imported WHERE id = ?", (call.key,)).fetchone()
            if known:
                saved.raised += known[0] is not None and _raise(connection, pricing, known[0], call)
                continue
            dispatch, ordinal = sessions.place(call, projects[call.cwd])
            rows.append((next_id, dispatch, ordinal, call.at, *_columns(pricing, call), *_tokens(call.counts), *cost))
            keys.append((call.key, next_id))
            next_id += 1
        connection.executemany(_ATTEMPT, rows)
        connection.executemany("INSERT INTO imported (id, attempt_id) VALUES (?, ?)", keys)
        sessions.finish()
        connection.executemany(
            "INSERT INTO import_files (id, source, size, changed, inode, read_to, state) VALUES (?,?,?,?,?,?,?) "
            "ON CONFLICT (id) DO UPDATE SET source = excluded.source, size = excluded.size, changed = excluded.changed, "
            "inode = excluded.inode, read_to = excluded.read_to, state = excluded.state",
            [(m.key, pricing.source, m.size, m.changed, m.inode, m.read_to, m.state) for m in files],
        )
    saved.new = len(rows)
    return saved


def _columns(pricing: Pricing, call: LoggedCall) -> tuple[str | int | None, ...]:
    model = pricing.model(call.model)
    tier = model.tier if call.model in pricing.entries else None
    return model.name, model.provider, call.model, tier, pricing.plan if pricing.covered else None


def _tokens(counts: Counts) -> tuple[int | None, ...]:
    usage = counts.usage()
    return (
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
    )


def _raise(connection: sqlite3.Connection, pricing: Pricing, attempt_id: int, call: LoggedCall) -> bool:
    """Bring a known call up to a later record of it; whether that changed anything."""
    row = connection.execute(
        """SELECT started_at, input_tokens, cache_read_tokens, cache_write_5m_tokens + coalesce(cache_write_1h_tokens, 0),
            cache_write_1h_tokens, output_tokens, reasoning_tokens FROM attempts WHERE id = ?""",
        (attempt_id,),
    ).fetchone()
    if row is None:
        return False
    at, counts = min(row[0], call.at), larger(Counts(*row[1:]), call.counts)
    if (at, counts) == (row[0], Counts(*row[1:])):
        return False
    amounts = pricing.amounts(call.model, at, counts, unusual=call.unusual)
    connection.execute(_RAISE, (at, *_tokens(counts), *amounts, attempt_id))
    return True


class _Sessions:
    """The dispatch of each session in each project, and the ordinals in use."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        self._connection = connection
        self._source = source
        self._known: dict[tuple[str, str | None], tuple[str, int]] = {}
        self._span: dict[str, tuple[int, int]] = {}

    def place(self, call: LoggedCall, project: str | None) -> tuple[str, int]:
        """The dispatch a new call belongs to, and its ordinal there."""
        name = f"{self._source}/{call.session}"
        dispatch, last = self._known.get((name, project)) or self._find(name, project, call.at)
        self._known[name, project] = dispatch, last + 1
        first, latest = self._span.get(dispatch, (call.at, call.at))
        self._span[dispatch] = min(first, call.at), max(latest, call.at)
        return dispatch, last + 1

    def finish(self) -> None:
        """Write how long each of them took."""
        self._connection.executemany(
            "UPDATE dispatches SET started_at = min(started_at, ?), finished_at = max(finished_at, ?) WHERE id = ?",
            [(first, latest, dispatch) for dispatch, (first, latest) in self._span.items()],
        )

    def _find(self, name: str, project: str | None, at: int) -> tuple[str, int]:
        row = self._connection.execute(
            "SELECT id FROM dispatches WHERE kind = 'import' AND session = ? AND project IS ?", (name, project)
        ).fetchone()
        if row:
            last = self._connection.execute("SELECT max(ordinal) FROM attempts WHERE dispatch_id = ?", row).fetchone()[
                0
            ]
            return row[0], last or 0
        dispatch = sortable_id(at)
        self._connection.execute(_DISPATCH, (dispatch, at, at, project, name))
        return dispatch, 0
