"""`llmswitch cache stats`: how often the cache serves, what that saved, how often it was wrong, and what is kept."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.cache_opened import folder_or_url, opened
from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

if TYPE_CHECKING:
    from llmswitch.cache.base import Entry, Observation, StoreStats
    from llmswitch.ledger.cache_hits import Use

Z = 1.645
"""Standard deviations above which 5 % of a normal distribution lie."""


@dataclass(slots=True)
class Kept:
    """What is kept of one task: how many answers, and the bytes that were said."""

    entries: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Learnt:
    """What is known of serving a near prompt's answer, from comparing it with what a model said, or from `wrong --cache`."""

    right: int = 0
    wrong: int = 0

    def add(self, observations: Iterable[Observation]) -> None:
        """Count these."""
        for one in observations:
            self.right += one.right
            self.wrong += not one.right


@dataclass(slots=True)
class Contents:
    """The store: its size, and its entries by task. `why_off` says why the profile does not use it."""

    where: str
    store: StoreStats | None = None
    tasks: dict[str, Kept] = field(default_factory=dict)
    learnt: Learnt = field(default_factory=Learnt)
    why_off: str | None = None


def stats(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="Hits of the last N days.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Tell how often the cache serves, what it saved, how often it was wrong, and what is kept."""
    from datetime import UTC, datetime, timedelta

    from llmswitch.engine.cached import why_off
    from llmswitch.ledger.cache_hits import use
    from llmswitch.ledger.store import Ledger

    loaded = profile_of(ctx, profile, no_project=no_project)
    contents = Contents(folder_or_url(loaded), why_off=why_off(loaded))
    with opened(loaded) as cache:
        if cache is not None:
            _count(contents, cache.store.entries(), cache.store.observations)
            contents.store = cache.store.stats()
    with Ledger.open() as ledger, ledger.reading() as connection:
        used = use(connection, datetime.now(UTC) - timedelta(days=days))
    if as_json:
        typer.echo(json.dumps(_object(used, contents, days)))
        return
    for name, text in _lines(used, contents, days):
        typer.echo(f"{name:<9} {text}")
    _print_tasks(contents.tasks)


def at_most(wrong: int, of: int) -> float | None:
    """The share of wrong ones that `wrong` out of `of` speak for at most, with 95 % confidence (Wilson's bound)."""
    if not of:
        return None
    share = wrong / of
    middle = share + Z * Z / (2 * of)
    spread = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return min(1.0, (middle + spread) / (1 + Z * Z / of))


def _count(contents: Contents, entries: Iterable[Entry], observations: Any) -> None:
    from llmswitch.commands.cache import size_of

    for entry in entries:
        kept = contents.tasks.setdefault(entry.task, Kept())
        kept.entries += 1
        kept.bytes += size_of(entry)
        contents.learnt.add(observations(entry.id))


def _lines(used: Use, contents: Contents, days: int) -> Sequence[tuple[str, str]]:
    from llmswitch.terminal.amounts import duration, megabytes, money

    asked = used.hits + used.misses
    rate = f"{used.hits / asked:.0%} of {asked:,} prompts" if asked else "nothing was asked"
    saved = [money(used.saved.cash)] if used.saved.known else []
    saved += [f"a worth of {money(used.saved.imputed)} on plans and this machine"] if used.saved.imputed else []
    saved += [duration(used.saved.ms)] if used.saved.ms else []
    unknown = used.hits - used.saved.known
    more = f"; {unknown:,} hits of answers whose cost is not known" if unknown else ""
    lines = [("cache", contents.where + (f" (off: {contents.why_off})" if contents.why_off else ""))]
    lines.append(("hits", f"{rate} in {days} days: {used.exact:,} exact, {used.semantic:,} semantic"))
    lines.append(("saved", (", ".join(saved) or "nothing yet") + more))
    lines.append(("wrong", _wrong(used)))
    if told := _learnt(contents.learnt):
        lines.append(("learnt", told))
    store = contents.store
    lines.append(
        (
            "kept",
            f"{store.entries:,} answer{'s' * (store.entries != 1)}, {megabytes(store.bytes)}" if store else "nothing",
        )
    )
    return lines


def _wrong(used: Use) -> str:
    bound = at_most(used.wrong_semantic, used.semantic)
    if bound is None:
        return f"{used.wrong:,} said to be wrong; no semantic hit yet to tell a rate from"
    return (
        f"{used.wrong:,} said to be wrong (`llmswitch wrong --cache`); if every wrong semantic hit was said so, "
        f"at most {bound:.1%} of them are"
    )


def _learnt(learnt: Learnt) -> str | None:
    total = learnt.right + learnt.wrong
    bound = at_most(learnt.wrong, total)
    if bound is None:
        return None
    return f"{total:,} near prompts judged: {learnt.right:,} right, {learnt.wrong:,} wrong (at most {bound:.1%} wrong)"


def _print_tasks(tasks: Mapping[str, Kept]) -> None:
    from llmswitch.terminal.amounts import megabytes
    from llmswitch.terminal.tables import render_table

    if tasks:
        rows = [
            (task, f"{kept.entries:,}", megabytes(kept.bytes))
            for task, kept in sorted(tasks.items(), key=lambda item: -item[1].bytes)
        ]
        sys.stdout.write("\n" + render_table(("task", "answers", "text"), rows, stream=sys.stdout, right=(1, 2)))


def _object(used: Use, contents: Contents, days: int) -> dict[str, Any]:
    asked = used.hits + used.misses
    store = contents.store
    return {
        "where": contents.where,
        "off": contents.why_off,
        "days": days,
        "asked": asked,
        "hits": used.hits,
        "exact": used.exact,
        "semantic": used.semantic,
        "misses": used.misses,
        "hit_rate": round(used.hits / asked, 4) if asked else None,
        "saved_usd": f"{used.saved.cash:f}",
        "saved_imputed_usd": f"{used.saved.imputed:f}",
        "saved_ms": used.saved.ms,
        "hits_of_unknown_cost": used.hits - used.saved.known,
        "said_wrong": used.wrong,
        "semantic_wrong_at_most": at_most(used.wrong_semantic, used.semantic),
        "learnt": {"right": contents.learnt.right, "wrong": contents.learnt.wrong},
        "entries": store.entries if store else 0,
        "bytes": store.bytes if store else 0,
        "tasks": {task: {"entries": kept.entries, "bytes": kept.bytes} for task, kept in contents.tasks.items()},
    }
