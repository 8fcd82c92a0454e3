"""`ask --timeout`: the whole call ends in time, says so, and what was spent is recorded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from command import command_for
from upstream import Reply, Upstream


def statuses(home: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as ledger:
        return ledger.execute(
            "SELECT d.status, a.status FROM dispatches d JOIN attempts a ON a.dispatch_id = d.id"
        ).fetchall()


def test_a_silent_model_is_given_up_with_an_error_and_a_settled_row(home: Path, upstream: Upstream) -> None:
    upstream.script(Reply(first_delay_s=60))
    done = command_for(home, upstream)("ask", "--timeout", "1", "hello")
    assert done.code == 1
    assert "not complete within 1 s" in done.err
    assert statuses(home) == [("cancelled", "cancelled")]


def test_what_came_before_the_limit_stays_on_stdout(home: Path, upstream: Upstream) -> None:
    upstream.script(Reply(text="one two three four", chunks=4, stall_after=2))
    done = command_for(home, upstream)("ask", "--timeout", "8", "hello")
    assert done.code == 1
    assert done.out.startswith("one")
    assert "not complete within 8 s" in done.err


def test_an_answer_in_time_is_not_touched(home: Path, upstream: Upstream) -> None:
    assert command_for(home, upstream)("ask", "--timeout", "60", "hello").code == 0


def test_a_limit_of_nothing_is_a_usage_error(home: Path, upstream: Upstream) -> None:
    assert command_for(home, upstream)("ask", "--timeout", "0", "hello").code == 2
