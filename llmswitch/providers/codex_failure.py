"""From what `codex exec` says went wrong to one ProviderError. Pure but for the local time zone.

It gives one sentence for a person, in which an HTTP status or an error code may be found. Times are the local clock's:
"try again at 12:22 PM." today, "try again at Nov 24th, 2026 12:22 PM." later; older versions said "in 3 days 4 hours".
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

from llmswitch import errors
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.rate_headers import retry_after_s
from llmswitch.providers.redaction import excerpt

LOGIN = "run `codex login`"

_LIMIT = re.compile(
    r"hit your .{0,60}limit|usage.?limit|out of credits|credit limit|spend(?:ing)? (?:cap|limit)|quota exceeded"
    r"|check your plan and billing|upgrade to (?:plus|pro)",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"not logged in|codex login|sign in again|log ?out and sign in|refresh token|token (?:has )?expired|missing bearer"
    r"|unauthorized",
    re.IGNORECASE,
)
_UNREACHED = re.compile(
    r"connection failed|error sending request|lookup address|dns error|connection refused|timed out waiting for headers",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"stream disconnected|transport error|stream closed|idle timeout|connection reset|connection closed|network error",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(r"model .{0,80}(?:is )?not supported|requires a newer version of codex", re.IGNORECASE)
_BUSY = re.compile(r"high demand|at capacity|overloaded|server_error|internal server error", re.IGNORECASE)
_STATUS = re.compile(r"(?:unexpected status|last status:?)\s+(\d{3})")
_AT = re.compile(
    r"try again at\s+(?:([A-Z][a-z]{2}) (\d{1,2})(?:st|nd|rd|th)?, (\d{4})\s+)?(\d{1,2}):(\d{2})\s*([AP]M)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def failure(text: str, site: CallSite, now: float | None = None) -> errors.ProviderError:
    """The error to raise for the sentence `text`; `now` is POSIX seconds, the present if left out."""
    now = time.time() if now is None else now
    match = _STATUS.search(text)
    status = int(match.group(1)) if match else None
    who: dict[str, Any] = {"provider": site.provider, "model": site.model, "status": status}
    message = f"{site.provider}, {site.model}: {excerpt(text)}"
    if "context window" in text.lower() or "context_length_exceeded" in text:
        return errors.ContextTooLongError(message, **who)
    if _LIMIT.search(text):
        return errors.QuotaExhaustedError(message, **who, resets_at=resets_at(text, now))
    if status in (401, 403) or (status is None and _LOGIN.search(text)):
        return errors.AuthenticationError(message, **who, hint=LOGIN)
    if _UNSUPPORTED.search(text):
        return errors.NotFoundError(message, **who)
    if "rate limit" in text.lower() and status is None:
        return errors.RateLimitedError(message, **who, retry_after_s=retry_after_s({}, text, now))
    if status is None and "content_filter" not in text and not _BUSY.search(text):
        if _UNREACHED.search(text):
            return errors.NetworkError(message, **who, phase="connect")
        if _BROKEN.search(text):
            return errors.NetworkError(message, **who)
    return site.wire(status, {"error": {"message": text}}, {})


def resets_at(text: str, now: float) -> float | None:
    """When the window starts again, POSIX seconds. The clock names a minute: the end of it is meant."""
    if (after := retry_after_s({}, text, now)) is not None:
        return now + after
    if (match := _AT.search(text)) is None:
        return None
    month, day, year, hour, minute, half = match.groups()
    today = datetime.fromtimestamp(now).astimezone()
    moment = today.replace(tzinfo=None, second=0, microsecond=0)
    try:
        if month:
            moment = moment.replace(int(year), _MONTHS.index(month.lower()) + 1, int(day))
        moment = moment.replace(hour=int(hour) % 12 + (12 if half.upper() == "PM" else 0), minute=int(minute))
    except ValueError:
        return None
    moment = moment.astimezone()  # the offset of that day, not of today
    if not month and moment + timedelta(minutes=1) < today:
        moment = (moment.replace(tzinfo=None) + timedelta(days=1)).astimezone()
    return moment.timestamp() + 60


def from_stderr(said: str, site: CallSite) -> errors.ProviderError | None:
    """The error for a program that ended without a result, where its last words name a cause."""
    if not said or not any(known.search(said) for known in (_LIMIT, _LOGIN, _UNREACHED)):
        return None
    return failure(said.splitlines()[-1], site)


def require_plan_login(status: int | None, said: str, site: CallSite) -> None:
    """Raise AuthenticationError where `codex login status` ended with another status than 0, or names an API key."""
    problem = None
    if status is None:
        problem = "`codex login status` does not answer"
    elif status:
        problem = f"`codex` is not logged in ({excerpt(said.splitlines()[-1] if said else '', limit=80)})"
    elif "api key" in said.lower():
        problem = "`codex` is logged in with an API key, which would be billed, not the plan"
    if problem is not None:
        raise errors.AuthenticationError(
            f"{site.provider}, {site.model}: {problem}",
            provider=site.provider,
            model=site.model,
            hint=f"{LOGIN} with the subscription's account",
        )
