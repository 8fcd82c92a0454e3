"""What a month of work consists of: calls that are alike, with their tokens. From the ledger's own rows, or made up."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction

from llmswitch.ledger.cells import first_call_us, local_days
from llmswitch.ledger.figures import Tokens
from llmswitch.ledger.period import Period, midnight
from llmswitch.ledger.rollup import SIZES
from llmswitch.ledger.summed import cells

_USED = ("ok", "partial", "cancelled")
"""How a call ended whose tokens were really used. One that failed was made again elsewhere: not counted twice."""

MONTH_DAYS = 30
"""Days of the month that a volume is for."""

FEWEST_DAYS = 3
"""Whole days of calls below which a ledger says nothing about a month."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Calls of a month that are alike, and their tokens in all. Those of a `task` go where a profile sends it; those of a
    `model` (an entry's name or PROVIDER/ID) stay there. `calls` None: nobody says how many, so prompts are taken to be
    below every price tier. `billed`: paid by the token, whatever plan or free tier the entry has."""

    tokens: Tokens
    calls: Fraction | None = None
    task: str | None = None
    model: str | None = None
    provider: str | None = None
    billed: bool = False

    @property
    def mean_prompt(self) -> int:
        """Tokens of a middling prompt, 0 where the number of calls is not said."""
        return int(self.tokens.prompt_tokens / self.calls) if self.calls else 0


@dataclass(frozen=True, slots=True)
class Month:
    """What is expected of one month. `rests_on` are the assumptions, one sentence each."""

    label: str
    volumes: tuple[Volume, ...]
    rests_on: tuple[str, ...] = ()
    source: str = "scenario"
    file: str | None = None
    period: Period | None = field(default=None)

    @property
    def calls(self) -> Fraction | None:
        """How many calls, None where that is not said of all."""
        known = [volume.calls for volume in self.volumes if volume.calls is not None]
        return sum(known, Fraction(0)) if len(known) == len(self.volumes) else None

    @property
    def tokens(self) -> Tokens:
        """All of them."""
        return sum((volume.tokens for volume in self.volumes), Tokens())

    def scaled(self, factor: Fraction) -> Month:
        """The same work `factor` times over."""
        return replace(self, volumes=tuple(_scaled(volume, factor) for volume in self.volumes))


def recent(connection: sqlite3.Connection, now: datetime, zone: tzinfo | None = None) -> Month | None:
    """A month like the last `MONTH_DAYS` whole local days, in proportion where the ledger is younger; None where it has
    fewer than `FEWEST_DAYS`."""
    today = now.astimezone(zone).date()
    whole = Period(
        f"the last {MONTH_DAYS} days", midnight(today - timedelta(days=MONTH_DAYS), zone), midnight(today, zone)
    )
    first = first_call_us(connection)
    if first is None:
        return None
    began = datetime.fromtimestamp(first / 1e6, now.tzinfo).astimezone(zone).date()
    days = min(MONTH_DAYS, (today - began).days)
    if days < FEWEST_DAYS:
        return None
    found = of_period(connection, whole, zone)
    if days == MONTH_DAYS:
        return found
    said = f"the ledger has {days} whole days of calls: they were taken {MONTH_DAYS}/{days} times"
    return replace(found.scaled(Fraction(MONTH_DAYS, days)), rests_on=(*found.rests_on, said))


def of_period(connection: sqlite3.Connection, period: Period, zone: tzinfo | None = None) -> Month:
    """The calls of `period`, by task; those without a task by model. They are kept apart at every size of a prompt at
    which some price has a cliff, so that their mean stands for all of them."""
    sums: dict[tuple[str | None, str | None, str | None, int], tuple[int, list[int]]] = {}
    for cell in cells(connection, local_days(connection, period, zone), labels=("task",), thresholds=SIZES):
        if cell.kind.status not in _USED:
            continue
        (task,) = cell.labels
        model, provider = (None, None) if task else (cell.kind.model, cell.kind.provider)
        key = (task, model, provider, cell.size)
        calls, tokens = sums.get(key, (0, [0] * len(fields(Tokens))))
        sums[key] = calls + cell.sums[0], [a + b for a, b in zip(tokens, cell.sums[5:], strict=True)]
    volumes = tuple(
        Volume(Tokens(*tokens), Fraction(calls), task, model, provider)
        for (task, model, provider, _), (calls, tokens) in sorted(sums.items(), key=_order)
    )
    said = ["the calls that your ledger has, with the tokens they took; another model would take other ones"]
    if any(volume.model for volume in volumes):
        said.append("calls without a task (another program's, say) stay with the model they went to")
    return Month(period.label, volumes, tuple(said), "ledger", period=period)


def _order(item: tuple[tuple[str | None, str | None, str | None, int], tuple[int, list[int]]]) -> tuple[str, ...]:
    task, model, provider, size = item[0]
    return (task or "~", model or "", provider or "", f"{size:09d}")


def _scaled(volume: Volume, factor: Fraction) -> Volume:
    counts = (round(getattr(volume.tokens, count.name) * factor) for count in fields(Tokens))
    return replace(
        volume, tokens=Tokens(*counts), calls=None if volume.calls is None else Fraction(volume.calls * factor)
    )
