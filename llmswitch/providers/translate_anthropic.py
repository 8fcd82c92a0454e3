"""The Anthropic SDK's exceptions, translated once."""

from __future__ import annotations

import anthropic

from llmswitch.errors import ProviderError
from llmswitch.providers.call_site import CallSite

WIRE = (anthropic.APIStatusError,)
"""By status and body; an error event inside a stream is one of these with the stream's own status, 200."""
TRANSPORT = (anthropic.APIConnectionError,)
"""By their cause; `APITimeoutError` is one of these."""
UNUSED = frozenset({"APIResponseValidationError", "APIWebhookValidationError"})
"""Of validation that is not switched on; a `ProtocolError` should one come, as for the SDK's exceptions beside `APIError`
(credential files, web sockets, tools of its own). By name: not every version of the SDK has them."""


def translate(error: Exception, site: CallSite) -> ProviderError | None:
    """Our error for one of the SDK's; None for an exception that is not the SDK's own."""
    if isinstance(error, WIRE):
        status = error.status_code if error.status_code >= 400 else None
        body = error.body if error.body is not None else error.message
        return site.wire(status, body, dict(error.response.headers))
    if isinstance(error, TRANSPORT):
        return site.transport(error)
    if isinstance(error, anthropic.AnthropicError):
        return site.protocol(f"the SDK gave up ({type(error).__name__})")
    return None
