"""The most that a call can cost, before it is made.

The prompt counts with MARGIN over our own estimate of its tokens, as fresh input or as a cache write, whichever is
dearer; the answer with the most tokens it may have, at the dearer of the output and the reasoning price. Prices rise
with the prompt's size, so the largest size has the dearest tier; they may change while the call runs, so both ends of
its time are looked at. A call that a budget watches always says how long its answer may be (`bounded`): without that
there is no worst case.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Request, Usage
from llmswitch.ledger.prices import cost_of, is_free
from llmswitch.tokens import estimate_request, estimate_text

MARGIN = 1.3
"""What the real count of a prompt's tokens may be of our estimate."""
OUTPUT_TOKENS = 16_384
"""The longest answer where neither the request nor the profile's `max_output` says; the Anthropic adapter's own default."""
OUTPUT_TOKENS_OF = {"openai-chat": 8_192}
"""The same by adapter: servers of any make are behind this one, and some refuse a larger number."""
OWN_PROMPT_TOKENS = {"claude-code": 25_000, "codex": 25_000}
"""What a vendor's own client adds to a prompt: its instructions and tools."""


def costs_nothing(model: Model) -> bool:
    """Whether no cash can be owed: a plan covers it, it runs here, or it is given away."""
    return model.plan is not None or is_free(model)


def bounded(request: Request, model: Model, provider: ProviderSettings) -> Request:
    """`request` with the longest answer it may have of `model`."""
    largest = request.max_output_tokens or model.max_output or OUTPUT_TOKENS_OF.get(provider.kind, OUTPUT_TOKENS)
    return replace(request, max_output_tokens=min(largest, model.max_output or largest))


def worst_case(request: Request, model: Model, provider: ProviderSettings, at: datetime) -> Decimal | None:
    """US dollars a call of `model` begun at `at` can cost in cash at most: 0 where nothing can be owed, None where the
    price is not known."""
    if costs_nothing(model):
        return Decimal(0)
    prompt = math.ceil(_prompt_tokens(request) * MARGIN) + OWN_PROMPT_TOKENS.get(provider.kind, 0)
    output = bounded(request, model, provider).max_output_tokens or 0
    ends = (at, at + timedelta(seconds=provider.timeouts.total_s))
    costs = [cost_of(usage, model, provider, end).usd for usage in _shapes(prompt, output) for end in ends]
    known = [cost for cost in costs if cost is not None]
    return max(known) if len(known) == len(costs) else None


def _prompt_tokens(request: Request) -> int:
    schema = json.dumps(dict(request.schema)) if request.schema else ""
    return estimate_request(request) + estimate_text(schema)


def _shapes(prompt: int, output: int) -> Iterator[Usage]:
    for reasoning in (0, output):
        yield Usage(input_tokens=prompt, output_tokens=output, reasoning_tokens=reasoning)
        yield Usage(input_tokens=0, cache_write_5m_tokens=prompt, output_tokens=output, reasoning_tokens=reasoning)
