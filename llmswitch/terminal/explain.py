"""`ask --explain`: the task, who said so, and every candidate with the reason why it is taken or skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TextIO

from llmswitch.terminal.amounts import age, duration, money
from llmswitch.terminal.style import BOLD, DIM, neutral, paint, uses_color
from llmswitch.terminal.tables import render_table


class Opinion(Protocol):
    """One classifier's view, as `llmswitch.classify.label.Opinion` has it."""

    @property
    def by(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def ms(self) -> float: ...
    @property
    def note(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Considered:
    """One candidate. `why` it is here; `skipped` says why it can't be tried, None if it can. `cost_usd` is the estimate,
    None if unknown; `cost_source` one of the ledger's or `local`; `imputed_usd` what a plan's call is worth. `context` in
    tokens."""

    name: str
    provider: str
    model_id: str
    tier: int
    why: str
    skipped: str | None = None
    cost_usd: Decimal | None = None
    cost_source: str = "unknown"
    imputed_usd: Decimal | None = None
    context: int | None = None


@dataclass(frozen=True, slots=True)
class FromCache:
    """What the answer cache would do: `outcome` hit, miss or off, and why. `neighbour` is the nearest prompt that was looked
    at, `score` its cosine, `age_s` its answer's age, `model` who gave that."""

    outcome: str
    reason: str
    neighbour: str | None = None
    score: float | None = None
    age_s: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `ask` would do. The first candidate that is not skipped is the one it would call, unless the `cache` has an
    answer. Costs are estimated for `prompt_tokens` in and `output_tokens` out."""

    task: str
    confidence: float
    difficulty: str
    mode: str
    opinions: Sequence[Opinion]
    candidates: Sequence[Considered]
    prompt_tokens: int
    profile: str
    output_tokens: int | None = None
    cache: FromCache | None = None

    @property
    def chosen(self) -> int | None:
        """The number of the candidate that would be called, None if there is none."""
        return next((n for n, one in enumerate(self.candidates) if one.skipped is None), None)


LONGEST_NEIGHBOUR = 200
"""Characters of a kept prompt that are shown."""
_HEADERS = ("", "model", "provider", "id", "tier", "context", "est. cost", "why")
_RIGHT = (4, 5, 6)
_DIM = (2, 3)
_FLEXIBLE = (3, 7)
_MODES = {"flag": "as asked for", "size": "by its size", "model": "by the model"}


def render_explanation(explanation: Explanation, stream: TextIO) -> str:
    """The explanation as lines for `stream`; the chosen candidate is marked with an arrow."""
    colored = uses_color(stream)
    chosen = explanation.chosen
    text = "".join(_fact(name, value, colored) for name, value in _facts(explanation)) + "\n"
    rows = [_row(one, number == chosen) for number, one in enumerate(explanation.candidates)]
    if rows:
        text += render_table(_HEADERS, rows, stream=stream, right=_RIGHT, dim=_DIM, flexible=_FLEXIBLE, strong=chosen)
    if chosen is None:
        text += "\nno candidate can be tried\n"
    return text


def _facts(explanation: Explanation) -> list[tuple[str, str]]:
    sure = "" if explanation.mode in ("flag", "size") else f", confidence {explanation.confidence:.2f}"
    facts = [("task", f"{explanation.task}{sure} ({_MODES.get(explanation.mode, explanation.mode)})")]
    facts += [("", _heard(one)) for one in explanation.opinions]
    facts.append(("difficulty", explanation.difficulty))
    answer = f", an answer of {explanation.output_tokens:,} assumed" if explanation.output_tokens else ""
    facts.append(("prompt", f"about {explanation.prompt_tokens:,} tokens{answer}"))
    facts.append(("profile", explanation.profile))
    return facts + (_cache(explanation.cache) if explanation.cache else [])


def _cache(cache: FromCache) -> list[tuple[str, str]]:
    outcome = {"hit": "answered from it", "miss": "asked in vain", "off": "no part in it"}[cache.outcome]
    facts = [("cache", f"{outcome}: {cache.reason}")]
    if cache.neighbour is not None:
        score = "" if cache.score is None else f", score {cache.score:.3f}"
        source = "" if cache.age_s is None else f" ({cache.model}, {age(cache.age_s)} old{score})"
        facts.append(("", f"nearest: {' '.join(cache.neighbour.split())[:LONGEST_NEIGHBOUR]}{source}"))
    return facts


def _heard(opinion: Opinion) -> str:
    note = f" · {opinion.note}" if opinion.note else ""
    return f"{opinion.by}: {opinion.task} {opinion.confidence:.2f} · {duration(opinion.ms)}{note}"


def _fact(name: str, value: str, colored: bool) -> str:
    style = (BOLD if name == "task" else "" if name else DIM) if colored else ""
    return paint(f"{name:<10}", DIM if colored and name else "") + "  " + paint(neutral(value), style) + "\n"


def _row(one: Considered, chosen: bool) -> list[str]:
    mark = "→" if chosen else "–" if one.skipped else ""
    why = f"skipped: {one.skipped} ({one.why})" if one.skipped else one.why
    context = "" if one.context is None else f"{one.context:,}"
    return [mark, one.name, one.provider, one.model_id, str(one.tier), context, _cost(one), why]


def _cost(one: Considered) -> str:
    if one.cost_source in ("local", "free", "plan"):
        return one.cost_source
    return "?" if one.cost_usd is None else money(one.cost_usd)
