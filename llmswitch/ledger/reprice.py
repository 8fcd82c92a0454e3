"""Price calls again, at the prices this version knows for their own day. Never done unasked: a closed month stays as it
was recorded. What a call cost before is kept in `repricings`.

A figure that the provider reported is a fact and stays; so does one without the counts to make another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.ledger.rate_cache import RateCache
from llmswitch.ledger.store import PICO, Ledger

Find = Callable[[str, str, str, bool], tuple[Model, ProviderSettings]]
"""The profile's entry for a row's model, provider, model id and whether it ran locally, and its provider; plain ones
where there is none."""


class Change(NamedTuple):
    """One call that would cost something else; whole 1e-12 dollars."""

    attempt_id: int
    model: str
    old_cost: int | None
    old_imputed: int | None
    old_source: str
    old_version: str | None
    cost: int | None
    imputed: int | None
    source: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What it makes for one model, from one price version to another, in dollars. `known` calls had no price before."""

    model: str
    old_version: str | None
    version: str | None
    calls: int
    known: int
    old_cash: Decimal
    cash: Decimal
    old_imputed: Decimal
    imputed: Decimal


_ROWS = """
    SELECT id, started_at, model, provider, model_id, local, status, cost_pico, imputed_pico, cost_source,
        price_version, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        reasoning_tokens
    FROM attempts
    WHERE started_at >= ? AND status <> 'open' AND input_tokens IS NOT NULL
        AND (cost_source IN ('list', 'estimate', 'unknown')
            OR cost_source IN ('plan', 'free') AND (price_version IS NOT NULL OR imputed_pico IS NULL))"""


def changes(ledger: Ledger, find: Find, since: datetime | None = None) -> list[Change]:
    """The calls since `since` that would cost something else."""
    start = int(since.timestamp() * 1_000_000) if since else 0
    with ledger.reading() as connection:
        return list(_changes(connection, find, start))


def differences(found: list[Change]) -> list[Difference]:
    """The same by model and price version, the largest difference first."""
    groups: dict[tuple[str, str | None, str | None], list[Change]] = {}
    for change in found:
        groups.setdefault((change.model, change.old_version, change.version), []).append(change)
    made = [
        Difference(
            *key,
            calls=len(group),
            known=sum(change.old_cost is None for change in group),
            old_cash=_dollars(change.old_cost for change in group),
            cash=_dollars(change.cost for change in group),
            old_imputed=_dollars(change.old_imputed for change in group),
            imputed=_dollars(change.imputed for change in group),
        )
        for key, group in groups.items()
    ]
    return sorted(made, key=lambda d: (-abs(d.cash - d.old_cash), -abs(d.imputed - d.old_imputed), d.model))


def apply(ledger: Ledger, found: list[Change], now_us: int) -> int:
    """Write the new figures, keep the old ones, and return how many calls that were. A call that somebody else has
    changed since it was looked at stays as it is."""
    with ledger.writing() as connection:
        done = 0
        for change in found:
            written = connection.execute(
                """UPDATE attempts SET cost_pico = ?, imputed_pico = ?, cost_source = ?, price_version = ?, reserved_pico = NULL
                WHERE id = ? AND cost_pico IS ? AND imputed_pico IS ? AND cost_source = ? AND price_version IS ?""",
                (change.cost, change.imputed, change.source, change.version, change.attempt_id, *change[2:6]),
            ).rowcount
            if written:
                connection.execute(
                    "INSERT INTO repricings (attempt_id, repriced_at, cost_pico, imputed_pico, cost_source, price_version) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (change.attempt_id, now_us, *change[2:6]),
                )
                done += 1
    return done


def _changes(connection: sqlite3.Connection, find: Find, start: int) -> Iterator[Change]:
    cache = RateCache()
    entries: dict[tuple[str, str, str, bool], tuple[Model, ProviderSettings]] = {}
    for row in connection.execute(_ROWS, (start,)):
        row_id, at, name, provider, model_id, local, status, *old = row[:11]
        key = (name, provider, model_id, bool(local))
        if key not in entries:
            entries[key] = find(*key)
        model, settings = entries[key]
        charge = cache.charge(model, settings, at, Usage(*row[11:]))
        if charge.pico is None:
            continue  # an old price is better than none
        source, version = old[2], charge.version
        new: tuple[int | None, int | None, str, str | None]
        if source in ("plan", "free"):
            new = (old[0], charge.pico, source, version)
        else:
            estimated = source == "estimate" or charge.source == "estimate" or status != "ok" or row[15] is None
            new = (charge.pico, None, "estimate" if estimated else "list", version)
        if new[:2] != (old[0], old[1]):
            yield Change(row_id, name, old[0], old[1], old[2], old[3], *new)


def _dollars(amounts: Iterable[int | None]) -> Decimal:
    return Decimal(sum(amount or 0 for amount in amounts)) / PICO
