"""What a profile names: models, the providers behind them, plans. Plain data: `profile/` reads it, `providers/` obey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; `first_token` from the request to the first event with content, `idle` between two events."""

    connect_s: float = 10.0
    first_token_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How to reach one provider. `kind` names the adapter in `providers/registry.py`. A key comes from the first of:
    the variable `api_key_env`, the output of the command `api_key_cmd`. `options` are the adapter's own."""

    name: str
    kind: str
    base_url: str | None = None
    base_url_env: str | None = None
    api_key_env: str | None = None
    api_key_cmd: str | None = None
    key_required: bool = True
    price_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, as decimal strings, where the user knows better than the price list; `request` for
    each call. It holds from the UTC day `since` on (None: always), for prompts of more than `above` tokens. `reasoning`
    None: as other output."""

    input: str
    output: str
    cache_read: str | None = None
    cache_write: str | None = None
    cache_write_1h: str | None = None
    reasoning: str | None = None
    request: str | None = None
    since: date | None = None
    above: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """An entry of a profile. `model` is the provider's id; `tier` 0 is the strongest; `context` and `max_output` are
    tokens; `plan` names the subscription that covers the calls; `local` means that no money can be owed."""

    name: str
    provider: str
    model: str
    tier: int = 2
    context: int = 128_000
    max_output: int | None = None
    images: bool = False
    plan: str | None = None
    free: bool = False
    local: bool = False
    price: tuple[Price, ...] = ()
    note: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A paid subscription: `fee_usd` a month as a decimal string. `reserve` (0..1) of each window is kept for the tasks
    in `reserved_for`."""

    name: str
    fee_usd: str
    reserve: float = 0.0
    reserved_for: tuple[str, ...] = ()
