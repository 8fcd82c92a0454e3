"""Keys: keep the providers' keys in the OS keyring (or a private file), never in a profile, a flag or the shell's history."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands import live_values
from llmswitch.commands.options import profile_of
from llmswitch.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from llmswitch.catalog import ProviderSettings

ProviderArgument = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="A provider's name.", autocompletion=live_values.keyed_providers)
]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)
    group.command("set", help="Keep a provider's key: asked for without echo, or read from a pipe.")(set_key)
    group.command("list", help="Say for each provider where its key comes from; never the key itself.")(list_keys)
    group.command("remove", help="Forget a provider's key.")(remove)
    app.add_typer(group, name="key")


def set_key(ctx: typer.Context, provider: ProviderArgument) -> None:
    """`op read op://vault/anthropic/key | llmswitch key set anthropic`."""
    from llmswitch.providers import key_store

    settings = _keyed(ctx, provider)
    key = _given_key(provider)
    kept = key_store.keep(provider, key)
    if kept.place == "keyring":
        _say(f"the key of {provider} is in the keyring")
    else:
        _say(f"{kept.why_file}: the key of {provider} is in {key_store.path()}, readable by you alone, not encrypted")
    if (first := _earlier_source(settings)) is not None:
        _say(f"{first} comes first as long as it is set")


def list_keys(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Where each key comes from."""
    from llmswitch.terminal.tables import render_table

    profile = profile_of(ctx)
    rows = [
        {"provider": name, "source": _source(settings)}
        for name, settings in sorted(profile.providers.items())
        if _may_have_key(settings)
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = [(str(row["provider"]), str(row["source"] or "no key")) for row in rows]
    sys.stdout.write(render_table(("provider", "key from"), table, stream=sys.stdout))


def remove(ctx: typer.Context, provider: ProviderArgument) -> int:
    """Exit 1 where there was none."""
    from llmswitch.providers import key_store

    if provider not in key_store.providers():
        _keyed(ctx, provider)  # a typo is told as one
    if not key_store.remove(provider):
        _say(f"no key of {provider} was kept")
        return int(ExitCode.FAILED)
    _say(f"the key of {provider} is forgotten")
    return int(ExitCode.OK)


def _keyed(ctx: typer.Context, provider: str) -> ProviderSettings:
    """The provider's settings. Raises UsageError for one that is not known or takes no key."""
    from llmswitch.profile.validate import nearest

    known = profile_of(ctx).providers
    if provider not in known:
        raise UsageError(f"{provider!r} is no provider of this profile{nearest(provider, known)}")
    if not _may_have_key(known[provider]):
        raise UsageError(
            f"{provider!r} takes no key",
            hint=f"for a server of yours that does: [providers.{provider}] api_key_env = … in your config.toml",
        )
    return known[provider]


def _may_have_key(settings: ProviderSettings) -> bool:
    return settings.key_required or settings.api_key_env is not None or settings.api_key_cmd is not None


def _given_key(provider: str) -> str:
    """From the terminal without echo, else from stdin. Raises InputError for what can't be a key."""
    if sys.stdin.isatty():
        from getpass import getpass

        key = getpass(f"key of {provider} (not shown): ", stream=sys.stderr).strip()
    else:
        key = sys.stdin.read().strip()
    if not key:
        raise InputError("no key was given; nothing was changed")
    if any(char.isspace() or not char.isprintable() for char in key):
        raise InputError("that is no key: it has white space or control characters inside; nothing was changed")
    return key


def _earlier_source(settings: ProviderSettings) -> str | None:
    """What is asked before the key that `key set` keeps, if anything."""
    import os

    if settings.api_key_env and os.environ.get(settings.api_key_env):
        return settings.api_key_env
    return "api_key_cmd" if settings.api_key_cmd else None


def _source(settings: ProviderSettings) -> str | None:
    from llmswitch.providers import key_store

    return _earlier_source(settings) or key_store.place_of(settings.name)


def _say(text: str) -> None:
    sys.stderr.write(f"llmswitch: {text}\n")
