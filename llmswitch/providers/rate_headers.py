"""What rate-limit headers say: when a retry makes sense, and how full each window is.

Anthropic: `anthropic-ratelimit-unified-{5h,7d}-{utilization,reset,status}` for a plan (reset in POSIX seconds) and
`anthropic-ratelimit-{requests,tokens,…}-{limit,remaining,reset}` for an API key (reset as RFC 3339). OpenAI and those
who copy it: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` (reset as a duration such as `6m0s` or `20ms`).
Everybody, sometimes: `retry-after` in seconds or as an HTTP date. Header names are compared in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from llmswitch.conversation import QuotaReport

Headers = Mapping[str, str]
Status = Literal["allowed", "warning", "rejected"]

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_TRY_AGAIN = re.compile(
    r"(?:try again|retry|available)\s+(?:in|after)\s+(?:about\s+)?"
    r"((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|seconds?|minutes?|hours?|days?|s|m|h|d)\b\s*|\d+(?:\.\d+)?[smhd](?=\d))+)",
    re.IGNORECASE,
)
_LONG_UNIT = re.compile(r"(milliseconds?|seconds?|minutes?|hours?|days?)", re.IGNORECASE)
_WINDOW = re.compile(r"^anthropic-ratelimit-unified-((\d+)([mhd])\w*)-utilization$")
_KEY_WINDOW = re.compile(r"^anthropic-ratelimit-([a-z-]+)-limit$")
_YEAR_2001 = 1_000_000_000


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers with lower-case names, as every function here expects them."""
    return {name.lower(): value.strip() for name, value in headers.items()}


def duration_s(text: str) -> float | None:
    """`1m30.5s`, `20ms`, `6s` or plain seconds, in seconds; None for anything else."""
    text = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(text))


def instant(text: str) -> float | None:
    """RFC 3339, an HTTP date, or POSIX seconds or milliseconds, as POSIX seconds; None for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        value = float(text)
        value = value / 1000 if value > 1e11 else value
        return value if value > _YEAR_2001 else None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def retry_after_s(headers: Headers, message: str, now: float) -> float | None:
    """Seconds from `now` (POSIX) until the provider wants to be asked again, never negative; None if it did not say.

    The explicit `retry-after` wins, then the sentence "try again in 20s", then the latest reset of an emptied window.
    """
    if (ms := headers.get("retry-after-ms")) and re.fullmatch(r"\d+(\.\d+)?", ms):
        return float(ms) / 1000
    if after := headers.get("retry-after"):
        if (seconds := duration_s(after)) is not None:
            return seconds
        if (moment := instant(after)) is not None:
            return max(0.0, moment - now)
    if said := _TRY_AGAIN.search(message):
        return _spoken_s(said.group(1))
    resets = [moment for moment in _emptied(headers, now) if moment is not None]
    return max(0.0, max(resets) - now) if resets else None


def _spoken_s(text: str) -> float | None:
    """`2 minutes 5 seconds` or `1m2.5s`, in seconds."""
    short = _LONG_UNIT.sub(lambda unit: "ms" if unit.group(1).lower().startswith("milli") else unit.group(1)[0], text)
    return duration_s(re.sub(r"\s+", "", short.lower()))


def _emptied(headers: Headers, now: float) -> Iterator[float | None]:
    """When each window that is used up starts again."""
    for report in quota_reports(headers, now):
        if report.status == "rejected":
            yield report.resets_at
    if headers.get("x-ratelimit-remaining") == "0":
        yield _reset_at(headers.get("x-ratelimit-reset", ""), now)


def _reset_at(text: str, now: float) -> float | None:
    if (moment := instant(text)) is not None:
        return moment
    seconds = duration_s(text)
    return None if seconds is None else now + seconds


def quota_reports(headers: Headers, now: float) -> list[QuotaReport]:
    """Every window the headers tell of; empty if they tell of none."""
    return [*_plan_windows(headers), *_key_windows(headers), *_openai_windows(headers, now)]


def reports_of(error: BaseException, now: float) -> list[QuotaReport]:
    """The windows in the headers of the response that an SDK's exception holds; a refusal says most about them."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    return quota_reports(lower(headers), now) if headers is not None else []


def plan_rejected(headers: Headers) -> bool:
    """Whether a plan's window is used up. On a 429 this tells a plan limit from a passing one."""
    return headers.get("anthropic-ratelimit-unified-status") == "rejected"


def plan_resets_at(headers: Headers) -> float | None:
    """When the plan's binding window starts again, POSIX seconds."""
    return instant(headers.get("anthropic-ratelimit-unified-reset", ""))


def _plan_windows(headers: Headers) -> Iterator[QuotaReport]:
    for name, value in headers.items():
        if not (match := _WINDOW.match(name)):
            continue
        window, count, unit = match.groups()
        used = _number(value)
        stem = f"anthropic-ratelimit-unified-{window}"
        said = headers.get(f"{stem}-status", "")
        yield QuotaReport(
            window=window,
            status=_status(said, used),
            utilization=None if used is None else min(1.0, max(0.0, used)),
            resets_at=instant(headers.get(f"{stem}-reset", "")),
            minutes=int(int(count) * _UNIT_S[unit] / 60),
        )


def _status(said: str, used: float | None) -> Status:
    if said == "rejected" or (not said and used is not None and used >= 1.0):
        return "rejected"
    return "warning" if "warning" in said else "allowed"


def _key_windows(headers: Headers) -> Iterator[QuotaReport]:
    for name, value in headers.items():
        if (match := _KEY_WINDOW.match(name)) and not match.group(1).startswith("unified"):
            stem = f"anthropic-ratelimit-{match.group(1)}"
            resets_at = instant(headers.get(f"{stem}-reset", ""))
            yield _counted(match.group(1), value, headers.get(f"{stem}-remaining"), resets_at)


def _openai_windows(headers: Headers, now: float) -> Iterator[QuotaReport]:
    for kind in ("requests", "tokens"):
        if limit := headers.get(f"x-ratelimit-limit-{kind}"):
            resets_at = _reset_at(headers.get(f"x-ratelimit-reset-{kind}", ""), now)
            yield _counted(kind, limit, headers.get(f"x-ratelimit-remaining-{kind}"), resets_at)


def _counted(window: str, limit: str, remaining: str | None, resets_at: float | None) -> QuotaReport:
    total, left = _number(limit), _number(remaining or "")
    utilization = None if not total or left is None else min(1.0, max(0.0, 1 - left / total))
    return QuotaReport(
        window=window, status="rejected" if left == 0 else "allowed", utilization=utilization, resets_at=resets_at
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
