"""`llmswitch prices update FILE|URL`: another price list from now on, and what that changes for the profile's models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import typer

from llmswitch.commands.prices import dollars
from llmswitch.errors import LlmSwitchError, UsageError
from llmswitch.ledger import price_list, price_source, price_update
from llmswitch.ledger.price_list import Rates
from llmswitch.ledger.prices import rates_of
from llmswitch.profile import Profile

SHIPPED = "shipped"
_LARGEST_BYTES = 64_000_000
_TIMEOUT_S = 30.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BUCKETS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning")


def update(source: str, profile: Profile, now: datetime) -> None:
    """Take in the list from `source`, and print the prices of the profile's models that are others now."""
    before = _rates(profile, now)
    if source == SHIPPED:
        had = price_update.take_back()
        typer.echo(f"{'the shipped list again' if had else 'the shipped list was in use already'}: {_about()}")
    else:
        data, name = _read(source)
        path = price_update.save(price_update.snapshot_of(data, name, now.astimezone().date()))
        typer.echo(f"{path}: {_about()}")
    for line in _changes(before, _rates(profile, now)):
        typer.echo(line)
    typer.echo(
        "calls that are recorded keep their price; `llmswitch ledger reprice` shows what this one makes of them",
        err=True,
    )


def how_to_update() -> str:
    """What to do, where no source was named."""
    return f"""\
Prices in use: {price_list.version()}, taken in on {price_list.made()}. Nothing is downloaded unless you name where from,
so nothing was updated. A newer llmswitch brings newer prices, and any list in the shape that genai-prices publishes can be
taken in:

    llmswitch prices update FILE|URL       such as https://…/genai-prices/main/prices/new_data/v2/data.json
    llmswitch prices update shipped        back to the list that came with llmswitch

What you know better goes into your own configuration, from a day on if you like:

    [models.NAME]
    price = {{ input = 5, output = 25, cache_read = 0.5, cache_write = 6.25, from = 2026-11-01 }}   # dollars for a million tokens

Calls that are recorded already keep their price; `llmswitch ledger reprice` shows what another would make of them."""


def _read(source: str) -> tuple[bytes, str]:
    """The bytes and the name of a file or an address."""
    parts = urlsplit(source)
    if parts.scheme in ("http", "https"):
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise UsageError(
                f"{source}: prices are not taken over a connection that anybody can change", hint="use https"
            )
        return _fetch(source), PurePosixPath(parts.path).name or parts.netloc
    path = Path(source).expanduser()
    try:
        return path.read_bytes(), path.name
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or error}", hint="name a file, or an https address") from error


def _fetch(url: str) -> bytes:
    import httpx

    _refuse_plain(url)
    data = b""
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            _refuse_plain(str(response.url))
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _LARGEST_BYTES:
                    raise LlmSwitchError(f"{url}: more than {_LARGEST_BYTES // 10**6} MB: this is no price list")
    except httpx.HTTPError as error:
        raise LlmSwitchError(f"{url}: {error}; nothing was changed") from error
    return data


def _refuse_plain(url: str) -> None:
    """A redirect may lead there, too."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise UsageError(f"{url}: prices are not taken over a connection that anybody can change", hint="use https")


def _about() -> str:
    models = price_source.size()
    return f"{models:,} models, {price_list.version()}, taken in on {price_list.made()}"


def _rates(profile: Profile, now: datetime) -> dict[str, Rates | None]:
    """What a small call of each model costs now."""
    return {
        name: rates_of(model, profile.providers[model.provider], now, 0)[0] for name, model in profile.models.items()
    }


def _changes(before: Mapping[str, Rates | None], after: Mapping[str, Rates | None]) -> list[str]:
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return ["no price of this profile's models is another one now"]
    lines = []
    for name in changed:
        old, new = before[name], after[name]
        if old is None or new is None:
            lines.append(f"{name}: {'unknown before, known now' if new else 'known before, UNKNOWN now'}")
            continue
        parts = [
            f"{bucket.replace('_', ' ')} {dollars(getattr(old, bucket))} → {dollars(getattr(new, bucket))}"
            for bucket in _BUCKETS
            if getattr(old, bucket) != getattr(new, bucket)
        ]
        lines.append(f"{name}: {', '.join(parts) or 'a price for each call'}")
    return lines
