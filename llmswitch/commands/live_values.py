"""What a shell offers at Tab: the models, tasks, profiles, sessions, templates and providers that are there right now.

A value that can't be had (a broken profile, a locked ledger) is no reason to say anything in the middle of a command line:
then nothing is offered, and the command itself will tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import typer

from llmswitch.errors import LlmSwitchError

Pairs = Iterable[tuple[str, str]]
"""A value, and a word about it."""


def _offered(values: Callable[[typer.Context], Pairs]) -> Callable[[typer.Context, str], list[tuple[str, str]]]:
    """Those of `values` that begin with what was typed so far."""

    def offer(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        try:
            return [(value, word) for value, word in values(ctx) if value.startswith(incomplete)]
        except (LlmSwitchError, OSError):
            return []

    offer.__doc__ = values.__doc__
    return offer


@_offered
def models(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Every model of the profile that the command line names so far, or of the active one."""
    from llmswitch.profile import load_profile

    for model in load_profile(_profile_said(ctx)).models.values():
        yield model.name, f"{model.provider} {model.model}"


@_offered
def tasks(_: typer.Context) -> Pairs:
    """Every task."""
    from llmswitch.tasks import MEANING

    return MEANING.items()


@_offered
def profiles(_: typer.Context) -> Iterator[tuple[str, str]]:
    """The user's own profiles, then the shipped ones."""
    from llmswitch.profile import layers

    for name in dict.fromkeys([*layers.user_names(), *layers.shipped_names()]):
        yield name, str(layers.read(layers.find(name), "shipped").data.get("description", ""))


@_offered
def sessions(_: typer.Context) -> Iterator[tuple[str, str]]:
    """Sessions that are kept, the newest first."""
    from llmswitch.ledger import history, place
    from llmswitch.ledger.store import Ledger

    if not place.exists():
        return
    with Ledger.open() as ledger:
        for overview in history.overviews(ledger):
            yield overview.session.name, overview.session.project or ""


@_offered
def templates(_: typer.Context) -> Iterator[tuple[str, str]]:
    """The user's own, then the shipped ones."""
    from llmswitch import template

    for name in template.names():
        yield name, template.load(name).description


@_offered
def keyed_providers(ctx: typer.Context) -> Iterator[tuple[str, str]]:
    """Providers that take a key."""
    from llmswitch.profile import load_profile

    for name, settings in load_profile(_profile_said(ctx)).providers.items():
        if settings.key_required or settings.api_key_env:
            yield name, settings.api_key_env or ""


def _profile_said(ctx: typer.Context) -> str | None:
    """The -P of the command line so far: the verb's own, else the one before the verb."""
    for context in (ctx, *([ctx.parent] if ctx.parent else [])):
        if said := context.params.get("profile"):
            return str(said)
    return None
