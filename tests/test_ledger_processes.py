"""Many processes over one ledger: nothing is lost, and what a dead one left open is marked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmswitch.catalog import Model
from llmswitch.ledger import owner
from llmswitch.ledger.store import Ledger

OPUS = Model("opus", "anthropic", "claude-opus-4-6")

WRITER = """
    import sys
    from decimal import Decimal
    from pathlib import Path
    from llmswitch.catalog import Model
    from llmswitch.ledger.prices import Cost
    from llmswitch.ledger.store import Ledger
    model = Model("opus", "anthropic", "claude-opus-4-6")
    with Ledger.open(Path(sys.argv[1])) as ledger:
        for number in range(25):
            dispatch = ledger.begin_dispatch("ask")
            attempt = ledger.begin_attempt(dispatch, 1, model)
            ledger.settle_attempt(attempt, status="ok", cost=Cost(Decimal("0.001"), None, "list", "v"))
            ledger.finish_dispatch(dispatch, "ok", 0)
"""
ABANDONER = """
    import sys, time
    from decimal import Decimal
    from pathlib import Path
    from llmswitch.catalog import Model
    from llmswitch.ledger.store import Ledger
    ledger = Ledger.open(Path(sys.argv[1]))
    plan = sys.argv[2] or None
    dispatch = ledger.begin_dispatch("ask")
    ledger.begin_attempt(dispatch, 1, Model("opus", "anthropic", "claude-opus-4-6", plan=plan), Decimal("0.25"))
    print("open", flush=True)
    time.sleep(60)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def attempt(path: Path) -> dict[str, Any]:
    """The only attempt, as the next start finds it."""
    with Ledger.open(path) as ledger, ledger.reading() as connection:
        cursor = connection.execute("SELECT * FROM attempts")
        (values,) = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description], values, strict=True))


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A ledger whose writer was killed with an attempt open."""
    return leave_open(tmp_path / "ledger.db", plan="")


def leave_open(path: Path, plan: str) -> Path:
    with start(ABANDONER, path, plan) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        process.send_signal(signal.SIGKILL)
    return path


def test_ten_processes_that_create_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "fresh" / "ledger.db"
    writers = [start(WRITER, path) for _ in range(10)]
    errors = [writer.communicate()[1] for writer in writers]
    assert errors == [""] * 10
    with Ledger.open(path) as ledger, ledger.reading() as connection:
        found = connection.execute("SELECT count(*), sum(cost_pico) FROM attempts WHERE status = 'ok'").fetchone()
        dispatches = connection.execute("SELECT count(*) FROM dispatches WHERE status = 'ok'").fetchone()[0]
    assert (found, dispatches) == ((250, 250 * 10**9), 250)


def test_a_killed_writers_attempt_is_lost_at_the_next_start(killed: Path) -> None:
    assert attempt(killed)["status"] == "lost"


def test_a_lost_attempt_releases_its_reserve_and_says_so(killed: Path) -> None:
    found = attempt(killed)
    assert found["reserved_pico"] is None
    assert "$0.250000 of reserved budget were released" in found["error"]


def test_a_lost_attempts_cost_is_unknown_and_not_zero(killed: Path) -> None:
    found = attempt(killed)
    assert (found["cost_pico"], found["cost_source"]) == (None, "unknown")


def test_a_lost_attempt_of_a_plan_owes_nothing(tmp_path: Path) -> None:
    found = attempt(leave_open(tmp_path / "ledger.db", plan="claude-max"))
    assert (found["cost_pico"], found["cost_source"]) == (0, "plan")


def test_a_killed_writers_dispatch_is_lost_too(killed: Path) -> None:
    with Ledger.open(killed) as ledger, ledger.reading() as connection:
        assert connection.execute("SELECT status FROM dispatches").fetchall() == [("lost",)]


def test_a_living_process_keeps_its_attempt_open(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with start(ABANDONER, path, "") as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = attempt(path)["status"]
        process.kill()
    assert found == "open"


def test_a_killed_but_unreaped_process_counts_as_gone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with start(ABANDONER, path, "") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
        found = attempt(path)["status"]
    assert found == "lost"


def test_an_attempt_taken_for_lost_can_still_be_settled(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        number = ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, OPUS, Decimal(1))
        with ledger.writing() as connection:
            connection.execute("UPDATE attempts SET status = 'lost', owner = NULL")
        ledger.settle_attempt(number, status="ok")
    assert attempt(path)["status"] == "ok"


def test_a_reused_process_id_does_not_pass_for_the_old_process() -> None:
    machine, boot, pid, _ = owner.this_process().split(":")
    assert owner.is_gone(f"{machine}:{boot}:{pid}:1", age_s=1)


def test_another_boot_means_the_process_is_gone() -> None:
    machine, _, pid, started = owner.this_process().split(":")
    assert owner.is_gone(f"{machine}:00000000:{pid}:{started}", age_s=1)


def test_another_machines_process_is_left_alone_for_a_day() -> None:
    _, boot, pid, started = owner.this_process().split(":")
    marker = f"ffffffff:{boot}:{pid}:{started}"
    assert (owner.is_gone(marker, age_s=3600), owner.is_gone(marker, age_s=90_000)) == (False, True)


def test_a_held_write_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.open(path).close()
    code = """
        import sqlite3, sys, time
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        time.sleep(0.3)
        connection.execute("COMMIT")
    """
    with start(code, path) as holder, closing(Ledger.open(path)) as ledger:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert ledger.begin_dispatch("ask")
