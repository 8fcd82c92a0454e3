"""llama.cpp inside this process: loading a GGUF file silently and privately.

xllamacpp offers llama.cpp as its HTTP server with a side door for calls from Python. The server part always listens: here on a
Unix socket in a 0700 folder that is removed as soon as it listens, so that nobody can reach it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from llmswitch.errors import ProtocolError

WINDOWS = tuple(k * 1024 for k in (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256))
"""Sizes of a context window in tokens; steps, so that a growing conversation does not reload the model at every turn."""
BATCH_TOKENS = 32
"""Of a prompt, evaluated between two looks at whether the call was cancelled: about 0.3 s on one slow core."""
_SILENT = -1
_LONGEST_FOLDER = 70
"""Characters; a socket's whole path may have 104 to 108, by system."""


def window(needed: int, limit: int) -> int:
    """The smallest step that holds `needed` tokens, at most `limit`, the model's own window."""
    return min(next((step for step in WINDOWS if step >= needed), limit), limit)


def threads() -> int:
    """How many threads to compute with: half of the cores. They wait for each other at every layer, so where another
    program takes one core from them, all crawl: with as many threads as cores a busy machine is ten times slower than
    with half as many."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)


def load(path: Path, window_tokens: int, thread_count: int) -> Any:
    """An `xllamacpp.Server` with `path` in memory. Blocks for about a second. Raises ProtocolError where llama.cpp can't
    load the file. The server stops when the last reference to it is gone."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = window_tokens
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = thread_count
    params.verbosity = _SILENT
    params.fit_params = False  # it would load the file twice to see whether it fits a graphics card
    params.warmup = False
    params.cache_ram_mib = 0  # else up to 8 GiB of earlier prompts
    params.n_ctx_checkpoints = 0
    params.n_threads_http = 1
    params.ui = False
    params.endpoint_slots = False
    with tempfile.TemporaryDirectory(prefix="llmswitch-", dir=_short_folder()) as private:
        params.hostnames = [f"{private}/llama.sock"]
        try:
            server = xllamacpp.Server(params)
        except RuntimeError:  # it has no more to say than that it failed
            raise ProtocolError(
                f"llama.cpp can't load {path}: the file is cut off or damaged, its architecture is unknown to this version, "
                "or there is not enough memory"
            ) from None
    _wait_until_it_works(server)
    return server


def _wait_until_it_works(server: Any) -> None:
    """Have one token made. A server that is told to stop before its own thread has come into its loop never stops, and
    whoever lets go of it waits for ever."""
    server.handle_completions({"prompt": "a", "n_predict": 1, "cache_prompt": False}, lambda _: False)


def _short_folder() -> str | None:
    """Where the socket's folder is made: the system's place for temporary files, unless its name is too long for one."""
    return None if len(tempfile.gettempdir()) < _LONGEST_FOLDER else "/tmp"  # noqa: S108  # a 0700 folder is made in it
