"""The OpenAI SDK's exceptions, translated once, for every protocol spoken through it."""

from __future__ import annotations

import openai

from llmswitch.errors import ProviderError
from llmswitch.providers.call_site import CallSite

WIRE = (openai.APIStatusError,)
"""By status and body."""
TRANSPORT = (openai.APIConnectionError,)
"""By their cause; `APITimeoutError` is one of these."""
UNUSED = frozenset({"APIResponseValidationError"})
"""Of validation that is not switched on; a `ProtocolError` should one come, as for the SDK's exceptions beside `APIError`
(credential files, web sockets, tools of its own). By name: not every version of the SDK has them."""


def translate(error: Exception, site: CallSite) -> ProviderError | None:
    """Our error for one of the SDK's; None for an exception that is not the SDK's own."""
    if isinstance(error, WIRE):
        # the SDK keeps only the inner error object; Gemini and OpenRouter hide more in the body around it
        return site.wire(error.status_code, error.response.text, dict(error.response.headers))
    if isinstance(error, TRANSPORT):
        return site.transport(error)
    if type(error) is openai.APIError:  # an error object inside a stream
        body = error.body if error.body is not None else error.message
        return site.wire(None, {"error": body}, {})
    if isinstance(error, openai.OpenAIError):
        return site.protocol(f"the SDK gave up ({type(error).__name__})")
    return None
