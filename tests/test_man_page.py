"""The man page: it names every command and option, and roff has nothing to say against it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from llmswitch.cli import COMMANDS

PAGE = Path(__file__).parent.parent / "docs/llmswitch.1"


def rendered() -> subprocess.CompletedProcess[str]:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    return subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=100n", str(PAGE)],
        capture_output=True,
        text=True,
        check=True,
    )


def test_roff_reads_it_without_a_warning() -> None:
    assert rendered().stderr == ""


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_its_part(verb: str) -> None:
    assert f"\n   llmswitch {verb}\n" in rendered().stdout


def test_options_read_as_they_are_typed() -> None:
    shown = rendered().stdout
    assert "--max-cost USD" in shown
    assert "-m, --model NAME" in shown
    assert "~/.config/llmswitch/config.toml" in shown
