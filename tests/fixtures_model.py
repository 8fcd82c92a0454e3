"""The real language model that tests run against."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gguf_path() -> Path:
    """The small default model's file, which LLMSWITCH_TEST_GGUF names; CI sets it."""
    named = os.environ.get("LLMSWITCH_TEST_GGUF")
    if not named:
        pytest.skip("LLMSWITCH_TEST_GGUF does not name a model file")
    pytest.importorskip("xllamacpp", reason="the embedded extra is not installed")
    return Path(named)
