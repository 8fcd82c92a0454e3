"""From layers to one frozen `Profile`: defaults filled in, every name resolved, each error with its file and line."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from llmswitch.catalog import Model, Plan, ProviderSettings, Timeouts
from llmswitch.errors import ConfigError
from llmswitch.ledger.rollup import FEWEST_DAYS
from llmswitch.profile import layers
from llmswitch.profile.builtin_providers import BUILTIN_PROVIDERS, LOCAL_KINDS
from llmswitch.profile.layers import KeyPath, Layer, Origin
from llmswitch.profile.own_prices import own_prices
from llmswitch.profile.schema import SECTIONS, TOP
from llmswitch.profile.validate import nearest
from llmswitch.tasks import TASKS

DEFAULT_PROFILE = "auto"


@dataclass(frozen=True, slots=True)
class Route:
    """Model names for one task, in order; `by_difficulty` holds lists that replace `otherwise` for a difficulty."""

    otherwise: tuple[str, ...] = ()
    by_difficulty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def models(self, difficulty: str | None = None) -> tuple[str, ...]:
        """The list that holds for `difficulty`."""
        return self.by_difficulty.get(difficulty or "", self.otherwise)

    def all_models(self) -> Iterator[str]:
        """Every name, whatever the difficulty."""
        yield from self.otherwise
        for names in self.by_difficulty.values():
            yield from names


@dataclass(frozen=True, slots=True)
class Profile:
    """What the engine obeys. `settings` holds the plain sections (`classifier`, `cache`, `budget`, `escalate`) with all
    defaults filled in; `origins` tells where each value came from."""

    name: str
    file: str
    description: str
    baseline: str
    history: bool
    models: Mapping[str, Model]
    providers: Mapping[str, ProviderSettings]
    plans: Mapping[str, Plan]
    routes: Mapping[str, Route]
    chain: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]
    origins: Mapping[KeyPath, Origin]
    data: Mapping[str, Any]

    def route(self, task: str) -> Route:
        """The route of `task`, or the default one."""
        return self.routes.get(task) or self.routes.get("default") or Route()

    def model(self, name: str) -> Model:
        """The entry `name`; or, for `PROVIDER/ID` with a known provider, that model as if it were an entry, on the plan
        of the provider's first one (without it a vendor's program might bill a key instead)."""
        if name in self.models:
            return self.models[name]
        provider, slash, model_id = name.partition("/")
        if slash and model_id and provider in self.providers:
            plan = next((model.plan for model in self.models.values() if model.provider == provider), None)
            return Model(name, provider, model_id, plan=plan, local=self.providers[provider].kind in LOCAL_KINDS)
        raise ConfigError(
            f"profile {self.name!r} has no model {name!r}{nearest(name, self.models)}",
            hint="`llmswitch models` lists them; any other model is named PROVIDER/ID, such as ollama/qwen3:8b",
        )


def chosen_name(flag: str | None, user: Layer | None, project: Layer | None) -> tuple[str, Origin]:
    """Which profile to load: flag, environment, project file, user config, else `auto`; and who said so."""
    if flag:
        return flag, Origin("flag", "--profile")
    if variable := os.environ.get("LLMSWITCH_PROFILE"):
        return variable, Origin("environment", "$LLMSWITCH_PROFILE")
    for layer in (project, user):
        if layer and (name := layer.data.get("profile")):
            return name, layer.origin(("profile",))
    return DEFAULT_PROFILE, Origin("default", "the default")


def load_profile(name: str | None = None, *, project: bool = True, start: Path | None = None) -> Profile:
    """The profile `name` (or the chosen one) under the user's, the project's and the environment's layer.

    Raises ConfigError, with file and line, for a missing file, an unknown key, a wrong type or a dangling name."""
    user = layers.user_layer()
    in_project = layers.project_layer(start or Path.cwd()) if project else None
    wanted, _ = chosen_name(name, user, in_project)
    path = layers.find(wanted)
    stack = [*layers.base_layers(path), user, in_project, layers.environment_layer()]
    data, origins = layers.merge([layer for layer in stack if layer])
    return build(path, data, origins)


def build(path: Path, data: Mapping[str, Any], origins: Mapping[KeyPath, Origin]) -> Profile:
    """The frozen profile of merged `data`. Raises ConfigError for the first name that nothing defines."""
    sections = {
        section: {name: data.get(section, {}).get(name, key.default) for name, key in keys.items()}
        for section, keys in SECTIONS.items()
        if section not in ("routes", "fallback")
    }
    providers = _providers(data, Timeouts(**sections.pop("timeouts")))
    profile = Profile(
        name=path.stem,
        file=str(path),
        description=data.get("description", ""),
        baseline=data.get("baseline", TOP["baseline"].default),
        history=data.get("history", False),
        models={name: _model(name, entry, providers, origins) for name, entry in data.get("models", {}).items()},
        providers=providers,
        plans={name: _plan(name, entry, origins) for name, entry in data.get("plans", {}).items()},
        routes={task: _route(value) for task, value in data.get("routes", {}).items()},
        chain=tuple(data.get("fallback", {}).get("chain", ())),
        settings=sections,
        origins=origins,
        data=data,
    )
    for where, message in _dangling(profile):
        raise _error(message, where, origins)
    return profile


def _error(message: str, path: KeyPath, origins: Mapping[KeyPath, Origin]) -> ConfigError:
    while path and path not in origins:
        path = path[:-1]
    origin = origins.get(path)
    return ConfigError(message, file=origin.source if origin else None, line=origin.line if origin else None)


def _providers(data: Mapping[str, Any], timeouts: Timeouts) -> dict[str, ProviderSettings]:
    providers = {
        name: settings if settings.timeouts != Timeouts() else replace(settings, timeouts=timeouts)
        for name, settings in BUILTIN_PROVIDERS.items()
    }
    for name, entry in data.get("providers", {}).items():
        values = dict(entry)
        if "timeouts" in values:
            below = providers[name].timeouts if name in providers else timeouts
            values["timeouts"] = replace(below, **values["timeouts"])
        if name in providers:
            providers[name] = replace(providers[name], **values)
        else:
            values.setdefault("kind", name)
            values.setdefault("key_required", bool(values.get("api_key_env") or values.get("api_key_cmd")))
            providers[name] = ProviderSettings(name, **{"timeouts": timeouts, **values})
    return providers


def _model(
    name: str, entry: Mapping[str, Any], providers: Mapping[str, ProviderSettings], origins: Mapping[KeyPath, Origin]
) -> Model:
    for needed in ("provider", "model"):
        if needed not in entry:
            inside = next((path for path in origins if path[:2] == ("models", name)), ("models", name))
            raise _error(f"[models.{name}] needs {needed!r}", inside, origins)
    values = dict(entry)
    settings = providers.get(values["provider"])
    values.setdefault("local", settings is not None and settings.kind in LOCAL_KINDS)
    if "price" in values:
        values["price"] = own_prices(values["price"])
    return Model(name, **values)


def _plan(name: str, entry: Mapping[str, Any], origins: Mapping[KeyPath, Origin]) -> Plan:
    if "fee_usd" not in entry:
        inside = next((path for path in origins if path[:2] == ("plans", name)), ("plans", name))
        raise _error(f"[plans.{name}] needs 'fee_usd'", inside, origins)
    values = {**entry, "fee_usd": str(entry["fee_usd"]), "reserved_for": tuple(entry.get("reserved_for", ()))}
    return Plan(name, **values)


def _route(value: Any) -> Route:
    if isinstance(value, Mapping):
        lists = {part: tuple(names) for part, names in value.items()}
        return Route(lists.pop("otherwise", ()), lists)
    return Route(tuple(value))


def _dangling(profile: Profile) -> Iterator[tuple[KeyPath, str]]:
    models = profile.models
    for name, model in models.items():
        if model.provider not in profile.providers:
            known = nearest(model.provider, profile.providers)
            yield ("models", name, "provider"), f"model {name!r} names the unknown provider {model.provider!r}{known}"
        if model.plan is not None and model.plan not in profile.plans:
            known = nearest(model.plan, profile.plans)
            yield ("models", name, "plan"), f"model {name!r} names the unknown plan {model.plan!r}{known}"
    for task, route in profile.routes.items():
        for name in route.all_models():
            if name not in models:
                yield ("routes", task), f"the route of {task!r} names the unknown model {name!r}{nearest(name, models)}"
    lists = {("fallback", "chain"): profile.chain, ("escalate", "to"): tuple(profile.settings["escalate"]["to"])}
    for path, names in lists.items():
        for name in names:
            if name not in models:
                yield path, f"{'.'.join(path)} names the unknown model {name!r}{nearest(name, models)}"
    classifier = profile.settings["classifier"]["model"]
    if classifier is not None and classifier not in models:
        yield (
            ("classifier", "model"),
            f"classifier.model names the unknown model {classifier!r}{nearest(classifier, models)}",
        )
    writer = profile.settings["hooks"]["model"]
    if writer is not None and writer not in models and writer.partition("/")[0] not in profile.providers:
        yield ("hooks", "model"), f"hooks.model names the unknown model {writer!r}{nearest(writer, models)}"
    yield from _dangling_limits(profile)
    days = profile.settings["ledger"]["retain_days"]
    if days is not None and days < FEWEST_DAYS:
        yield ("ledger", "retain_days"), f"ledger.retain_days = {days}: at least {FEWEST_DAYS} days are kept row by row"
    for name, plan in profile.plans.items():
        for task in plan.reserved_for:
            if task not in TASKS:
                yield (
                    ("plans", name, "reserved_for"),
                    f"plan {name!r} reserves for the unknown task {task!r}{nearest(task, TASKS)}",
                )


def _dangling_limits(profile: Profile) -> Iterator[tuple[KeyPath, str]]:
    known: dict[str, Collection[str]] = {"task": TASKS, "provider": profile.providers, "model": profile.models}
    for scope, names in known.items():
        for name in profile.settings["budget"][scope] or ():
            as_id = scope == "model" and name.partition("/")[0] in profile.providers and name.partition("/")[2]
            if name not in names and not as_id:
                where = ("budget", scope, name)
                inside = next((path for path in profile.origins if path[:3] == where), where)
                yield inside, f"[budget.{scope}.{name}] names an unknown {scope}{nearest(name, names)}"
