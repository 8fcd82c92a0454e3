"""The built wheel in an empty virtual environment; and that every distribution that is imported is declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from upstream import DEFAULT_TEXT, Upstream

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_carries_profiles_weights_and_prices(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"llmswitch/shipped_profiles/{path.name}" for path in (ROOT / "profiles").glob("*.toml")}
    shipped |= {f"llmswitch/shipped_profiles/scenarios/{path.name}" for path in (ROOT / "profiles/scenarios").glob("*")}
    assert shipped <= names
    assert {"llmswitch/py.typed", "llmswitch/ledger/price_snapshot.json", "llmswitch/classify/linear.weights"} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks"))]


@pytest.mark.timeout(600)
def test_the_wheel_works_in_an_empty_environment(wheel: Path, home: Path, upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, timeout=500)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "OLLAMA_HOST": upstream.ollama_url}
    environment |= {"ANTHROPIC_BASE_URL": upstream.anthropic_url, "LANG": "C.UTF-8"}
    program = str(folder / "bin" / "llmswitch")

    def output(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], env=environment, cwd=home, capture_output=True, stdin=subprocess.DEVNULL, check=True
        )
        return done.stdout.decode()

    assert output("--version").startswith("llmswitch ")
    assert "auto" in output("profile", "list")
    assert output("-P", "api", "ask", "-q", "hello") == DEFAULT_TEXT
    assert "1 call" in output("cost", "--month")


def test_every_imported_distribution_is_declared() -> None:
    declared = {_name(line) for line in PROJECT["dependencies"]}
    for extra in ("embedded", "semantic", "redis", "postgres"):
        declared |= {_name(line) for line in PROJECT["optional-dependencies"][extra]}
    owners = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {module}"
        for path, module in _imports(ROOT / "llmswitch")
        if module not in sys.stdlib_module_names
        and module != "llmswitch"
        and not declared & {_name(owner) for owner in owners.get(module, [module])}
    }
    allowed = {"llmswitch/ledger/price_snapshot.py: genai_prices"}  # makes the snapshot; a developer's tool
    assert undeclared - allowed == set()


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0].lower().replace("_", "-")


def _imports(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield path, node.module.partition(".")[0]
