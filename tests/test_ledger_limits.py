"""Cool-downs and quota windows outlive the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llmswitch.conversation import QuotaReport
from llmswitch.errors import Failure
from llmswitch.ledger.limits import (
    Cooldown,
    Window,
    clear_cooldown,
    cooldowns,
    record_window,
    set_cooldown,
    windows,
)
from llmswitch.ledger.store import Ledger

OPUS = Cooldown("anthropic", "opus", 100.0, "429", Failure.RATE_LIMIT)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def test_a_cooldown_is_seen_by_the_next_process(ledger: Ledger) -> None:
    set_cooldown(ledger, OPUS)
    with Ledger.open(ledger.path) as another:
        assert cooldowns(another, now=99.0) == [OPUS]


def test_a_cooldown_ends_at_its_time(ledger: Ledger) -> None:
    set_cooldown(ledger, OPUS)
    assert cooldowns(ledger, now=100.0) == []


def test_of_two_cooldowns_of_a_model_the_longer_one_stays(ledger: Ledger) -> None:
    longer = Cooldown("anthropic", "opus", 500.0, "day limit", Failure.QUOTA)
    set_cooldown(ledger, longer)
    set_cooldown(ledger, OPUS)
    assert cooldowns(ledger, now=0.0) == [longer]


def test_a_whole_providers_cooldown_stands_beside_a_models(ledger: Ledger) -> None:
    whole = Cooldown("anthropic", None, 200.0, "quota", Failure.QUOTA)
    set_cooldown(ledger, whole)
    set_cooldown(ledger, OPUS)
    assert cooldowns(ledger, now=0.0) == [OPUS, whole]


def test_clearing_forgets_only_that_models_cooldown(ledger: Ledger) -> None:
    whole = Cooldown("anthropic", None, 200.0, "quota", Failure.QUOTA)
    set_cooldown(ledger, whole)
    set_cooldown(ledger, OPUS)
    clear_cooldown(ledger, "anthropic", "opus")
    assert cooldowns(ledger, now=0.0) == [whole]


def test_a_window_keeps_the_newest_report(ledger: Ledger) -> None:
    newest = QuotaReport("5h", "warning", 0.9, 1000.0, 300)
    record_window(ledger, "claude-max", newest, seen_at=20.0)
    record_window(ledger, "claude-max", QuotaReport("5h", "allowed", 0.1, 1000.0, 300), seen_at=10.0)
    assert windows(ledger) == [Window("claude-max", newest, 20.0, "official")]


def test_windows_come_by_scope_and_length(ledger: Ledger) -> None:
    for name, minutes in (("7d", 10_080), ("5h", 300)):
        record_window(ledger, "claude-max", QuotaReport(name, "allowed", minutes=minutes), seen_at=1.0)
    assert [window.report.window for window in windows(ledger)] == ["5h", "7d"]
