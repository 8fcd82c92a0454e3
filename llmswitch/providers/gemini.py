"""Gemini, through Google's OpenAI-compatible endpoint.

Why not `google-genai`: the endpoint streams, takes images, tools and JSON Schema, and its errors carry the same details
(quota ids, retry delays), so one SDK less is imported and installed. The one thing it hides is the thoughts:
`completion_tokens` leaves them out, but `total_tokens` counts them, so they are what is left of the total. They are billed
as output and counted as such here. Thought summaries are not asked for: the endpoint mixes them into the answer's text.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from llmswitch.conversation import Usage
from llmswitch.errors import ProviderError, QuotaExhaustedError, RateLimitedError
from llmswitch.providers import rate_headers
from llmswitch.providers.openai_chat import OpenAIChatProvider


class GeminiProvider(OpenAIChatProvider):
    """The adapter of kind `gemini`."""

    url_variable: ClassVar[str] = "GEMINI_BASE_URL"
    default_url: ClassVar[str] = "https://generativelanguage.googleapis.com/v1beta/openai"

    def usage_of(self, raw: Mapping[str, Any]) -> Usage:
        usage = super().usage_of(raw)
        total, prompt, answer = (raw.get(name) for name in ("total_tokens", "prompt_tokens", "completion_tokens"))
        if not (isinstance(total, int) and isinstance(prompt, int) and isinstance(answer, int)):
            return usage
        if total <= prompt + answer:
            return usage
        return dataclasses.replace(usage, output_tokens=total - prompt, reasoning_tokens=total - prompt - answer)

    def refine(self, error: Exception, failure: ProviderError) -> ProviderError:
        if not isinstance(failure, RateLimitedError | QuotaExhaustedError) or failure.status != 429:
            return failure
        details = list(_details(getattr(error, "response", None)))
        message = failure.message
        if any("PerDay" in quota for quota in _quota_ids(details)):
            resets_at = next_pacific_midnight(time.time())
            return QuotaExhaustedError(
                message.replace("rate limited", "the free allowance of the day is used up", 1),
                provider=failure.provider,
                model=failure.model,
                status=429,
                retry_after_s=resets_at - time.time(),
                resets_at=resets_at,
            )
        delays = [rate_headers.duration_s(str(detail.get("retryDelay", ""))) for detail in details]
        delay = next((seconds for seconds in delays if seconds is not None), failure.retry_after_s)
        return RateLimitedError(
            message, provider=failure.provider, model=failure.model, status=429, retry_after_s=delay
        )


def next_pacific_midnight(now: float) -> float:
    """When Google's daily quotas start again, POSIX seconds."""
    try:
        pacific = ZoneInfo("America/Los_Angeles")
    except (
        ZoneInfoNotFoundError
    ):  # no time zone data on this machine: 08:00 UTC is right in winter, an hour late in summer
        today = datetime.fromtimestamp(now, UTC)
        reset = today.replace(hour=8, minute=0, second=0, microsecond=0)
        return (reset if reset > today else reset + timedelta(days=1)).timestamp()
    tomorrow = datetime.fromtimestamp(now, pacific).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=pacific).timestamp()


def _details(response: Any) -> Iterator[Mapping[str, Any]]:
    """`error.details` of the body, which comes as an object or as a list of one."""
    try:
        body = json.loads(response.text)
    except (AttributeError, ValueError):
        return
    error = body[0] if isinstance(body, list) and body else body
    error = error.get("error") if isinstance(error, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    yield from (detail for detail in details or () if isinstance(detail, Mapping))


def _quota_ids(details: list[Mapping[str, Any]]) -> Iterator[str]:
    for detail in details:
        for violation in detail.get("violations") or ():
            yield re.sub(r"\W", "", str(violation.get("quotaId", "")))
