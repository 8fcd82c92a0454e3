"""From a broken connection to one `ProviderError`, whichever HTTP library the SDK is built on.

The SDKs use `httpx` or its successor `httpx2`, which have the same exception tree; it is matched by name so that neither
has to be imported here. SDK exceptions wrap the real one: the cause is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmswitch.errors import AuthenticationError, NetworkError, ProtocolError, ProviderError, TimeoutExceededError
from llmswitch.providers.redaction import excerpt

_TIMEOUT_PHASE: dict[str, str] = {
    "ConnectTimeout": "connect",
    "PoolTimeout": "connect",
    "ReadTimeout": "idle",
    "WriteTimeout": "total",
}
_PROTOCOL = frozenset({"DecodingError", "TooManyRedirects"})
_ADDRESS = frozenset({"UnsupportedProtocol", "InvalidURL"})
_LIBRARIES = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "anyio"})


def transport_failure(
    error: BaseException, *, provider: str, model: str, url: str, secret: str | None = None
) -> ProviderError | None:
    """The error to raise, or None where `error` and its causes have nothing to do with the transport."""
    for cause in _causes(error):
        names = _names(cause)
        if phase := next((_TIMEOUT_PHASE[name] for name in names if name in _TIMEOUT_PHASE), None):
            what = "no connection was made in time" if phase == "connect" else "nothing arrived in time"
            return TimeoutExceededError(
                f"{provider}, {model}: {what} ({url})", provider=provider, model=model, phase=phase
            )
        if "LocalProtocolError" in names:  # its message quotes the header, which may be the key
            what = "a header can't be sent: does the key have a line break or a character beyond ASCII in it?"
            return AuthenticationError(f"{provider}, {model}: {what}", provider=provider, model=model)
        said = excerpt(str(cause), secret, 120) or type(cause).__name__
        if any(name in _PROTOCOL for name in names):
            return ProtocolError(f"{provider}, {model}: {said} ({url})", provider=provider, model=model)
        if any(name in _ADDRESS for name in names):
            what = f"{url!r} is not a usable base URL ({said})"
            return NetworkError(f"{provider}, {model}: {what}", provider=provider, model=model)
        if "ConnectError" in names or isinstance(cause, ConnectionRefusedError):
            what = f"could not connect to {url} ({said})"
            return NetworkError(f"{provider}, {model}: {what}", provider=provider, model=model, phase="connect")
        if names or isinstance(cause, OSError):
            what = f"the connection broke ({said})"
            return NetworkError(f"{provider}, {model}: {what}", provider=provider, model=model)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, the outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def _names(error: BaseException) -> list[str]:
    """The class names of `error`, most specific first, as far as they belong to a transport library."""
    return [cls.__name__ for cls in type(error).__mro__ if cls.__module__.partition(".")[0] in _LIBRARIES]
