"""What the budget says about the calls of one dispatch: asked for each candidate beforehand, and again, for good, inside
the transaction that opens its attempt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from llmswitch.catalog import Model
from llmswitch.conversation import Request
from llmswitch.engine.fallback import OverBudget
from llmswitch.engine.purse import Purse, fitted
from llmswitch.engine.worst_case import bounded, costs_nothing, worst_case
from llmswitch.errors import BudgetError
from llmswitch.ledger import budget
from llmswitch.ledger.budget import Limit, State, dollars
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile

FREE_ONLY = 'on_exceed = "free-only" in [budget], which goes on with what costs nothing'
ALLOW = "--allow-unknown-price lets it through; a `price` in its [models] entry makes it known"


class NoRoomError(BudgetError):
    """The budget had no room for the call when its attempt was to be opened."""

    def __init__(self, over: OverBudget) -> None:
        super().__init__(over.why, hint=over.hint)
        self.over = over


@dataclass(frozen=True, slots=True)
class Entry:
    """One call as the budget sees it. `reserve` is the most it can cost, None where nothing is reserved; `request` is
    what to send, its answer no longer than was reckoned with. `admit` is for `Ledger.begin_attempt`; it raises
    NoRoomError, and gives `warn` what the person should know."""

    reserve: Decimal | None
    request: Request
    admit: Callable[[sqlite3.Connection, int], None] | None


@dataclass(frozen=True, slots=True)
class Spending:
    """The limits that may bind a dispatch, which sends `request` for a `project` and a `task`."""

    profile: Profile
    limits: tuple[Limit, ...]
    request: Request
    project: str | None
    task: str
    allow_unknown_price: bool = False
    purse: Purse | None = None

    def foreseen(self, ledger: Ledger, at: datetime) -> Callable[[Model], OverBudget | None]:
        """Why the budget keeps a model out, as far as it is clear at `at`."""
        seen: dict[tuple[str, ...], State] = {}

        def over(model: Model) -> OverBudget | None:
            if isinstance(dear := self._within_purse(model, at), OverBudget):
                return dear
            binding = self._binding(model)
            if not binding:
                return None
            with ledger.reading() as connection:
                for limit in binding:
                    if limit.path not in seen:
                        seen[limit.path] = budget.state(connection, limit, at)
            return self._refusal(model, [seen[limit.path] for limit in binding], self._worst(model, at))

        return over

    def entry(self, model: Model, at: datetime, warn: Callable[[str], None]) -> Entry:
        """The call of `model` that begins at `at`. Raises NoRoomError where `--max-cost` leaves too little."""
        request = self._within_purse(model, at)
        if isinstance(request, OverBudget):
            raise NoRoomError(request)
        binding = self._binding(model)
        if not binding and self.purse is None:
            return Entry(None, request, None)
        worst = worst_case(request, model, self.profile.providers[model.provider], at)
        if not binding:
            return Entry(worst, request, None)

        def admit(connection: sqlite3.Connection, started_us: int) -> None:
            started = datetime.fromtimestamp(started_us / 1e6, UTC)
            states = [budget.state(connection, limit, started) for limit in binding]
            if over := self._refusal(model, states, worst):
                raise NoRoomError(over)
            if told := _warning(model, states, worst):
                warn(told)

        enforced = any(limit.on_exceed != "warn" for limit in binding)
        if enforced:
            request = bounded(request, model, self.profile.providers[model.provider])
        return Entry(worst, request, admit)

    def _within_purse(self, model: Model, at: datetime) -> Request | OverBudget:
        """The request, with an answer no longer than `--max-cost` pays for, or why it pays for none."""
        if self.purse is None or costs_nothing(model):
            return self.request
        fit = fitted(self.request, model, self.profile.providers[model.provider], at, self.purse.left)
        if isinstance(fit, Request):
            return fit
        if fit is None:
            if self.allow_unknown_price:
                return self.request
            return OverBudget(model.name, "its price is not known, so --max-cost can't be kept", ALLOW)
        left = dollars(max(self.purse.left, Decimal(0)))
        return OverBudget(
            model.name,
            f"even a short answer could cost {dollars(fit)}, and --max-cost leaves {left}",
            "what would help: a cheaper or a local model (-m), a shorter prompt, or a higher --max-cost",
        )

    def _binding(self, model: Model) -> list[Limit]:
        if costs_nothing(model):
            return []
        return [limit for limit in self.limits if limit.binds(model, self.project, self.task)]

    def _worst(self, model: Model, at: datetime) -> Decimal | None:
        return worst_case(self.request, model, self.profile.providers[model.provider], at)

    def _refusal(self, model: Model, states: Sequence[State], worst: Decimal | None) -> OverBudget | None:
        enforced = [state for state in states if state.limit.on_exceed != "warn"]
        if worst is None and enforced and not self.allow_unknown_price:
            return OverBudget(model.name, f"its price is not known, so {enforced[0].limit.text} can't be kept", ALLOW)
        full = [state for state in enforced if not (state.left if worst is None else state.has_room(worst))]
        if not full:
            return None
        tightest = min(full, key=lambda state: state.left)
        blocks = any(state.limit.on_exceed == "block" for state in full)
        price = "its price is not known" if worst is None else f"it could cost {dollars(worst)}"
        return OverBudget(model.name, f"{price}, and {_account(tightest)}", self._advice(full, blocks), blocks)

    def _advice(self, full: Sequence[State], blocks: bool) -> str:
        ways = ["a cheaper or a local model (-m)", "a shorter answer (--max-tokens)"]
        ways += [f"a higher {' and '.join(self._place(state.limit) for state in full)}"]
        ways += [FREE_ONLY] if blocks else []
        return f"what would help: {', '.join(ways[:-1])}, or {ways[-1]}"

    def _place(self, limit: Limit) -> str:
        origin = self.profile.origins.get(limit.path)
        return ".".join(limit.path) + (f" ({origin})" if origin else "")


def spending(
    profile: Profile,
    request: Request,
    project: str | None,
    task: str,
    *,
    allow_unknown_price: bool = False,
    purse: Purse | None = None,
) -> Spending:
    """What the budget of `profile`, and the purse, say about a dispatch."""
    limits = budget.limits(profile.settings["budget"], profile.model)
    return Spending(profile, limits, request, project, task, allow_unknown_price, purse)


def _account(state: State) -> str:
    """What is left of a limit, where the rest went, and when it begins anew."""
    resets = state.resets_at.astimezone()
    return (
        f"{dollars(state.left)} of {state.limit.text} is left ({dollars(state.used)} used, "
        f"{dollars(state.reserved)} reserved), until it begins anew on {resets:%a} {resets.day} {resets:%b %H:%M}"
    )


def _warning(model: Model, states: Sequence[State], worst: Decimal | None) -> str | None:
    """What the person should know of a call that is made although a limit that warns has no room for it."""
    warned = [state for state in states if state.limit.on_exceed == "warn"]
    if worst is None:
        if not warned:
            return None
        return f"budget: the price of {model.name} is not known, so {warned[0].limit.text} does not see it"
    full = [state for state in warned if not state.has_room(worst)]
    if not full:
        return None
    return f"budget: {model.name} could cost {dollars(worst)}, and {_account(min(full, key=lambda state: state.left))}"
