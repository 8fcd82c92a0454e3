"""From the words of `llmswitch plan` to an outlook: the month's volumes, and each profile's expected cost of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

import typer

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.commands.options import profile_of
from llmswitch.errors import ConfigError, UsageError
from llmswitch.ledger import period, place, volume
from llmswitch.ledger.expected import Choose, Expected, expect
from llmswitch.ledger.store import Ledger
from llmswitch.ledger.volume import FEWEST_DAYS, Month, Volume
from llmswitch.profile import Profile, load_profile
from llmswitch.profile.scenario import DEFAULT, read_scenario
from llmswitch.terminal.currency import USD, Currency

DIFFICULTY = "normal"
"""Routes may differ by difficulty, which nobody knows beforehand."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options that say what the month consists of."""

    scenario: str | None = None
    from_ledger: bool = False
    month: str | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything one `plan` shows. `at` is the instant whose prices count."""

    month: Month
    profiles: tuple[Expected, ...]
    at: datetime
    currency: Currency = USD


def profiles(ctx: typer.Context, names: Sequence[str], profile: str | None, *, no_project: bool) -> tuple[Profile, ...]:
    """The profiles that were named, or the one in use. Raises ConfigError."""
    if not names:
        return (profile_of(ctx, profile, no_project=no_project),)
    if profile:
        raise UsageError("-P names one profile, the words after `plan` several", hint="give them all as words")
    return tuple(load_profile(name, project=not no_project) for name in dict.fromkeys(names))


def outlook(
    wanted: Wanted, chosen: Sequence[Profile], currency: Currency = USD, *, now: datetime | None = None
) -> Outlook:
    """What the month would cost under each of the profiles. Raises UsageError, ConfigError, LedgerError."""
    at = now or datetime.now(UTC)
    month = _month(wanted, at)
    expected = tuple(
        expect(profile.name, month.volumes, _choose(profile), profile.plans, profile.baseline, at) for profile in chosen
    )
    return Outlook(month, expected, at, currency)


def _month(wanted: Wanted, at: datetime) -> Month:
    asked = [
        ("--scenario", wanted.scenario),
        ("--from-ledger", wanted.from_ledger),
        ("--month", wanted.month),
    ]
    names = [name for name, value in asked if value]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} are different months", hint="give one")
    if wanted.scenario:
        return read_scenario(wanted.scenario, wanted.calls)
    found = _of_ledger(wanted, at)
    if found is None:
        if wanted.from_ledger:
            raise UsageError(
                f"the ledger has fewer than {FEWEST_DAYS} whole days of calls: too little for a month",
                hint="--calls N uses a usual mix of tasks, --scenario FILE your own",
            )
        mix = read_scenario(DEFAULT, wanted.calls)
        return replace(mix, source="mix")
    if wanted.calls is None:
        return found
    have = found.calls
    if not have:
        raise UsageError(f"there are no calls in {found.label} to take the mix of tasks from")
    return found.scaled(Fraction(wanted.calls) / have)


def _of_ledger(wanted: Wanted, at: datetime) -> Month | None:
    """The month that the ledger's own calls make; None where it is too young."""
    if not place.exists():
        if wanted.month:
            raise UsageError(f"--month {wanted.month}: no calls are recorded yet")
        return None
    with Ledger.open() as ledger, ledger.reading() as connection:
        for note in ledger.notes:
            typer.echo(note, err=True)
        if wanted.month is None:
            return volume.recent(connection, at)
        found = volume.of_period(connection, period.month(at, wanted.month))
    if not found.volumes:
        raise UsageError(f"--month {wanted.month}: the ledger has no calls of that month")
    return found


def _choose(profile: Profile) -> Choose:
    """The first model of a task's route, as if it were always there; else the first of the chain."""

    def choose(of: Volume) -> tuple[Model, ProviderSettings] | None:
        if of.task is not None:
            names = (*profile.route(of.task).models(DIFFICULTY), *profile.chain)
            return _entry(profile, profile.model(names[0])) if names else None
        return _entry(profile, _staying(profile, of))

    return choose


def _staying(profile: Profile, of: Volume) -> Model:
    """The model that is named: the profile's entry, else that provider's model as if it were one."""
    name = of.model or ""
    entry = profile.models.get(name)
    if entry and of.provider in (None, entry.provider):
        return entry
    provider, _, model_id = name.partition("/") if of.provider is None else (of.provider, "", name)
    same = [model for model in profile.models.values() if (model.provider, model.model) == (provider, model_id)]
    if same:
        return same[0]
    try:
        return profile.model(f"{provider}/{model_id}")
    except ConfigError:
        if of.provider is None:
            raise
        return Model(name, provider, name)  # a provider that the profile no longer has: its price is not known


def _entry(profile: Profile, model: Model) -> tuple[Model, ProviderSettings]:
    return model, profile.providers.get(model.provider) or ProviderSettings(model.provider, kind=model.provider)
