"""The vendors' own programs for tests: the real ones, and one that does what it is told.

The real `claude` and `codex` are the first of: what LLMSWITCH_TEST_CLAUDE / LLMSWITCH_TEST_CODEX name, what is on PATH, what
npm installs into pytest's cache folder (once, for all workers). Where none of that works, the tests skip with the reason.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import upstream_wire
from upstream import Upstream

_ENVIRONMENT = dict(os.environ)  # as it was before any test changed it
_PACKAGES = {"claude": "@anthropic-ai/claude-code@2.1.197", "codex": "@openai/codex@0.169.0"}
_WAIT_S = 90.0
OAUTH = "sk-ant-oat01-the-plans-own-login"
FAKE = Path(__file__).with_name("fake_client.py")

Step = dict[str, Any]


@pytest.fixture(scope="session")
def claude_program(pytestconfig: pytest.Config) -> str:
    """The path of the real `claude`."""
    return _real("claude", pytestconfig)


@pytest.fixture(scope="session")
def codex_program(pytestconfig: pytest.Config) -> str:
    """The path of the real `codex`."""
    return _real("codex", pytestconfig)


def _real(name: str, config: pytest.Config) -> str:
    named = _ENVIRONMENT.get(f"LLMSWITCH_TEST_{name.upper()}")
    found = named or shutil.which(name, path=_ENVIRONMENT.get("PATH"))
    return found or _installed(name, config.cache.mkdir("clients"))


def _installed(name: str, folder: Path) -> str:
    """Install the package where no worker has done it yet."""
    program = folder / name / "node_modules" / ".bin" / name
    deadline = time.monotonic() + _WAIT_S
    with (folder / f"{name}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    pytest.skip(f"another worker is still installing {name}")
                time.sleep(0.2)
        if not (folder / name / "done").exists():
            _npm_install(name, folder / name, deadline - time.monotonic())
    return str(program)


def _npm_install(name: str, folder: Path, seconds: float) -> None:
    npm = shutil.which("npm", path=_ENVIRONMENT.get("PATH"))
    if npm is None:
        pytest.skip(f"{name} is not on PATH, and there is no npm to install it with")
    folder.mkdir(exist_ok=True)
    package = _PACKAGES[name]
    # npm 11 and later run the step that puts the program in its place only for packages that are named here
    allowed = {"private": True, "allowScripts": {package.rpartition("@")[0]: True}}
    (folder / "package.json").write_text(json.dumps(allowed))
    try:
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", package],
            cwd=folder,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=max(1.0, seconds),
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm took too long to install {package}")
    if done.returncode:
        pytest.skip(f"npm could not install {package}: {done.stderr.strip()[-200:]}")
    (folder / "done").touch()


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[..., list[str]]:
    """A function from steps (see fake_client.py) to the command that runs them."""

    def command(*steps: Step) -> list[str]:
        path = tmp_path / "scenario.json"
        path.write_text(json.dumps(steps))
        return [sys.executable, str(FAKE), str(path)]

    return command


@pytest.fixture
def with_pid(tmp_path: Path) -> Callable[[str], tuple[list[str], Path]]:
    """A function from a program to a command that writes the id it runs under into the file it names."""

    def command(program: str) -> tuple[list[str], Path]:
        path = tmp_path / "pid"
        return ["/bin/sh", "-c", f'echo $$ > "{path}"; exec "$0" "$@"', program], path

    return command


def alive_in_group(group: int, seconds: float = 5.0) -> list[str]:
    """The processes of that group that still run after a moment; those that only wait for whoever inherited them do not
    count. The moment is used up only when the test fails."""
    deadline = time.monotonic() + seconds
    while (alive := _running_in(group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _running_in(group: int) -> list[str]:
    shown = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 2) for line in shown.splitlines()]
    return [line[2] for line in lines if line[0] == str(group) and not line[1].startswith("Z")]


async def until(done: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that must happen; the limit is reached only when the test fails."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.02)


@pytest.fixture
def codex_upstream(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """The scripted upstream, whose Responses streams carry the message items that codex takes the answer from."""
    plain = upstream_wire.responses_stream

    def with_items(reply: upstream_wire.Reply, model: str, asked: upstream_wire.Json) -> Iterator[upstream_wire.Chunk]:
        item = {"id": "msg_1", "type": "message", "role": "assistant"}
        content = [{"type": "output_text", "text": reply.text, "annotations": []}]
        pieces = len(reply.pieces())
        for chunk in plain(reply, model, asked):
            if isinstance(chunk, upstream_wire.Piece) and pieces == len(reply.pieces()):
                yield _event("response.output_item.added", {**item, "status": "in_progress", "content": []})
            yield chunk
            if isinstance(chunk, upstream_wire.Piece):
                pieces -= 1
                if not pieces:
                    yield _event("response.output_item.done", {**item, "status": "completed", "content": content})

    monkeypatch.setitem(upstream_wire.STREAMS, "responses", with_items)
    return upstream


def _event(kind: str, item: dict[str, Any]) -> bytes:
    payload = {"type": kind, "sequence_number": 0, "output_index": 1, "item": item}
    return f"event: {kind}\ndata: {json.dumps(payload)}\n\n".encode()


@pytest.fixture
def chatgpt_login(home: Path) -> str:
    """A login of codex with a ChatGPT plan in the test's home; the bearer token it will send."""
    claims = {"chatgpt_plan_type": "pro", "chatgpt_account_id": "acc_1", "chatgpt_user_id": "u_1"}
    body = {"email": "a@example.com", "exp": int(time.time()) + 86_400, "https://api.openai.com/auth": claims}
    token = ".".join(_base64(part) for part in ({"alg": "none", "typ": "JWT"}, body, "signature"))
    tokens = {"id_token": token, "access_token": token, "refresh_token": "r", "account_id": "acc_1"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    _codex_login(home, {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": now})
    return token


@pytest.fixture
def api_key_login(home: Path) -> None:
    """A login of codex with an API key in the test's home."""
    _codex_login(home, {"OPENAI_API_KEY": "sk-proj-abcdefghijklmnopqrstuv"})


def _codex_login(home: Path, content: dict[str, Any]) -> None:
    folder = home / ".codex"
    folder.mkdir()
    (folder / "auth.json").write_text(json.dumps(content))


def _base64(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
