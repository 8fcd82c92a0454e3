"""Chat Completions' usage object, in disjoint buckets.

`prompt_tokens` includes what was read from and written to the prompt cache. Reasoning is inside `completion_tokens` for
OpenAI; some who copy the format (xAI, Gemini) leave it out, which shows in `total_tokens`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmswitch.conversation import Usage


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """None in every bucket the server did not name."""
    prompt, output, total = (_count(raw.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    inside = _table(raw.get("prompt_tokens_details"))
    read = _count(inside.get("cached_tokens"))
    if read is None:
        read = _count(raw.get("prompt_cache_hit_tokens"))  # DeepSeek's own name
    written = _count(inside.get("cache_write_tokens"))
    reasoning = _count(_table(raw.get("completion_tokens_details")).get("reasoning_tokens"))
    output = _with_reasoning(prompt, output, total, reasoning)
    return Usage(
        input_tokens=None if prompt is None else max(0, prompt - (read or 0) - (written or 0)),
        cache_read_tokens=read,
        cache_write_5m_tokens=written,
        output_tokens=output,
        reasoning_tokens=reasoning,
    )


def _with_reasoning(prompt: int | None, output: int | None, total: int | None, reasoning: int | None) -> int | None:
    """`output` with the reasoning that the server counts beside it."""
    if prompt is None or output is None or total is None or not reasoning:
        return output
    return output + reasoning if prompt + output + reasoning == total else output


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
