"""The tables of an outlook: the volumes of one profile; or profiles side by side, and who would answer which task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from llmswitch.commands.cost_table import NOTHING, count
from llmswitch.commands.plan_query import Outlook
from llmswitch.ledger.expected import Expected, Line
from llmswitch.terminal.currency import Currency
from llmswitch.terminal.style import neutral


@dataclass(frozen=True, slots=True)
class Table:
    """The first `names` columns are names, the others numbers; `footer` is a row of sums."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int
    footer: tuple[str, ...] | None = None


def tables(outlook: Outlook) -> list[Table]:
    """One profile: a row for each volume. Several: a row for each, and who would answer which task."""
    if len(outlook.profiles) == 1:
        return [_single(outlook.profiles[0], outlook.currency)]
    found = [_side_by_side(outlook)]
    if any(volume.task for volume in outlook.month.volumes):
        found.append(_routes(outlook))
    return found


def _single(expected: Expected, show: Currency) -> Table:
    tasks = any(line.volume.task for line in expected.lines)
    calls = any(line.volume.calls is not None for line in expected.lines)
    baseline = f"on {expected.baseline_model.rpartition('/')[2]}"
    headings = (*(["task"] if tasks else []), "model", *(["calls"] if calls else []), "in", "out", "cash", "imputed")
    rows = []
    for line in _joined(expected.lines):
        first = [line.volume.task or NOTHING] if tasks else []
        number = [calls_text(line.volume.calls)] if calls else []
        rows.append((*first, model_text(line), *number, *_figures(line, show), _usd(line.baseline, show)))
    footer = ["total", *[""] * (len(headings) - 3), _known(expected, show), _usd(expected.imputed, show)]
    return Table((*headings, baseline), tuple(rows), 1 + tasks, (*footer, _usd(expected.baseline, show)))


def _side_by_side(outlook: Outlook) -> Table:
    show = outlook.currency
    rows = tuple(
        (
            one.profile,
            show.text(one.fixed) if one.fixed else NOTHING,
            _known(one, show),
            show.text(one.total) + (" + ?" if one.unknown else ""),
            _usd(one.imputed, show),
            _usd(one.baseline, show),
            saving_text(one, show),
        )
        for one in outlook.profiles
    )
    models = {one.baseline_model.rpartition("/")[2] for one in outlook.profiles}
    baseline = f"on {models.pop()}" if len(models) == 1 else "baseline"
    return Table(("profile", "fees", "cash", "expected", "imputed", baseline, "saving"), rows, 1)


def _routes(outlook: Outlook) -> Table:
    """Who would answer each task: a column for each profile."""
    columns = [{line.volume.task: line for line in one.lines if line.volume.task} for one in outlook.profiles]
    tasks = dict.fromkeys(volume.task for volume in outlook.month.volumes if volume.task)
    rows = tuple((task or "", *(model_text(column[task]) for column in columns)) for task in tasks)
    return Table(("task", *(one.profile for one in outlook.profiles)), rows, 1 + len(columns))


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Volumes that are apart only by the size of their prompts as one line."""
    groups: dict[tuple[str | None, str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.volume.task, model_text(line), line.source), []).append(line)
    return [_sum(group) for group in groups.values()]


def _sum(lines: Sequence[Line]) -> Line:
    first = lines[0]
    if len(lines) == 1:
        return first
    calls = [line.volume.calls for line in lines if line.volume.calls is not None]
    tokens = first.volume.tokens
    for line in lines[1:]:
        tokens += line.volume.tokens
    volume = replace(first.volume, tokens=tokens, calls=sum(calls, Fraction(0)) if calls else None)
    return Line(
        volume,
        first.model,
        _total(line.cash for line in lines),
        _total(line.imputed for line in lines),
        _total(line.baseline for line in lines),
        first.source,
    )


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [usd for usd in amounts if usd is not None]
    return sum(known, Decimal(0)) if known else None


def model_text(line: Line) -> str:
    """The name of its model."""
    return neutral(line.model.name) if line.model else NOTHING


def _figures(line: Line, show: Currency) -> tuple[str, str, str, str]:
    tokens = line.volume.tokens
    return count(tokens.prompt_tokens), count(tokens.output_tokens), _cash(line, show), _usd(line.imputed, show)


def _cash(line: Line, show: Currency) -> str:
    """In words where nothing is owed; `?` where nobody knows."""
    if line.cash is None:
        return "?"
    if line.source == "plan":
        return "plan"
    if line.source == "free":
        return "local" if line.model and line.model.local else "free"
    return show.text(line.cash)


def _known(expected: Expected, show: Currency) -> str:
    return show.text(expected.cash) + (" + ?" if expected.unknown else "")


def saving_text(expected: Expected, show: Currency) -> str:
    """The saving and its share of the baseline; a loss without a share."""
    if expected.saving is None or not expected.baseline:
        return NOTHING
    if expected.saving < 0:
        return show.text(expected.saving)
    return f"{show.text(expected.saving)} ({expected.saving / expected.baseline:.0%})"


def _usd(amount: Decimal | None, show: Currency) -> str:
    return NOTHING if amount is None else show.text(amount)


def calls_text(calls: Fraction | None) -> str:
    """How many, rounded."""
    return NOTHING if calls is None else f"{round(calls):,}"
