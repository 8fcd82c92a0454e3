"""What holds now: the windows of the plans, who is cooling down and until when, and how the local classifier does."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmswitch.ledger.limits import Cooldown, Window
    from llmswitch.profile import Profile

DAYS = 30
"""How far back the local classifier's answers are counted."""
OUTCOMES = {
    "answered": "answered",
    "remembered": "answered from memory",
    "late": "too late",
    "loading": "while it was being loaded",
    "away": "without Ollama",
    "missing": "without an installed model",
    "untrusted": "not asked, as it guesses",
    "unusable": "answered nothing of use",
}
"""In words, as `classify.label.Outcome` has them."""


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
    from datetime import UTC, datetime, timedelta

    from llmswitch.ledger import limits, local_labels
    from llmswitch.ledger.store import Ledger

    shown = profile_of(ctx, profile, no_project=no_project)
    now = time.time()
    with Ledger.open() as ledger:
        windows = [_window(shown, window, now) for window in limits.windows(ledger)]
        cooling = [_cooling(held, now) for held in limits.cooldowns(ledger, now)]
        asked = local_labels.outcomes(ledger, datetime.fromtimestamp(now, UTC) - timedelta(days=DAYS))
    if as_json:
        local = {"days": DAYS, "asked": sum(asked.values()), "outcomes": dict(asked)}
        told = {"profile": shown.name, "windows": windows, "cooldowns": cooling, "local_classifier": local}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    _print(windows, cooling, now)
    if asked:
        _print_local(asked)


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


def _print_local(asked: Mapping[str, int]) -> None:
    from llmswitch.terminal.tables import render_table

    total = sum(asked.values())
    rows = [(OUTCOMES.get(outcome, outcome), f"{count:,}", f"{count / total:.0%}") for outcome, count in asked.items()]
    headers = (f"local classifier, {DAYS} days", "prompts", "share")
    sys.stdout.write("\n" + render_table(headers, rows, stream=sys.stdout, right=(1, 2)))
    if any(outcome not in ("answered", "remembered") for outcome in asked):
        sys.stdout.write("Without an answer `linear` decided alone.\n")


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
