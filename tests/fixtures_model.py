"""The real language model that tests run against: 98 MB, fetched once by llmswitch's own way into pytest's cache folder."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from pathlib import Path

import pytest

from llmswitch.errors import LlmSwitchError
from llmswitch.providers import model_fetch, model_file

_NAMED = os.environ.get("LLMSWITCH_TEST_GGUF")


@pytest.fixture(scope="session")
def gguf_path(pytestconfig: pytest.Config) -> Path:
    """The file that LLMSWITCH_TEST_GGUF names, else the default model's."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("the embedded extra is not installed")
    if _NAMED:
        return Path(_NAMED)
    folder = pytestconfig.cache.mkdir("models")
    try:
        asyncio.run(_fetch(folder))
    except LlmSwitchError as error:
        pytest.skip(f"the model file can't be fetched: {error.message}")
    found = model_file.present(model_file.DEFAULT, folder)
    assert found is not None
    return found


async def _fetch(folder: Path) -> None:
    async for _ in model_fetch.fetch(model_file.DEFAULT, folder):
        """Progress, which nobody watches."""
