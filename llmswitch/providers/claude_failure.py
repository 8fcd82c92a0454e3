"""From what `claude` says went wrong to one ProviderError. Pure.

A failed run ends with `result` with `is_error`: its text is written for a person, `api_error_status` is the HTTP status
where there was one, `terminal_reason` sometimes says more, and the message before it carries an `error` kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmswitch import errors
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.redaction import excerpt

LOGIN = "run `claude` and type /login, or `claude setup-token`"

_LOGIN = re.compile(r"/login|not logged in|invalid api key|failed to authenticate|oauth|authentication", re.IGNORECASE)
_LIMIT = re.compile(
    r"usage limit reached|hit your .{0,40}limit|reached your .{0,40}limit|limit reached|out of (?:usage |extra )?credits"
    r"|credit balance is too low|(?:extra usage|usage credits) (?:is|are) required",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"connection (?:error|to the api was lost)|unable to connect|could not connect|E(?:CONN|HOST|NET|NOTFOUND|TIMEDOUT|PIPE)"
    r"|fetch failed|socket|FailedToOpenSocket|timed? ?out|stream idle",
    re.IGNORECASE,
)
_GARBLED = re.compile(r"empty or malformed response|unexpected (?:token|end of)|failed to parse", re.IGNORECASE)
_EPOCH = re.compile(r"\|(\d{10})\b")
_KINDS = {
    "rate_limit": "rate_limit_error",
    "overloaded": "overloaded_error",
    "server_error": "api_error",
    "invalid_request": "invalid_request_error",
    "model_not_found": "not_found_error",
}
"""The kinds of `assistant.error` in the API's own words, for those that have one."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is known: the `text`, the HTTP `status`, the `kind` of the message, the `reason` why the run ended, and of the
    plan's windows whether one is `rejected` and when it `resets_at` (POSIX seconds)."""

    text: str
    status: int | None = None
    kind: str = ""
    reason: str = ""
    rejected: bool = False
    resets_at: float | None = None


def complaint(result: Mapping[str, Any], kind: str, *, rejected: bool, resets_at: float | None) -> Complaint:
    """The complaint of a `result` event."""
    said = result.get("result")
    if not isinstance(said, str) or not said:
        listed = result.get("errors")
        said = "; ".join(map(str, listed)) if isinstance(listed, list) else ""
    status = result.get("api_error_status")
    return Complaint(
        text=said or str(result.get("subtype") or ""),
        status=status if isinstance(status, int) else None,
        kind=kind,
        reason=str(result.get("terminal_reason") or ""),
        rejected=rejected,
        resets_at=resets_at,
    )


def failure(said: Complaint, site: CallSite) -> errors.ProviderError:
    """The error to raise. What waiting can't cure is asked first."""
    who: dict[str, Any] = {"provider": site.provider, "model": site.model, "status": said.status}
    message = f"{site.provider}, {site.model}: {excerpt(said.text)}"
    if said.reason == "prompt_too_long" or "prompt is too long" in said.text.lower():
        return errors.ContextTooLongError(message, **who)
    if said.rejected or said.kind == "billing_error" or said.status == 402 or _LIMIT.search(said.text):
        epoch = _EPOCH.search(said.text)
        resets_at = float(epoch.group(1)) if epoch else said.resets_at
        return errors.QuotaExhaustedError(message, **who, resets_at=resets_at)
    if said.kind in ("authentication_failed", "oauth_org_not_allowed") or said.status in (401, 403):
        return errors.AuthenticationError(message, **who, hint=LOGIN)
    if said.status is None and said.kind in ("", "unknown", "server_error"):
        if _LOGIN.search(said.text):
            return errors.AuthenticationError(message, **who, hint=LOGIN)
        if _NETWORK.search(said.text):
            return errors.NetworkError(message, **who)
        if _GARBLED.search(said.text):
            return errors.ProtocolError(message, **who)
        if said.reason not in ("", "completed"):
            return errors.ProtocolError(f"{message} ({said.reason})", **who)
    return site.wire(said.status, {"error": {"message": said.text, "type": _KINDS.get(said.kind, "")}}, {})


def from_stderr(said: str, site: CallSite) -> errors.ProviderError | None:
    """The error for a program that ended without a result, where its last words name a cause."""
    if not said or not any(known.search(said) for known in (_LIMIT, _LOGIN, _NETWORK)):
        return None
    return failure(Complaint(said.splitlines()[-1]), site)


def bills_the_api(source: str, site: CallSite) -> errors.AuthenticationError:
    """The error for a program that would use an API key (`source` says whose) where the plan was meant."""
    return errors.AuthenticationError(
        f"{site.provider}, {site.model}: `claude` would bill an API key ({excerpt(source, limit=60)}), not the plan",
        provider=site.provider,
        model=site.model,
        hint=f"{LOGIN}, with the subscription's account; or leave `plan` out of the model",
    )
