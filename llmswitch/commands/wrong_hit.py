"""`llmswitch wrong --cache`: an answer that should not have been served, or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from llmswitch.commands.cache_opened import opened
from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from llmswitch.cache.opening import OpenedCache
    from llmswitch.ledger.cache_hits import Served
    from llmswitch.profile import Profile


def forget(profile: Profile, dispatch_id: str | None) -> None:
    """Take the entry that answered the dispatch (None: the last one) out of the cache, and teach the guard; of a dispatch
    that a model answered, the entry it left. Raises UsageError where the cache had no part in it."""
    from llmswitch.cache.scope import in_scope
    from llmswitch.ledger import cache_hits
    from llmswitch.ledger.store import Ledger

    with Ledger.open() as ledger, opened(profile) as cache:
        found = cache_hits.served(ledger, dispatch_id)
        if found is None:
            raise UsageError(f"there is no dispatch {dispatch_id!r}" if dispatch_id else "there is no dispatch yet")
        if found.cache == "off":
            raise UsageError(f"the cache had no part in {found.dispatch_id}")
        if found.entry is not None:
            kept = cache.store.get(found.entry) if cache is not None else None
            cache_hits.mark_wrong(ledger, found.dispatch_id, in_scope(kept.scope, kept.prompt_hash) if kept else None)
        removed = cache is not None and _take_out(cache, found)
    said = "forgotten" if removed else "it was not kept any more"
    typer.echo(f"{found.entry or found.dispatch_id}: {said}")


def _take_out(cache: OpenedCache, found: Served) -> bool:
    """Whether there was something to take out. What is to be learnt of a wrong near answer is in the ledger: the next
    answer to the same prompt begins with it."""
    if found.entry is not None:
        return cache.store.remove([found.entry]) > 0
    left = [entry.id for entry in cache.store.entries() if entry.dispatch_id == found.dispatch_id]
    return cache.store.remove(left) > 0
