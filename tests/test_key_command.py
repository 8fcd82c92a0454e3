"""`llmswitch key`: kept in a keyring or a private file, found by the adapters, never shown."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
from pathlib import Path

import pytest
from command import Command, command_for
from upstream import Upstream

KEY = b"sk-kept-key-0123456789"
KEYRING = "keyrings.alt.file.PlaintextKeyring"
NO_KEYRING = "keyring.backends.fail.Keyring"


@pytest.fixture
def command(home: Path) -> Command:
    """On a system without a keyring."""
    return with_keyring(command_for(home, None), NO_KEYRING)


def with_keyring(command: Command, backend: str) -> Command:
    return Command(command.home, command.environment | {"PYTHON_KEYRING_BACKEND": backend})


def keys_file(home: Path) -> Path:
    return home / ".config/llmswitch/keys.json"


@pytest.fixture
def keyless(home: Path, upstream: Upstream) -> Command:
    """A command whose provider asks for a key that no variable holds."""
    profile = home / "p.toml"
    profile.write_text(
        '[models.m]\nprovider = "one"\nmodel = "m"\n[routes]\ndefault = ["m"]\n[classifier]\nmode = "linear"\n'
        '[providers.one]\nkind = "openai-chat"\nkey_required = true\napi_key_env = "ONE_KEY"\n'
        f'base_url = "{upstream.openai_url}"\n'
    )
    command = command_for(home, None)
    return Command(home, command.environment | {"LLMSWITCH_PROFILE": str(profile)})


@pytest.mark.parametrize("backend", [KEYRING, NO_KEYRING], ids=["keyring", "file"])
def test_a_kept_key_is_sent_with_the_request(keyless: Command, upstream: Upstream, backend: str) -> None:
    keyless = with_keyring(keyless, backend)
    assert keyless("key", "set", "one", stdin=KEY + b"\n").code == 0
    done = keyless("ask", "--no-stdin", "hello")
    assert done.code == 0, done.err
    assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY.decode()}"


def test_without_a_keyring_the_key_is_in_a_private_file_and_that_is_said(home: Path, command: Command) -> None:
    done = command("key", "set", "anthropic", stdin=KEY)
    assert done.code == 0
    assert "not encrypted" in done.err
    assert stat.S_IMODE(keys_file(home).stat().st_mode) == 0o600
    assert json.loads(keys_file(home).read_text())["anthropic"]["key"] == KEY.decode()


def test_with_a_keyring_our_file_only_says_that_there_is_one(home: Path, command: Command) -> None:
    assert with_keyring(command, KEYRING)("key", "set", "anthropic", stdin=KEY).code == 0
    assert json.loads(keys_file(home).read_text()) == {"anthropic": {"in": "keyring"}}


def test_list_says_where_each_key_is_and_never_the_key(command: Command) -> None:
    command("key", "set", "anthropic", stdin=KEY)
    done = command("key", "list", "--json", OPENAI_API_KEY="sk-env-0123456789")
    found = {row["provider"]: row["source"] for row in json.loads(done.out)}
    assert found["anthropic"] == "file"
    assert found["openai"] == "OPENAI_API_KEY"
    assert found["openrouter"] is None
    assert KEY.decode() not in done.out + done.err
    assert "sk-env" not in done.out + done.err


@pytest.mark.parametrize("backend", [KEYRING, NO_KEYRING], ids=["keyring", "file"])
def test_remove_forgets_the_key(keyless: Command, home: Path, upstream: Upstream, backend: str) -> None:
    keyless = with_keyring(keyless, backend)
    keyless("key", "set", "one", stdin=KEY)
    assert keyless("key", "remove", "one").code == 0
    keyless("ask", "--no-stdin", "hello")
    assert KEY.decode() not in upstream.requests[-1].headers.get("authorization", "")
    assert not any(KEY in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_remove_of_what_is_not_there_fails_and_says_so(command: Command) -> None:
    done = command("key", "remove", "anthropic")
    assert (done.code, "no key of anthropic" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (("set", "antropic"), KEY, "did you mean 'anthropic'"),
        (("set", "claude-code"), KEY, "takes no key"),
        (("set", "anthropic"), b"\n", "no key was given"),
        (("set", "anthropic"), b"two words", "white space"),
        (("set", "anthropic"), b"export A=1\nsk-x", "white space"),
    ],
)
def test_a_key_that_can_not_be_kept_is_refused(
    home: Path, command: Command, arguments: tuple[str, ...], stdin: bytes, told: str
) -> None:
    done = command("key", *arguments, stdin=stdin)
    assert done.code == 2
    assert told in done.err
    assert not keys_file(home).exists()


def test_a_garbled_file_is_told_and_left_alone(home: Path, command: Command) -> None:
    keys_file(home).parent.mkdir(parents=True)
    keys_file(home).write_text("[]")
    done = command("key", "set", "anthropic", stdin=KEY)
    assert done.code == 78
    assert "keys.json" in done.err
    assert keys_file(home).read_text() == "[]"


def test_on_a_terminal_the_key_is_not_echoed(home: Path, command: Command) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command.argv("key", "set", "anthropic"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=command.environment,
        cwd=home,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"not shown" not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, KEY + b"\n")
        try:
            while piece := os.read(ours, 1000):
                shown += piece
        except OSError:  # the other side was closed
            pass
        assert process.wait(60) == 0
    os.close(ours)
    assert KEY not in shown
    assert KEY.decode() in keys_file(home).read_text()
