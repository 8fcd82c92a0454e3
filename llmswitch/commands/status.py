"""What holds now: the windows of the plans, who is cooling down, and until when."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

if TYPE_CHECKING:
    from llmswitch.ledger.limits import Cooldown, Window
    from llmswitch.profile import Profile


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("status", help=__doc__)(status)


def status(
    ctx: typer.Context,
    profile: ProfileOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    no_project: ProjectOption = False,
) -> None:
    """Windows and cool-downs, from what the providers themselves reported."""
    from llmswitch.ledger import limits
    from llmswitch.ledger.store import Ledger

    shown = profile_of(ctx, profile, no_project=no_project)
    now = time.time()
    with Ledger.open() as ledger:
        windows = [_window(shown, window, now) for window in limits.windows(ledger)]
        cooling = [_cooling(held, now) for held in limits.cooldowns(ledger, now)]
    if as_json:
        typer.echo(json.dumps({"profile": shown.name, "windows": windows, "cooldowns": cooling}, ensure_ascii=False))
        return
    _print(windows, cooling, now)


def _window(profile: Profile, window: Window, now: float) -> dict[str, Any]:
    from llmswitch.engine.plans import burn_per_hour, is_current, length_name

    report = window.report
    return {
        "scope": window.scope,
        "window": length_name(report.minutes),
        "minutes": report.minutes,
        "utilization": report.utilization,
        "status": report.status,
        "resets_at": report.resets_at,
        "burn_per_hour": burn_per_hour(window, profile.plans, now),
        "reserve": profile.plans[window.scope].reserve if window.scope in profile.plans else 0.0,
        "source": window.source if is_current(window, now) else "stale",
        "age_s": round(now - window.seen_at),
    }


def _cooling(held: Cooldown, now: float) -> dict[str, Any]:
    return {
        "provider": held.provider,
        "model": held.model,
        "failure": held.failure.value,
        "until": held.until,
        "remaining_s": round(held.until - now),
        "told_by_provider": held.reason == "told",
    }


def _print(windows: list[dict[str, Any]], cooling: list[dict[str, Any]], now: float) -> None:
    from llmswitch.engine.plans import clock_time
    from llmswitch.terminal.tables import render_table

    if windows:
        rows = [
            (
                window["scope"],
                window["window"],
                _share(window),
                _burn(window),
                clock_time(window["resets_at"], now) if window["resets_at"] else "?",
                f"{window['source']}, {_age(window['age_s'])} old",
            )
            for window in windows
        ]
        headers = ("plan", "window", "used", "an hour", "resets", "reported")
        sys.stdout.write(render_table(headers, rows, stream=sys.stdout, right=(2, 3)))
    else:
        sys.stdout.write("No quota window is known yet: the plans' own programs report them with a call.\n")
    if cooling:
        held_rows = [
            (
                held["model"] or f"all of {held['provider']}",
                held["failure"].replace("_", " "),
                clock_time(held["until"], now),
            )
            for held in cooling
        ]
        sys.stdout.write("\n" + render_table(("cooling down", "after", "until"), held_rows, stream=sys.stdout))
    else:
        sys.stdout.write("Nobody is cooling down.\n")


def _share(window: dict[str, Any]) -> str:
    if window["utilization"] is None:
        return str(window["status"])
    full = " full" if window["status"] == "rejected" else ""
    return f"{window['utilization']:.0%}{full}"


def _burn(window: dict[str, Any]) -> str:
    return "?" if window["burn_per_hour"] is None else f"{window['burn_per_hour']:.0%}"


def _age(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 5400 else f"{seconds // 3600} h"
