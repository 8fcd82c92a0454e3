"""The Ollama SDK's exceptions, translated once. It has two of its own and lets `httpx` speak for the rest."""

from __future__ import annotations

import re

import ollama

from llmswitch.errors import NetworkError, NotFoundError, ProviderError
from llmswitch.providers.call_site import CallSite

WIRE = (ollama.ResponseError,)
"""By status and text; -1 is an error inside a stream."""
CALLER = (ollama.RequestError,)
"""A request without a model: ours always has one."""
_MISSING = re.compile(r"model\b.*\bnot found|pull (?:it|the model)|try pulling it", re.IGNORECASE)


def translate(error: Exception, site: CallSite) -> ProviderError | None:
    """Our error for one of the SDK's, and for its connection errors, which say what to do."""
    if isinstance(error, WIRE):
        status = error.status_code if error.status_code >= 400 else None
        if status == 404 or (status is None and _MISSING.search(error.error)):
            return NotFoundError(
                f"{site.provider}: the model {site.model!r} is not installed at {site.url}",
                provider=site.provider,
                model=site.model,
                status=status,
                hint=f"ollama pull {site.model}",
            )
        return site.wire(status, {"error": error.error}, {})
    if isinstance(error, CALLER):
        return site.protocol(f"the SDK refused the request ({type(error).__name__})")
    if isinstance(error, ConnectionError) or type(error).__name__ == "ConnectError":
        return NetworkError(
            f"Ollama is not running at {site.url}",
            provider=site.provider,
            model=site.model,
            phase="connect",
            hint="ollama serve",
        )
    return None
