"""From a label to candidates: the route's models, then the chain's, each with the reason why it can't be tried, if any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from llmswitch.catalog import Model
from llmswitch.engine.fallback import Candidate, OverBudget
from llmswitch.errors import Failure
from llmswitch.ledger.prices import is_free
from llmswitch.profile import Profile
from llmswitch.providers.base import missing_key

UNFIT = ("it does not read images", "the prompt (about")
"""How the reasons begin that lie in the prompt, not in what is set up here."""
OUTPUT_ROOM = 1_024
"""Tokens a window must have left for the answer."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """A cool-down that is still running, of one model or (`model` None) a whole provider."""

    provider: str
    model: str | None
    failure: Failure
    resumes_at: float
    official: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """What the request asks of a model: its estimated size in tokens, and whether it shows images."""

    tokens: int
    images: bool = False


def named(profile: Profile, task: str, difficulty: str | None, model: str | None) -> list[tuple[str, str]]:
    """(model name, why it is here) in the order of trying, each name once. A model that was asked for stands alone. Where
    `[escalate]` is on, a prompt of one of its difficulties goes to the weak tiers only when nothing stronger is left."""
    if model is not None:
        return [(model, "asked for")]
    escalate = profile.settings["escalate"]
    names = [(name, f"route of {task}") for name in profile.route(task).models(difficulty)]
    if escalate["enabled"]:
        names += [(name, "escalation") for name in escalate["to"]]
    names += [(name, "fallback chain") for name in profile.chain]
    first: dict[str, str] = {}
    for name, why in names:
        first.setdefault(name, why)
    if escalate["enabled"] and difficulty in escalate["difficulty"]:
        weak = {name for name in first if profile.models[name].tier >= escalate["from_tier"]}
        late = {name: f"{first[name]}, last: the prompt looks {difficulty}" for name in first if name in weak}
        first = {name: why for name, why in first.items() if name not in weak} | late
    return list(first.items())


def candidates(
    profile: Profile,
    wanted: Iterable[tuple[str, str]],
    needs: Needs,
    *,
    missing: Callable[[Model], str | None],
    resolved: Callable[[Model], Model] = lambda model: model,
    cooling: Iterable[Cooling] = (),
    barred: Mapping[str, str] | None = None,
    over_budget: Callable[[Model], OverBudget | None] = lambda _: None,
) -> list[Candidate]:
    """The candidates for `wanted`. `missing(model)` says why an adapter can't serve it now; `resolved(model)` is the
    one it will call; `barred` maps a model's name to the reason why a plan's reserve keeps it out; `over_budget` says
    why the budget does. What was asked for by name is tried in spite of a cool-down, but not of the budget."""
    held = list(cooling)
    result = []
    for name, why in wanted:
        model = profile.model(name)
        skipped = _unfit(model, needs) or (barred or {}).get(name) or missing(model)
        cool = None if why == "asked for" else _cooling_of(model, held)
        called = resolved(model) if skipped is None else model
        result.append(
            Candidate(
                called,
                why,
                skipped,
                cool.failure if cool else None,
                cool.resumes_at if cool else None,
                cool.official if cool else False,
                lacks_key=missing_key(profile.providers[model.provider]) is not None,
                over_budget=over_budget(called) if skipped is None else None,
                is_free=called.plan is not None or is_free(called),
            )
        )
    return result


def _unfit(model: Model, needs: Needs) -> str | None:
    if needs.images and not model.images:
        return "it does not read images"
    if needs.tokens + OUTPUT_ROOM > model.context:
        return f"the prompt (about {needs.tokens:,} tokens) does not fit its window of {model.context:,}"
    return None


def _cooling_of(model: Model, held: Iterable[Cooling]) -> Cooling | None:
    mine = [cool for cool in held if cool.provider == model.provider and cool.model in (None, model.name)]
    return max(mine, key=lambda cool: cool.resumes_at, default=None)
