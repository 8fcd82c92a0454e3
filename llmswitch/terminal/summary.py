"""The one line below an answer: task, model, tokens, cost, time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TextIO

from llmswitch.conversation import Usage
from llmswitch.terminal.amounts import age, duration, money
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
) -> str:
    """`implement → sonnet · 1,204 in · 312 out · $0.0081 · 3.4 s`.

    `cost_source` is one of the ledger's (provider, list, plan, free, estimate, unknown) or `local`; `failed` is (model, why)
    of the attempts before.
    """
    parts = [f"{task} → {model}", *_tokens(usage), _cost(cost_usd, cost_source, imputed_usd), duration(total_ms)]
    if failed:
        parts.append("after " + ", ".join(f"{name}: {why}" for name, why in failed))
    return " · ".join(parts)


def hit_line(
    *,
    task: str,
    model: str,
    age_s: float,
    score: float | None,
    saved_usd: Decimal | None,
    saved_imputed_usd: Decimal | None,
    saved_ms: float | None,
    total_ms: float,
) -> str:
    """`implement → sonnet, from the cache · 3 min old, score 0.962 · saved $0.0081 and 3.4 s · 12 ms`.

    `model` once gave the answer; `score` is the cosine of the two prompts, None where they are the same; what was saved is
    what that call had cost (None: not known; imputed, where it cost nothing) and taken.
    """
    likeness = "the same prompt" if score is None else f"score {score:.3f}"
    saved = [money(saved_usd)] if saved_usd else [f"a worth of {money(saved_imputed_usd)}"] if saved_imputed_usd else []
    saved += [duration(saved_ms)] if saved_ms is not None else []
    parts = [f"{task} → {model}, from the cache", f"{age(age_s)} old, {likeness}"]
    parts += [f"saved {' and '.join(saved)}"] if saved else []
    return " · ".join([*parts, duration(total_ms)])


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
