"""From what a provider says went wrong to one `ProviderError`, for every protocol alike. Pure: no I/O, no SDK.

A failure arrives as an HTTP status with a body, or as an error inside a stream that began with 200. The order of the
questions matters: what can't be cured by waiting (too long, no credit, declined) is asked before the status is believed,
since vendors disagree about which status says it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmswitch import errors
from llmswitch.providers import rate_headers
from llmswitch.providers.redaction import excerpt


@dataclass(frozen=True, slots=True)
class WireFailure:
    """`status` is None for an error inside a stream; `code` and `kind` are the vendor's own words, lower case;
    `headers` have lower-case names; `body` is the decoded body, for vendors who hide more in it."""

    status: int | None
    message: str
    code: str = ""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def effective_status(self) -> int | None:
        """The status that is meant: a code such as 502 inside a 200 stream counts."""
        if self.status is not None and self.status >= 400:
            return self.status
        return int(self.code) if re.fullmatch(r"[45]\d\d", self.code) else None


_TOO_LONG = re.compile(
    r"prompt is too long|context_length_exceeded|maximum context length|exceeds? the available context size"
    r"|exceed_context_size|context window|context limit|input is too long|too many input tokens|input token count"
    r"|request_too_large|request (?:is )?too large|reduce the length of the (?:messages|prompt|input)"
    r"|prompt exceeds|exceeds the model'?s? (?:maximum )?context|longer than the (?:model'?s? )?(?:maximum )?context",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient[ _](?:credit|balance|funds)|exceeded your current quota|credit balance is too low"
    r"|billing_(?:error|hard_limit|not_active)|usage_limit_reached|usage_not_included|payment required|out of credits"
    r"|requires more credits|never purchased credits|per-day",
    re.IGNORECASE,
)
_DECLINED = re.compile(
    r"content_policy|content_filter|content management policy|prohibited_content|data_inspection_failed|image_content"
    r"|bio_policy|misalignment_policy|safety system|flagged|moderation",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|not_found_error|not a valid model|model .{0,120}(?:not found|does not exist|is not available)"
    r"|no endpoints found|unknown model",
    re.IGNORECASE,
)
_KIND: dict[str, type[errors.ProviderError]] = {
    "rate_limit_error": errors.RateLimitedError,
    "rate_limit_exceeded": errors.RateLimitedError,
    "resource_exhausted": errors.RateLimitedError,
    "too_many_requests": errors.RateLimitedError,
    "overloaded_error": errors.OverloadedError,
    "overloaded": errors.OverloadedError,
    "api_error": errors.OverloadedError,
    "server_error": errors.OverloadedError,
    "internal_server_error": errors.OverloadedError,
    "service_unavailable": errors.OverloadedError,
    "unavailable": errors.OverloadedError,
    "timeout_error": errors.OverloadedError,
    "vector_store_timeout": errors.OverloadedError,
    "authentication_error": errors.AuthenticationError,
    "permission_error": errors.AuthenticationError,
    "invalid_api_key": errors.AuthenticationError,
    "billing_error": errors.QuotaExhaustedError,
    "not_found_error": errors.NotFoundError,
    "invalid_request_error": errors.BadRequestError,
    "invalid_argument": errors.BadRequestError,
    "invalid_prompt": errors.RefusedError,
}
_STATUS: dict[int, type[errors.ProviderError]] = {
    401: errors.AuthenticationError,
    402: errors.QuotaExhaustedError,
    403: errors.AuthenticationError,
    404: errors.NotFoundError,
    405: errors.NotFoundError,
    408: errors.OverloadedError,
    409: errors.OverloadedError,
    410: errors.NotFoundError,
    413: errors.ContextTooLongError,
    425: errors.OverloadedError,
    429: errors.RateLimitedError,
    451: errors.RefusedError,
    499: errors.OverloadedError,
}
_WHAT: dict[type[errors.ProviderError], str] = {
    errors.RateLimitedError: "rate limited",
    errors.OverloadedError: "overloaded or broken on its side",
    errors.QuotaExhaustedError: "the quota or credit is used up",
    errors.AuthenticationError: "the key was refused",
    errors.NotFoundError: "the model or URL does not exist there",
    errors.ContextTooLongError: "the prompt is too long for this model",
    errors.RefusedError: "the provider declined the content",
    errors.BadRequestError: "the request was refused as malformed",
    errors.ProtocolError: "the answer is not what the protocol says",
}


def wire_failure(status: int | None, body: object, headers: Mapping[str, str]) -> WireFailure:
    """Read a body of any of the shapes in use: `{"error": {…}}`, `{"error": "…"}`, `[{"error": {…}}]`, `{"detail": …}`,
    the bare error object, text."""
    if isinstance(body, str):
        body = _decoded(body)
    error: object = body[0] if isinstance(body, list) and body else body
    if isinstance(error, Mapping):
        error = error.get("error") or error.get("detail") or error
    if isinstance(error, Mapping):
        message = error.get("message") or error.get("msg") or json.dumps(dict(error), default=str)
        kind = str(error.get("type") or error.get("status") or "")
        code = str(error.get("code") or "")
        message = f"{message} {_upstream_said(error)}".rstrip()
    else:
        message, kind, code = _plain(error), "", ""
    return WireFailure(status, message, code.lower(), kind.lower(), rate_headers.lower(headers), body)


def _decoded(body: str) -> object:
    try:
        decoded: object = json.loads(body)
    except ValueError:
        return body
    return decoded


def _plain(error: object) -> str:
    text = "" if error is None else str(error)
    return (
        "an HTML page instead of an answer" if re.match(r"\s*<(?:!doctype|html|\?xml)", text, re.IGNORECASE) else text
    )


def _upstream_said(error: Mapping[str, Any]) -> str:
    """OpenRouter's `metadata.raw`: what the provider behind it said; its own message is only "Provider returned error"."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return f"({raw})" if isinstance(raw, str) and raw else ""


