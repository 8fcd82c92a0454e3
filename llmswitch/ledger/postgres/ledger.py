"""The ledger over a PostgreSQL connection. Reports add up its rows; SQLite's sums by the hour are not kept."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import cast

from llmswitch.errors import LedgerError
from llmswitch.ledger.place import without_secret
from llmswitch.ledger.postgres.connection import Connection
from llmswitch.ledger.postgres.schema import prepare
from llmswitch.ledger.store import Ledger

_AWAY = "is the server up, and may this user connect? LLMSWITCH_LEDGER=FILE keeps a ledger in a file meanwhile"


class PostgresLedger(Ledger):
    """As `Ledger`, shared by several machines. Raises LedgerError where the server can't be reached."""

    keeps_sums = False

    def __init__(self, url: str, clock: Callable[[], int]) -> None:
        self.name = without_secret(url)
        self.path = PurePosixPath(self.name)  # type: ignore[assignment]  # what messages name; no file is behind it
        self._clock = clock
        self._lock = threading.RLock()
        self.notes = ()
        self._upkeep = []
        with self._told(_AWAY):
            connection = Connection(url)
            try:
                prepare(connection, self.name)
            except BaseException:
                connection.close()
                raise
        self._connection = cast("sqlite3.Connection", connection)

    def sum_up(self) -> None:
        """There are no sums to bring up."""

    def _checkpoint(self) -> None:
        """The server looks after its own log."""

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    @contextmanager
    def _told(self, hint: str | None = None) -> Iterator[None]:
        try:
            yield
        except ImportError:
            raise LedgerError(
                f"the ledger is {self.name}, and psycopg is not installed",
                hint='pip install "llmswitch[postgres]", or LLMSWITCH_LEDGER=FILE for a ledger in a file',
            ) from None
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self.name}: {error}", hint=hint) from error
