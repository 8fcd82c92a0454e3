"""The ledger's rows: opened before a call, settled after it, once, whatever happened."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmswitch.catalog import Model
from llmswitch.conversation import Usage
from llmswitch.errors import Failure, LedgerError
from llmswitch.ledger import local_labels, migrations
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger, sortable_id, to_pico

OPUS = Model("opus", "anthropic", "claude-opus-4-6", tier=0)
CENT = Cost(Decimal("0.01"), None, "list", "genai-prices 1")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def row(ledger: Ledger, table: str = "attempts") -> dict[str, Any]:
    """The only row of `table`."""
    with ledger.reading() as connection:
        found = connection.execute(f"SELECT * FROM {table}")
        (only,) = found.fetchall()
    return dict(zip((name for name, *_ in found.description), only, strict=True))


def attempt(ledger: Ledger, model: Model = OPUS, **more: Any) -> int:
    return ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, model, **more)


def test_an_attempt_is_on_disk_before_it_is_settled(ledger: Ledger) -> None:
    attempt(ledger)
    assert row(ledger)["status"] == "open"


def test_a_settled_attempt_has_its_usage_in_disjoint_buckets(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="ok", usage=Usage(1, 2, 3, 4, 5, 6), cost=CENT)
    found = row(ledger)
    names = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")
    assert [found[f"{name}_tokens"] for name in names] == [1, 2, 3, 4, 5, 6]


def test_what_came_of_asking_a_local_model_is_counted_since_a_time(ledger: Ledger) -> None:
    for outcome in ("late", "answered", "late", None):
        ledger.begin_dispatch("ask", local_label=outcome)
    now = datetime.now(UTC)
    assert local_labels.outcomes(ledger, now - timedelta(days=1)) == {"late": 2, "answered": 1}
    assert local_labels.outcomes(ledger, now + timedelta(days=1)) == {}


def test_what_the_provider_did_not_say_is_null(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="ok", usage=Usage(input_tokens=10))
    found = row(ledger)
    assert (found["cache_read_tokens"], found["output_tokens"], found["cost_usd"]) == (None, None, None)


def test_an_unknown_cost_is_null_with_its_source(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="ok")
    assert (row(ledger)["cost_pico"], row(ledger)["cost_source"]) == (None, "unknown")


def test_the_cost_is_kept_exactly_and_shown_in_dollars(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="ok", cost=Cost(Decimal("0.000000000001"), None, "list", "v"))
    assert (row(ledger)["cost_pico"], row(ledger)["cost_usd"]) == (1, 1e-12)


def test_the_raw_usage_is_kept_as_json(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="ok", usage_raw={"input_tokens": 7})
    assert row(ledger)["usage_raw"] == '{"input_tokens":7}'


def test_settling_releases_the_reserved_amount(ledger: Ledger) -> None:
    number = attempt(ledger, reserve_usd=Decimal("0.5"))
    reserved = row(ledger)["reserved_usd"]
    ledger.settle_attempt(number, status="ok", cost=CENT)
    assert (reserved, row(ledger)["reserved_usd"]) == (0.5, None)


def test_an_attempt_is_settled_only_once(ledger: Ledger) -> None:
    number = attempt(ledger)
    ledger.settle_attempt(number, status="ok", cost=CENT)
    with pytest.raises(LedgerError, match="not open"):
        ledger.settle_attempt(number, status="failed")


def test_a_dispatch_has_no_two_attempts_of_one_number(ledger: Ledger) -> None:
    dispatch = ledger.begin_dispatch("ask")
    ledger.begin_attempt(dispatch, 1, OPUS)
    with pytest.raises(LedgerError, match=r"(?i)unique"):
        ledger.begin_attempt(dispatch, 1, OPUS)


def test_a_failed_attempt_keeps_its_failure_and_message(ledger: Ledger) -> None:
    ledger.settle_attempt(attempt(ledger), status="failed", failure=Failure.RATE_LIMIT, error="429 too many")
    assert (row(ledger)["failure"], row(ledger)["error"]) == ("rate_limit", "429 too many")


@pytest.mark.parametrize("key", ["sk-ant-api03-abcdefgh", "AIzaSyA1234567890", "Bearer eyJhbGciOi.abc"])
def test_a_key_in_an_error_never_reaches_the_row(ledger: Ledger, key: str) -> None:
    ledger.settle_attempt(attempt(ledger), status="failed", error=f"401: {key} is wrong")
    assert key not in row(ledger)["error"]


def test_a_finished_dispatch_has_status_exit_code_and_end(ledger: Ledger) -> None:
    ledger.finish_dispatch(ledger.begin_dispatch("ask", task="bugfix"), "failed", 69)
    found = row(ledger, "dispatches")
    assert (found["status"], found["exit_code"], found["finished_at"] >= found["started_at"]) == ("failed", 69, True)


def test_a_cache_hit_is_noted_at_the_end_of_a_dispatch(ledger: Ledger) -> None:
    ledger.finish_dispatch(ledger.begin_dispatch("ask", cache="miss"), "ok", 0, cache="hit")
    assert row(ledger, "dispatches")["cache"] == "hit"


def test_ids_sort_by_time() -> None:
    moments = [1_700_000_000_000_000 + step for step in (0, 1, 999, 1000, 1001, 10**9)]
    ids = [sortable_id(moment) for moment in moments]
    assert ids == sorted(ids)


def test_ids_are_twenty_letters_and_digits() -> None:
    assert re.fullmatch("[0-9A-Za-z]{20}", sortable_id(1_700_000_000_123_456))


def test_two_ids_of_one_moment_differ() -> None:
    assert len({sortable_id(1_700_000_000_123_456) for _ in range(1000)}) == 1000


def test_new_ids_sort_after_the_uuids_of_older_versions() -> None:
    assert sortable_id(1_700_000_000_123_456) > "019b0000-0000-7000-8000-000000000000"


def test_what_a_vendor_says_about_nothing_is_not_kept(ledger: Ledger) -> None:
    raw = {
        "input_tokens": 7,
        "cache_read_input_tokens": 0,
        "tier": None,
        "details": {"audio_tokens": 0, "kept": False},
        "cost": 0,
    }
    ledger.settle_attempt(attempt(ledger), status="ok", usage_raw=raw)
    assert json.loads(row(ledger)["usage_raw"]) == {"input_tokens": 7, "details": {"kept": False}, "cost": 0}


def test_threads_may_share_a_ledger(ledger: Ledger) -> None:
    def work() -> None:
        for _ in range(20):
            ledger.settle_attempt(attempt(ledger), status="ok", cost=CENT)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.reading() as connection:
        assert connection.execute("SELECT count(*) FROM attempts WHERE status = 'ok'").fetchone()[0] == 100


def test_an_interrupt_inside_a_write_rolls_it_back(ledger: Ledger) -> None:
    def interrupted() -> None:
        with ledger.writing() as connection:
            connection.execute("INSERT INTO dispatches (id, started_at, kind) VALUES ('x', 0, 'ask')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with ledger.reading() as connection:
        assert connection.execute("SELECT count(*) FROM dispatches").fetchone()[0] == 0


@pytest.mark.only_a_file
def test_a_full_disk_says_which_disk_to_free(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for _ in range(1000):
            ledger.settle_attempt(attempt(ledger), status="ok", usage_raw={"padding": "x" * 4000})

    with pytest.raises(LedgerError) as caught:
        fill()
    assert caught.value.hint is not None
    assert "free some space" in caught.value.hint


@pytest.mark.only_a_file
def test_a_read_only_ledger_says_what_to_make_writable(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        connection.execute("PRAGMA query_only = 1")
    with pytest.raises(LedgerError) as caught:
        ledger.begin_dispatch("ask")
    assert caught.value.hint is not None
    assert "writable" in caught.value.hint


def test_amounts_round_half_to_even_at_the_twelfth_place() -> None:
    assert (to_pico(Decimal("0.0000000000005")), to_pico(Decimal("0.0000000000015")), to_pico(None)) == (0, 2, None)


@pytest.mark.only_a_file
def test_every_migration_leaves_its_number_in_the_file(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(migrations.MIGRATIONS)
