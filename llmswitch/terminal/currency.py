"""Amounts in the currency that somebody reads them in. The ledger keeps US dollars; this is for display alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from llmswitch.terminal.amounts import money

_SIGNS = {"JPY": "¥", "EUR": "€", "GBP": "£", "KRW": "₩", "INR": "₹"}
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "HUF"})
_SMALL = 10
"""Below this amount a currency without cents is shown with two places, others below 1 with four."""


@dataclass(frozen=True, slots=True)
class Currency:
    """`rate` is how much of it one US dollar is."""

    code: str = "USD"
    rate: Decimal = Decimal(1)

    def amount(self, usd: Decimal) -> Decimal:
        """`usd` in this currency, not rounded."""
        return usd * self.rate

    def text(self, usd: Decimal) -> str:
        """Such as `$1.20`, `¥186`, `CHF 1.07`."""
        if self.code == "USD":
            return money(usd)
        amount = self.amount(usd)
        sign, amount = ("-", -amount) if amount < 0 else ("", amount)
        mark = _SIGNS.get(self.code, f"{self.code} ")
        places = self._places(amount)
        smallest = Decimal(1).scaleb(-places)
        if 0 < amount < smallest / 2:
            return f"{sign}<{mark}{smallest}"
        return f"{sign}{mark}{amount:,.{places}f}"

    def _places(self, amount: Decimal) -> int:
        if self.code in _WITHOUT_CENTS:
            return 2 if 0 < amount < _SMALL else 0
        return 4 if 0 < amount < 1 else 2


USD = Currency()
