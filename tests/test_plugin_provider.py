"""A third party's provider: a distribution with one class and one entry point, installed and used."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
import subprocess
import sys
import tomllib
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from command import Command, command_for

PLUGIN = Path(__file__).parent / "plugin"
GUIDE = Path(__file__).parent.parent / "docs" / "providers.md"
PROFILE = """
[providers.echo]
kind = "echo"
[models.parrot]
provider = "echo"
model = "parrot-1"
free = true
[routes]
default = ["parrot"]
[classifier]
mode = "linear"
"""


def pack(folder: Path, code: str | None = None) -> Path:
    """The wheel of tests/plugin, as its build backend would make it (which a test can't fetch); `code` replaces the
    module's."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    )
    files = {
        "llmswitch_echo.py": code or (PLUGIN / "llmswitch_echo.py").read_text(),
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{stem}.dist-info/entry_points.txt": points,
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text.encode())}\n" for name, text in files.items())
    files[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def install(wheel: Path, home: Path) -> Command:
    """`llmswitch` beside the installed wheel, and a profile that uses it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    site = home / "site"
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
    (home / "parrot.toml").write_text(PROFILE)
    command = command_for(home, None)
    return Command(home, command.environment | {"PYTHONPATH": str(site)})


def test_an_installed_provider_answers_by_its_entry_point(home: Path) -> None:
    done = install(pack(home), home)("ask", "-P", "parrot.toml", "hello there")
    assert (done.code, done.out) == (0, "HELLO THERE "), done.err


def test_an_installed_provider_s_calls_are_in_the_ledger(home: Path) -> None:
    install(pack(home), home)("ask", "-P", "parrot.toml", "hello there")
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as connection:
        rows = connection.execute(
            "SELECT provider, model_id, status, input_tokens, cost_source FROM attempts"
        ).fetchall()
    assert rows == [("echo", "parrot-1", "ok", 2, "free")]


def test_a_provider_that_nobody_installed_is_a_configuration_error(home: Path) -> None:
    (home / "parrot.toml").write_text(PROFILE)
    done = command_for(home, None)("ask", "-P", "parrot.toml", "hello")
    assert done.code == 78
    assert "unknown kind 'echo'" in done.err


def test_an_installed_provider_that_does_not_import_is_a_configuration_error(home: Path) -> None:
    done = install(pack(home, code="import no_such_module\n"), home)("ask", "-P", "parrot.toml", "hello")
    assert done.code == 78
    assert "no_such_module" in done.err


@pytest.mark.parametrize("name", ["pyproject.toml", "llmswitch_echo.py"])
def test_the_guide_shows_the_plug_in_that_is_tested(name: str) -> None:
    shown = re.findall(r"^```\w+\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert (PLUGIN / name).read_text() in shown
