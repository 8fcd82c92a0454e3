"""What one call of the program may spend (`--max-cost`), over all its attempts, repairs and second opinions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Request
from llmswitch.engine.worst_case import bounded, worst_case

SHORTEST_ANSWER_TOKENS = 256
"""An answer is made shorter to fit, but not shorter than this: then another model is the better way."""


@dataclass(slots=True)
class Purse:
    """US dollars. `held` is the worst case of calls that are under way."""

    cap: Decimal
    spent: Decimal = Decimal(0)
    held: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What a further call may cost at most."""
        return self.cap - self.spent - self.held

    def hold(self, worst: Decimal | None) -> None:
        """A call begins."""
        self.held += worst or 0

    def settle(self, worst: Decimal | None, cost: Decimal | None) -> None:
        """The call ended; where nobody knows what it cost, it counts with its worst case."""
        self.held -= worst or 0
        self.spent += cost if cost is not None else (worst or 0)


def fitted(
    request: Request, model: Model, provider: ProviderSettings, at: datetime, left: Decimal
) -> Request | Decimal | None:
    """`request` with the longest answer for which the call can't cost more than `left`; the least that the call can cost
    where even the shortest answer is too dear; None where the price is not known."""
    longest = bounded(request, model, provider)
    most = longest.max_output_tokens or 0
    least = min(SHORTEST_ANSWER_TOKENS, most)

    def worst(tokens: int) -> Decimal | None:
        return worst_case(replace(longest, max_output_tokens=tokens), model, provider, at)

    dearest, cheapest = worst(most), worst(least)
    if dearest is None or cheapest is None:
        return None
    if dearest <= left:
        return longest
    if cheapest > left:
        return cheapest
    while most - least > 1:
        middle = (least + most) // 2
        cost = worst(middle)
        if cost is not None and cost <= left:
            least = middle
        else:
            most = middle
    return replace(longest, max_output_tokens=least)
