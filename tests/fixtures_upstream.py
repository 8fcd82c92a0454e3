"""Fixtures around providers: the scripted upstream, ports that fail, and llama.cpp's own server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from upstream import Upstream, nobody_listens, running_upstream, silent_port


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A fresh scripted upstream for this test."""
    with running_upstream() as server:
        yield server


@pytest.fixture
def refused_url() -> str:
    """A base URL where nobody listens."""
    return nobody_listens()


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A base URL where the handshake never ends."""
    with silent_port() as url:
        yield url


@pytest.fixture(scope="session")
def llama_server(gguf_path: Path) -> Iterator[str]:
    """The base URL of llama.cpp's own HTTP server with the real model. It speaks `/v1/messages`, `/v1/chat/completions` and
    `/v1/responses`."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf_path)
    params.n_ctx = 2_048
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    yield str(server.listening_address).rstrip("/")
    del server
