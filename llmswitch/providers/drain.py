"""Letting go of a finished stream so that its connection can carry the next call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

DRAIN_S = 0.1


async def drain(stream: AsyncIterator[object]) -> None:
    """Read what is left after the final marker, at most DRAIN_S seconds long."""
    # the answer is complete: a server that breaks or dawdles now costs us a connection and nothing else
    with contextlib.suppress(Exception):
        async with asyncio.timeout(DRAIN_S):
            async for _ in stream:
                pass