def failure_class(wire: WireFailure) -> type[errors.ProviderError]:
    """Which of our errors it is."""
    status = wire.effective_status
    words = f"{wire.code} {wire.kind} {wire.message}"
    if (status is None or status in (400, 402, 413, 422, 429, 500)) and _TOO_LONG.search(words):
        return errors.ContextTooLongError
    if status in (None, 400, 402, 403, 429) and _NO_CREDIT.search(words):
        return errors.QuotaExhaustedError
    if status == 429 and rate_headers.plan_rejected(wire.headers):
        return errors.QuotaExhaustedError
    if status in (None, 400, 403, 422) and _DECLINED.search(words):
        return errors.RefusedError
    if status in (None, 400, 422) and _NO_MODEL.search(words):
        return errors.NotFoundError
    if status is not None:
        by_number = errors.OverloadedError if status >= 500 else errors.BadRequestError
        return _STATUS.get(status, by_number)
    return _KIND.get(wire.code) or _KIND.get(wire.kind) or errors.OverloadedError


def provider_error(
    wire: WireFailure, *, provider: str, model: str, now: float, secret: str | None = None
) -> errors.ProviderError:
    """The error to raise. `secret` is the key in use, so that it can be cut out of the vendor's message; `now` is POSIX
    seconds. A failure inside a stream whose kind nobody knows counts as an overload: the other side broke."""
    kind = failure_class(wire)
    status = wire.effective_status
    said = excerpt(wire.message, secret)
    number = f" (HTTP {status})" if status else ""
    waits = kind in (errors.RateLimitedError, errors.OverloadedError, errors.QuotaExhaustedError)
    resets_at = None
    if kind is errors.QuotaExhaustedError:
        resets_at = rate_headers.plan_resets_at(wire.headers) or _hidden_reset(wire.body)
    return kind(
        f"{provider}, {model}: {_WHAT[kind]}{number}" + (f": {said}" if said else ""),
        provider=provider,
        model=model,
        status=status,
        retry_after_s=rate_headers.retry_after_s(wire.headers, wire.message, now) if waits else None,
        resets_at=resets_at,
    )


def _hidden_reset(body: object) -> float | None:
    """OpenRouter's daily limit: the reset is in headers inside the body."""
    try:
        hidden = body["error"]["metadata"]["headers"]["X-RateLimit-Reset"]  # type: ignore[index]  # any shape may come
    except (TypeError, KeyError, IndexError):
        return None
    return rate_headers.instant(str(hidden))
