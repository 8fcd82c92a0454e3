"""Figures of a report: tokens, calls and the dollars that are never added together."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal

from llmswitch.conversation import Usage


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums of what is known, in disjoint buckets; reasoning is a part of output."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def cache_write_tokens(self) -> int:
        """Both cache write buckets together."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """Everything that went in."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    def as_usage(self) -> Usage:
        """The same buckets, to be priced."""
        return Usage(*(getattr(self, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls (attempts), tokens and US dollars. The counts say how the calls were paid: in cash, by a plan, not at all
    because they ran locally or were free, or unknown. `cash`, `imputed` and `baseline` are sums of what is known.
    `incomplete` calls ended without a whole answer (failed, cancelled, partial, lost); their cash is a part of `cash`."""

    calls: int = 0
    failed_calls: int = 0
    paid_calls: int = 0
    plan_calls: int = 0
    local_calls: int = 0
    free_calls: int = 0
    unknown_cost_calls: int = 0
    imputed_calls: int = 0
    incomplete_calls: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cash: Decimal = Decimal(0)
    imputed: Decimal = Decimal(0)
    baseline: Decimal = Decimal(0)
    incomplete_cash: Decimal = Decimal(0)

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def cash_usd(self) -> Decimal | None:
        """Cash owed; None where nothing but unknown costs was seen."""
        known = self.calls == 0 or self.calls > self.unknown_cost_calls
        return self.cash if known else None

    @property
    def imputed_usd(self) -> Decimal | None:
        """Imputed cost; None where there is no such figure for any call."""
        return self.imputed if self.imputed_calls else None


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a trend, in US dollars."""

    calls: int = 0
    cash: Decimal = Decimal(0)
    imputed: Decimal = Decimal(0)
