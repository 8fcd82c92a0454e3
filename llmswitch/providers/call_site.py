"""One call as its errors describe it, and the one place where foreign exceptions become ours.

An SDK's own exceptions are read by the adapter's `translate_*` module; what it does not know is asked of the transport,
then of the shapes a garbled answer takes. Causes are cut off (`from None`): SDK exceptions hold requests with keys in them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmswitch.errors import NetworkError, ProtocolError, ProviderError
from llmswitch.providers.transport_failure import transport_failure
from llmswitch.providers.wire_failure import provider_error, wire_failure

_GARBLED = (ValueError, TypeError, AttributeError, KeyError, IndexError)
"""What decoding raises on bytes that are not JSON, not UTF-8 or not of the expected shape."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Who is called: the profile's provider name, the provider's model id, the base URL, the key in use."""

    provider: str
    model: str
    url: str
    secret: str | None = field(default=None, repr=False)

    def wire(self, status: int | None, body: object, headers: Mapping[str, str]) -> ProviderError:
        """The error for an HTTP status with a body, or for an error object inside a stream (status None)."""
        wire = wire_failure(status, body, headers)
        return provider_error(wire, provider=self.provider, model=self.model, now=time.time(), secret=self.secret)

    def transport(self, error: BaseException) -> ProviderError | None:
        """The error for a connection that failed; None where `error` is no such thing."""
        return transport_failure(error, provider=self.provider, model=self.model, url=self.url, secret=self.secret)

    def ended_early(self) -> NetworkError:
        """The error for a stream without its final marker: something closed it politely in mid-answer."""
        return NetworkError(
            f"{self.provider}, {self.model}: the answer ended early", provider=self.provider, model=self.model
        )

    def protocol(self, what: str) -> ProtocolError:
        """The error for an answer that is not what the protocol says."""
        return ProtocolError(f"{self.provider}, {self.model}: {what}", provider=self.provider, model=self.model)


Translate = Callable[[Exception, CallSite], ProviderError | None]


@contextmanager
def translated(site: CallSite, sdk: Translate) -> Iterator[None]:
    """Run the body; every failure of the SDK, the transport or the decoding leaves as one `ProviderError`."""
    try:
        yield
    except ProviderError:
        raise
    except Exception as error:
        failure = sdk(error, site) or site.transport(error)
        if failure is None and isinstance(error, _GARBLED):
            failure = site.protocol(f"the answer is not what the protocol says ({type(error).__name__})")
        if failure is None:
            raise
        raise failure from None


class HttpResponse(Protocol):
    """As much of the HTTP libraries' response as is needed here."""

    @property
    def headers(self) -> Any: ...

    async def aread(self) -> bytes: ...


async def require_event_stream(response: HttpResponse, site: CallSite) -> None:
    """Raise where a 200 answer is a page or a plain JSON object: an error that forgot its status, or another server."""
    kind = str(response.headers.get("content-type", "")).lower()
    if "html" not in kind and "json" not in kind:
        return
    wire = wire_failure(None, (await response.aread()).decode("utf-8", "replace"), {})
    if wire.code or wire.kind:
        raise site.wire(None, wire.body, dict(response.headers))
    raise site.protocol(f"expected an event stream, got {kind.partition(';')[0]} from {site.url}")
