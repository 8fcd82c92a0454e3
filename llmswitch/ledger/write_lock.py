"""Taking SQLite's write lock, where many processes write little and often.

SQLite's own way of waiting sleeps 1 ms, then 2, 5, 10, 15 …: many times the fifth of a millisecond that a call's row takes
to write, so a writer that met two others waited 3 ms for a lock that was free long before. Here the first sleeps are as
short as the writes they wait for, and grow only where somebody holds the lock for long (an import, a vacuum).
"""

from __future__ import annotations

import random
import sqlite3
import time

FIRST_SLEEP_S = 50e-6
LONGEST_SLEEP_S = 5e-3
_GROWTH = 1.25


def begin(connection: sqlite3.Connection, timeout_s: float) -> None:
    """Begin a transaction that holds the write lock from its start. Raises sqlite3.OperationalError (busy) when it could
    not be had for `timeout_s` seconds, which stay the connection's own patience for everything else."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        _take(connection, timeout_s)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * timeout_s)}")


def _take(connection: sqlite3.Connection, timeout_s: float) -> None:
    sleep_s, until = FIRST_SLEEP_S, None
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            until = until or time.monotonic() + timeout_s
            if time.monotonic() >= until:
                raise
        else:
            return
        time.sleep(sleep_s * random.uniform(0.5, 1.5))  # noqa: S311 - so that two that met do not meet again
        sleep_s = min(sleep_s * _GROWTH, LONGEST_SLEEP_S)
