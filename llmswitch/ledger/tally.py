"""Adding cells up: whole numbers until the end, then dollars, and the baseline at each day's price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from llmswitch.conversation import Usage
from llmswitch.ledger import price_list
from llmswitch.ledger.cells import Cell, Kind
from llmswitch.ledger.figures import Day, Figures, Tokens
from llmswitch.ledger.price_list import Rates
from llmswitch.ledger.store import PICO

RatesOf = Callable[[int, int], int | None]


class Baseline:
    """The rates of the savings figure's model. Cells of the same rates are added before they are priced: a price tier
    belongs to one call's size, which a cell keeps."""

    def __init__(self, provider_id: str, model_id: str) -> None:
        self._ids = (provider_id, model_id)
        self._known: list[Rates] = []
        self.number = cache(self._number)

    def _number(self, utc_day: int, size: int) -> int | None:
        """A number for the rates of calls on that day whose prompt was above `size` tokens; None without a price."""
        at = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=utc_day)
        found = price_list.rates(*self._ids, at, size + 1 if size else 0)
        if found is None:
            return None
        if found not in self._known:
            self._known.append(found)
        return self._known.index(found)

    def usd(self, number: int, calls: int, tokens: Iterable[int]) -> Decimal:
        """What `calls` calls with `tokens` in all cost at the rates of that number."""
        rates = self._known[number]
        return (rates.charge(Usage(*tokens)) or Decimal(0)) + rates.request * (calls - 1)


_WIDTH = 11
"""Numbers of a cell: calls, unknown, imputed calls, cash, imputed, six buckets of tokens."""


@dataclass(slots=True)
class Tally:
    """Sums that grow; amounts are 1e-12 dollars."""

    sums: list[int] = field(default_factory=lambda: [0] * _WIDTH)
    ways: dict[str, int] = field(default_factory=dict)
    incomplete: list[int] = field(default_factory=lambda: [0, 0])
    priced: dict[int, list[int]] = field(default_factory=dict)

    def add(self, cell: Cell, rates: int | None) -> None:
        """Count `cell`, whose baseline has the rates of that number."""
        sums, kind = cell.sums, cell.kind
        self.sums = [a + b for a, b in zip(self.sums, sums, strict=True)]
        calls = sums[0]
        way = _way(kind)
        self.ways[way] = self.ways.get(way, 0) + calls
        if kind.status in ("failed", "lost"):
            self.ways["failed"] = self.ways.get("failed", 0) + calls
        if kind.status not in ("ok", "open"):
            self.incomplete[0] += calls
            self.incomplete[1] += sums[3]
        if rates is not None and kind.status == "ok" and kind.known:
            new = (calls, *sums[5:])
            self.priced[rates] = [a + b for a, b in zip(self.priced.get(rates, [0] * 7), new, strict=True)]

    def figures(self, baseline: Baseline) -> Figures:
        """The sums as figures."""
        calls, unknown, imputed_calls, cash, imputed, *tokens = self.sums
        priced = (baseline.usd(number, group[0], group[1:]) for number, group in self.priced.items())
        return Figures(
            calls=calls,
            failed_calls=self.ways.get("failed", 0),
            paid_calls=self.ways.get("paid", 0),
            plan_calls=self.ways.get("plan", 0),
            local_calls=self.ways.get("local", 0),
            free_calls=self.ways.get("free", 0),
            unknown_cost_calls=unknown,
            imputed_calls=imputed_calls,
            incomplete_calls=self.incomplete[0],
            tokens=Tokens(*tokens),
            cash=Decimal(cash) / PICO,
            imputed=Decimal(imputed) / PICO,
            baseline=sum(priced, Decimal(0)),
            incomplete_cash=Decimal(self.incomplete[1]) / PICO,
        )


@dataclass(slots=True)
class Trend:
    """Calls, cash and imputed cost of each local day."""

    days: dict[str, list[int]] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        """Count `cell` on its day."""
        day = self.days.setdefault(cell.day, [0, 0, 0])
        day[0] += cell.sums[0]
        day[1] += cell.sums[3]
        day[2] += cell.sums[4]

    def by_day(self) -> dict[str, Day]:
        """The days that had calls, in order."""
        return {
            name: Day(calls, Decimal(cash) / PICO, Decimal(imputed) / PICO)
            for name, (calls, cash, imputed) in sorted(self.days.items())
        }


def _way(kind: Kind) -> str:
    """How calls of this kind were paid."""
    if kind.source == "plan":
        return "plan"
    if kind.source == "free":
        return "local" if kind.local else "free"
    return "paid" if kind.known else "unknown"
