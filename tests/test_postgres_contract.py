"""The ledger in PostgreSQL keeps the promises of the one in a file: the same tests, over a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures_postgres import Server

HERE = Path(__file__).parent


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "module",
    [
        "test_ledger_store",
        "test_ledger_limits",
        "test_ledger_report",
        "test_ledger_month",
        "test_budget",
        "test_history_store",
    ],
)
def test_what_holds_for_a_file_holds_for_a_database(module: str, postgres: Server) -> None:
    del postgres  # skips where there is no server; each run starts one of its own
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-n",
            "0",
            "-x",
            f"{module}.py",
            "-m",
            "not only_a_file",
        ],
        cwd=HERE,
        env={**os.environ, "LLMSWITCH_TEST_POSTGRES": "1", "CI": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
