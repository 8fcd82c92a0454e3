"""What the providers said about their limits, kept so that the next process knows: cool-downs and quota windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llmswitch.conversation import QuotaReport
from llmswitch.errors import Failure
from llmswitch.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Cooldown:
    """`provider` (or one `model` of it, None means all) is not to be asked before `until` (POSIX seconds)."""

    provider: str
    model: str | None
    until: float
    reason: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Window:
    """The last that is known of one quota window of a plan or provider (`scope`). Instants are POSIX seconds."""

    scope: str
    report: QuotaReport
    seen_at: float
    source: Literal["official", "estimate"]


def set_cooldown(ledger: Ledger, cooldown: Cooldown) -> None:
    """Remember it; of two for the same model the one that ends later stays."""
    with ledger.writing() as connection:
        connection.execute(
            """INSERT INTO cooldowns (provider, model, until, reason, failure) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (provider, model) DO UPDATE SET
               until = excluded.until, reason = excluded.reason, failure = excluded.failure
               WHERE excluded.until > cooldowns.until""",
            (cooldown.provider, cooldown.model or "", cooldown.until, cooldown.reason, cooldown.failure.value),
        )


def cooldowns(ledger: Ledger, now: float) -> list[Cooldown]:
    """Those that have not ended at `now` (POSIX seconds), the longest last."""
    with ledger.reading() as connection:
        rows = connection.execute(
            "SELECT provider, model, until, reason, failure FROM cooldowns WHERE until > ? ORDER BY until", (now,)
        ).fetchall()
    return [
        Cooldown(provider, model or None, until, reason, Failure(failure))
        for provider, model, until, reason, failure in rows
    ]


def clear_cooldown(ledger: Ledger, provider: str, model: str | None = None) -> None:
    """Forget it, because the model (or, for None, the provider as a whole) answered. Nearly always there is nothing to
    forget: then nothing is written."""
    key = (provider, model or "")
    with ledger.reading() as connection:
        held = connection.execute("SELECT 1 FROM cooldowns WHERE provider = ? AND model = ?", key).fetchone()
    if held:
        with ledger.writing() as connection:
            connection.execute("DELETE FROM cooldowns WHERE provider = ? AND model = ?", key)


def record_window(
    ledger: Ledger,
    scope: str,
    report: QuotaReport,
    seen_at: float,
    source: Literal["official", "estimate"] = "official",
) -> None:
    """Keep the newest report of each window of a plan or provider; an older one changes nothing."""
    row = (
        scope, report.window, report.minutes, report.utilization, report.status, report.resets_at, seen_at, source,
    )  # fmt: skip
    with ledger.writing() as connection:
        connection.execute(
            """INSERT INTO quota_windows (scope, "window", minutes, utilization, status, resets_at, seen_at, source)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (scope, "window") DO UPDATE SET minutes = excluded.minutes,
               utilization = excluded.utilization, status = excluded.status, resets_at = excluded.resets_at,
               seen_at = excluded.seen_at, source = excluded.source
               WHERE excluded.seen_at >= quota_windows.seen_at""",
            row,
        )


def windows(ledger: Ledger) -> list[Window]:
    """Every window that was ever reported, by scope and length."""
    with ledger.reading() as connection:
        rows = connection.execute(
            """SELECT scope, "window", status, utilization, resets_at, minutes, seen_at, source
               FROM quota_windows ORDER BY scope, minutes, "window" """
        ).fetchall()
    return [
        Window(scope, QuotaReport(window, status, utilization, resets_at, minutes), seen_at, source)
        for scope, window, status, utilization, resets_at, minutes, seen_at, source in rows
    ]
