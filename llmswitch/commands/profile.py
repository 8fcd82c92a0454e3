"""Profiles: which there are, what they say and where each value comes from, and whether they can work here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from llmswitch.profile import Profile

NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME|PATH]", help="A profile; left out: the active one.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)
    group.command("list", help="List the profiles; the active one is marked.")(list_profiles)
    group.command("show", help="Print every value of a profile.")(show)
    group.command("check", help="Validate a profile and say which of its models can be used here, now.")(check)
    group.command("trust", help="Trust the project's .llmswitch.toml as it is now.")(trust)
    group.command("path", help="Print the file of a profile, and the layers over it.")(path)
    app.add_typer(group, name="profile")


def list_profiles(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Names, descriptions, and which one a plain `ask` would use."""
    from llmswitch.profile import layers

    active = profile_of(ctx)
    names = list(dict.fromkeys([*layers.user_names(), *layers.shipped_names()]))
    rows = []
    for name in names:
        file = layers.find(name)
        rows.append(
            {"name": name, "description": layers.read(file, "shipped").data.get("description", ""), "file": str(file)}
        )
    if active.file not in {row["file"] for row in rows}:
        rows.insert(0, {"name": active.name, "description": active.description, "file": active.file})
    if as_json:
        typer.echo(json.dumps([row | {"active": row["file"] == active.file} for row in rows], ensure_ascii=False))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        mark = "*" if row["file"] == active.file else " "
        typer.echo(f"{mark} {row['name']:<{width}}  {row['description']}")


def show(
    ctx: typer.Context,
    name: NameArgument = None,
    profile: ProfileOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: JsonOption = False,
    no_project: ProjectOption = False,
) -> None:
    """Every value after all layers, in the TOML's own words."""
    shown = profile_of(ctx, name or profile, no_project=no_project)
    rows = [(".".join(key), value, key) for key, value in _leaves(shown.data, ()) if key[0] != "extends"]
    if as_json:
        typer.echo(json.dumps(_as_json(shown, rows, with_origin=origin), ensure_ascii=False, indent=1, default=str))
        return
    width = max(len(str(shown.origins[key])) for _, _, key in rows) if origin else 0
    for dotted, value, key in rows:
        prefix = f"{shown.origins[key]!s:<{width}}  " if origin else ""
        typer.echo(f"{prefix}{dotted} = {_toml(value)}")


def _as_json(shown: Profile, rows: list[tuple[str, Any, tuple[str, ...]]], *, with_origin: bool) -> dict[str, Any]:
    if not with_origin:
        return {"name": shown.name, "file": shown.file, "values": shown.data}
    return {
        "name": shown.name,
        "file": shown.file,
        "values": {
            dotted: {
                "value": value,
                "layer": shown.origins[key].layer,
                "source": shown.origins[key].source,
                "line": shown.origins[key].line,
            }
            for dotted, value, key in rows
        },
    }


def _leaves(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    from llmswitch.profile import layers

    for name, value in table.items():
        here = (*path, name)
        if isinstance(value, Mapping) and not layers.is_leaf(here, value):
            yield from _leaves(value, here)
        else:
            yield here, value


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(entry)}" for name, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    return str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def check(
    ctx: typer.Context,
    name: NameArgument = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    no_project: ProjectOption = False,
) -> int:
    """Exit 0 when some model could answer; 69 when the profile is right but nothing of it can be used here."""
    checked = profile_of(ctx, name or profile, no_project=no_project)
    rows = list(_states(checked))
    usable = [row for row in rows if row["missing"] is None]
    idle = [task for task in checked.routes if not _first_usable(checked, task, usable)]
    if as_json:
        body = {"profile": checked.name, "file": checked.file, "models": rows, "tasks_without_model": idle}
        typer.echo(json.dumps(body, ensure_ascii=False, indent=1))
    else:
        _print_check(checked, rows, idle)
    return int(ExitCode.OK if usable else ExitCode.NO_CANDIDATE)


def _states(profile: Profile) -> Iterator[dict[str, Any]]:
    from llmswitch.providers import registry

    adapters = {
        name: registry.build(profile.providers[name]) for name in {model.provider for model in profile.models.values()}
    }
    for model in profile.models.values():
        missing = adapters[model.provider].missing(model)
        yield {
            "name": model.name,
            "provider": model.provider,
            "model": model.model,
            "tier": model.tier,
            "missing": missing,
        }


def _first_usable(profile: Profile, task: str, usable: list[dict[str, Any]]) -> bool:
    names = {row["name"] for row in usable}
    return any(name in names for name in (*profile.route(task).all_models(), *profile.chain))


def _print_check(profile: Profile, rows: list[dict[str, Any]], idle: list[str]) -> None:
    usable = sum(row["missing"] is None for row in rows)
    typer.echo(f"{profile.name}: valid; {usable} of {len(rows)} models can be used here")
    width = max((len(row["name"]) for row in rows), default=0)
    for row in sorted(rows, key=lambda row: row["missing"] is not None):
        state = row["missing"] or f"{row['provider']} {row['model']}"
        typer.echo(f"  {'+' if row['missing'] is None else '-'} {row['name']:<{width}}  {state}")
    if idle and usable:
        typer.echo(f"no model for: {', '.join(idle)}")


def trust(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Left out: the project's own.", show_default=False)
    ] = None,
) -> None:
    """Remember the content of the project file; after a change it has to be trusted again."""
    from llmswitch.profile import layers

    found = file or layers.project_file(Path.cwd())
    if found is None or not found.is_file():
        raise UsageError(f"there is no {file or layers.PROJECT_FILE} here")
    layers.read(found, "project")
    layers.trust(found)
    sys.stderr.write(f"trusted: {found}\n")


def path(
    ctx: typer.Context, name: NameArgument = None, profile: ProfileOption = None, no_project: ProjectOption = False
) -> None:
    """The profile's own file first, then the files of the layers that lie over it."""
    shown = profile_of(ctx, name or profile, no_project=no_project)
    over = {origin.source for origin in shown.origins.values() if origin.layer in ("user", "project")}
    for file in [shown.file, *sorted(over)]:
        typer.echo(file)
