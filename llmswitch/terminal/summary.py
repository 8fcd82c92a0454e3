"""The one line below an answer: task, model, tokens, cost, time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TextIO

from llmswitch.conversation import Usage
from llmswitch.terminal.amounts import duration, money
from llmswitch.terminal.style import DIM, neutral, paint, uses_color, write


def summary_line(
    *,
    task: str,
    model: str,
    usage: Usage | None,
    cost_usd: Decimal | None,
    cost_source: str,
    imputed_usd: Decimal | None,
    total_ms: float,
    failed: Sequence[tuple[str, str]] = (),
    cache: str = "off",
) -> str:
    """`implement → sonnet · 1,204 in · 312 out · $0.0081 · 3.4 s`.

    `cost_source` is one of the ledger's (provider, list, plan, free, estimate, unknown) or `local`; `failed` is (model, why)
    of the attempts before; `cache` is hit, miss or off. A hit says what it saved instead of what it cost.
    """
    if cache == "hit":
        saved = f"saved {money(imputed_usd)}" if imputed_usd else "no call"
        return " · ".join([f"{task} → {model}, from the cache", saved, duration(total_ms)])
    parts = [f"{task} → {model}", *_tokens(usage), _cost(cost_usd, cost_source, imputed_usd), duration(total_ms)]
    if failed:
        parts.append("after " + ", ".join(f"{name}: {why}" for name, why in failed))
    return " · ".join(parts)


def print_summary(stream: TextIO, line: str) -> None:
    """Print `line` on `stream`, dim where it takes colours, in ASCII where it can't carry more."""
    write(stream, paint(neutral(line), DIM if uses_color(stream) else "") + "\n")


def _tokens(usage: Usage | None) -> list[str]:
    if usage is None or (usage.prompt_tokens is None and usage.output_tokens is None):
        return []
    parts = []
    if usage.prompt_tokens is not None:
        cached = f" ({usage.cache_read_tokens:,} cached)" if usage.cache_read_tokens else ""
        parts.append(f"{usage.prompt_tokens:,} in{cached}")
    if usage.output_tokens is not None:
        parts.append(f"{usage.output_tokens:,} out")
    return parts


def _cost(usd: Decimal | None, source: str, imputed: Decimal | None) -> str:
    if source == "plan":
        return f"plan, worth {money(imputed)}" if imputed else "plan"
    if source in ("local", "free"):
        return source
    if usd is None or source == "unknown":
        return "cost unknown"
    return f"about {money(usd)}" if source == "estimate" else money(usd)
