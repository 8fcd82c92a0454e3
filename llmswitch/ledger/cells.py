"""What a report adds up: the calls of one local day that are alike, as one cell. One pass of SQL; no row by itself.

Calls in a cell share everything that decides how they are counted and priced: how they were paid, how they ended, the
UTC day (prices are dated) and the size class of the prompt (a price tier is a cliff over the whole prompt).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, Literal, NamedTuple

from llmswitch.ledger.period import Period

Label = Literal["task", "profile", "project", "session", "hook"]
LABELS: tuple[Label, ...] = ("task", "profile", "project", "session", "hook")
"""What the dispatch of a call says, not the call itself."""

NO_VALUE = "-"
"""Asks for the calls that have no such value: those outside a repository, of no session."""

DAY_US = 86_400_000_000
TOKEN_COLUMNS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Where:
    """Which calls a report is about: those that have one of the values of each field; an empty field asks for
    nothing. `-` is no value."""

    model: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    hook: tuple[str, ...] = ()

    @property
    def asked(self) -> dict[str, tuple[str, ...]]:
        """The fields that ask for something."""
        names = ("model", "provider", "task", "project", "session", "hook")
        return {name: values for name in names if (values := getattr(self, name))}


class Kind(NamedTuple):
    """What the calls of a cell have in common. `known`: their cost is."""

    provider: str
    model: str
    tier: int | None
    plan: str | None
    local: int
    status: str
    source: str | None
    known: int


class Cell(NamedTuple):
    """`day` is the local one (ISO). `size`: each prompt had more tokens than this threshold, 0 for none. `labels` are
    those that were asked for. `sums`: calls, calls of unknown cost, calls with an imputed cost, cash and imputed cost
    (1e-12 dollars), then the tokens as in `TOKEN_COLUMNS`."""

    day: str
    utc_day: int
    size: int
    kind: Kind
    labels: tuple[str | None, ...]
    sums: tuple[int, ...]


UNKNOWN_COST = """{0}cost_pico IS NULL AND {0}status <> 'open' AND NOT ({0}status = 'failed'
    AND {0}failure IS NOT 'timeout' AND {0}first_token_ms IS NULL AND {0}input_tokens IS NULL
    AND {0}output_tokens IS NULL)"""
"""Money may be owed and nobody knows how much. A call that was turned away before anything came back is not billed; one
that ran out of time may be."""


def prompt_size(prefix: str, thresholds: Sequence[int]) -> str:
    """SQL for the largest of `thresholds` that a row's whole prompt is above, 0 for none."""
    prompt = " + ".join(f"coalesce({prefix}{name}, 0)" for name in TOKEN_COLUMNS[:4])
    cases = " ".join(f"WHEN {prompt} > {int(limit)} THEN {int(limit)}" for limit in sorted(thresholds, reverse=True))
    return f"CASE {cases} ELSE 0 END" if cases else "0"


def first_call_us(connection: sqlite3.Connection) -> int | None:
    """When the ledger begins, in microseconds since 1970 UTC: its first row, or the first sum of calls that have none any
    more."""
    row, kept = connection.execute(
        "SELECT (SELECT min(started_at) FROM attempts), (SELECT kept_before FROM sums_mark)"
    ).fetchone()
    if not kept:
        return None if row is None else int(row)
    summed = connection.execute("SELECT min(slot) * 900000000 FROM sums WHERE grain = 900000000").fetchone()[0]
    return min((at for at in (row, summed) if at is not None), default=None)


def local_days(connection: sqlite3.Connection, period: Period, zone: tzinfo | None) -> list[tuple[str, int, int]]:
    """The local days of `period` that can have calls: ISO date, start and end in microseconds since 1970 UTC."""
    first = first_call_us(connection)
    if first is None:
        return []
    since = max(period.since, datetime.fromtimestamp(first / 1e6, UTC) - timedelta(days=2))
    days = replace(period, since=since).days(zone)
    return [(label, microseconds(max(start, period.since)), microseconds(end)) for label, start, end in days]


def cells(
    connection: sqlite3.Connection,
    days: Sequence[tuple[str, int, int]],
    *,
    labels: Sequence[Label] = (),
    where: Where | None = None,
    thresholds: Sequence[int] = (),
) -> Iterator[Cell]:
    """The cells of `days`, row by row, for the calls that `where` asks for, apart at each of the `thresholds` (tokens of
    a prompt) and by each of the `labels`. `summed.cells` gives the same sooner where it can."""
    asked = where.asked if where else {}
    sql = row_sql(tuple(labels), thresholds, asked)
    values = {name: json.dumps(wanted) for name, wanted in asked.items()}
    yield from as_cells(connection.execute(sql, {"days": json.dumps(days), **values}), days, len(labels))


def as_cells(rows: Iterable[tuple[Any, ...]], days: Sequence[tuple[str, int, int]], labels: int) -> Iterator[Cell]:
    """Rows of `row_sql` as cells."""
    kind_of = cache(Kind)
    labelled = 3 + len(Kind._fields)
    sums = labelled + labels
    for row in rows:
        yield Cell(days[row[0]][0], row[1], row[2], kind_of(*row[3:labelled]), row[labelled:sums], row[sums:])


def row_sql(
    labels: Sequence[Label], thresholds: Sequence[int], asked: dict[str, tuple[str, ...]], *, after: int | None = None
) -> str:
    """SQL for the cells; with `after` only of attempts with a larger id, of which there are few."""
    kind = "a.provider, a.model, a.tier, a.plan, a.local, a.status, a.cost_source, a.cost_pico IS NOT NULL"
    columns = ", ".join([kind, *(f"d.{name}" for name in labels)])
    tokens = ", ".join(f"coalesce(sum(a.{name}), 0)" for name in TOKEN_COLUMNS)
    join = "LEFT JOIN dispatches AS d ON d.id = a.dispatch_id" if set(labels) | (set(asked) & set(LABELS)) else ""
    width = 3 + len(Kind._fields) + len(labels)
    tables, few = f"{DAY_TABLE} CROSS JOIN attempts AS a", ""
    if after is not None:
        tables, few = f"attempts AS a NOT INDEXED CROSS JOIN {DAY_TABLE}", f"a.id > {after} AND"
    return f"""
        SELECT days.number, a.started_at / {DAY_US}, {prompt_size("a.", thresholds)}, {columns},
            count(*), count(*) FILTER (WHERE {UNKNOWN_COST.format("a.")}), count(a.imputed_pico),
            coalesce(sum(a.cost_pico), 0), coalesce(sum(a.imputed_pico), 0), {tokens}
        FROM {tables} {join}
        WHERE {few} a.started_at >= days.since AND a.started_at < days.until {filters(asked)}
        GROUP BY {", ".join(str(number + 1) for number in range(width))}"""  # noqa: S608 - no value of a user


DAY_TABLE = """(SELECT key AS number, json_extract(value, '$[1]') AS since, json_extract(value, '$[2]') AS until
    FROM json_each(:days)) AS days"""
"""The days lead, each an index range: far quicker than looking a day up for each call. Their names are left to Python:
SQLite would take each out of the JSON again for every row."""


def filters(asked: dict[str, tuple[str, ...]]) -> str:
    """SQL that follows a WHERE, with the fields' values as JSON lists in parameters of their names."""
    return " ".join(
        f"AND coalesce({'d' if name in LABELS else 'a'}.{name}, '{NO_VALUE}') IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - no value of a user
        for name in asked
    )


def microseconds(at: datetime) -> int:
    """Since 1970 UTC."""
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
