"""A real PostgreSQL server for the tests that share a ledger: one for the session, a database of its own for each ledger."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_DEBIAN = Path("/usr/lib/postgresql")


@dataclass
class Server:
    """A running server on a Unix socket in `folder`."""

    folder: Path
    databases: dict[str, str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The URL of the database that stands for `name`; made when first asked for."""
        import psycopg

        if name not in self.databases:
            database = f"ledger_{len(self.databases)}"
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database}".encode())
            self.databases[name] = self._url(database)
        return self.databases[name]

    def _url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.folder}&user=llmswitch"


def _program(name: str) -> str | None:
    found = sorted(_DEBIAN.glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@pytest.fixture(autouse=True)
def shared_ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With LLMSWITCH_TEST_POSTGRES=1, whatever file a test names, the ledger is a database that stands for it."""
    if not os.environ.get("LLMSWITCH_TEST_POSTGRES"):
        yield
        return
    from llmswitch.ledger.postgres.ledger import PostgresLedger
    from llmswitch.ledger.store import Ledger

    server: Server = request.getfixturevalue("postgres")
    files: dict[str, str] = {}
    every: list[Ledger] = []

    def opened(
        _: type[Ledger], path: Path | str | None = None, *, clock: Callable[[], int] | None = None
    ) -> PostgresLedger:
        file = files.get(str(path), str(path))
        ledger = PostgresLedger(server.url(file), clock or (lambda: time.time_ns() // 1000))
        files[str(ledger.path)] = file  # for a test that opens the same ledger again by its own name
        every.append(ledger)
        ledger.sweep_lost()
        return ledger

    monkeypatch.setattr(Ledger, "open", classmethod(opened))
    yield
    for ledger in every:
        ledger.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server. It refuses to run as root, so that root starts it as `nobody`."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL's server is not installed")
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="llmswitch-pg-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=60"

    def run(*argv: str) -> None:
        subprocess.run(
            argv, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, env={"PATH": os.defpath, "LC_ALL": "C"}
        )

    try:
        run(initdb, "-D", str(data), "-A", "trust", "-U", "llmswitch", "-E", "UTF8", "--no-sync")
        run(pg_ctl, "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield Server(folder)
        run(pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
