"""Every test gets a home of its own, an environment without anybody's keys, and fails when it touches the real home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = [
    "fixtures_upstream",
    "fixtures_model",
    "fixtures_ollama",
    "fixtures_clients",
    "fixtures_postgres",
    "fixtures_redis",
    "fixtures_git",
]

_REAL_HOME = Path.home()
_KEPT = (
    "LLMSWITCH_TEST_GGUF",
    "LLMSWITCH_TEST_POSTGRES",
)
_FOREIGN = (
    "ANTHROPIC_",
    "OPENAI_",
    "OPENROUTER_",
    "GEMINI_",
    "GOOGLE_",
    "OLLAMA_",
    "LLMSWITCH_",
    "CLAUDE",
    "CODEX_",
    "XDG_",
)
_SINGLE = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "VISUAL", "EDITOR")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder; variables that change what llmswitch does are gone."""
    for name in list(os.environ):
        if name not in _KEPT and (name.startswith(_FOREIGN) or name.upper() in _SINGLE):
            monkeypatch.delenv(name)
    own = tmp_path / "home"
    own.mkdir()
    monkeypatch.setenv("HOME", str(own))
    monkeypatch.setenv("TERM", "xterm-256color")  # a dumb one has no colours
    before = _ours_in(_REAL_HOME)
    yield own
    assert _ours_in(_REAL_HOME) == before, "a test wrote into the real home folder"


def _ours_in(home_folder: Path) -> list[Path]:
    folders = (".config", ".local/share", ".local/state", ".cache")
    return [path for folder in folders if (path := home_folder / folder / "llmswitch").exists()]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: there every part that a test needs can be had."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None or hasattr(session.config, "workerinput"):
        return
    for report in reporter.stats.get("skipped", []):
        reporter.write_line(f"skipped, which CI does not allow: {report.nodeid}: {report.longrepr[2]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
