"""The scan for secrets: what it finds, what it lets pass, where it says it is, and that it never asks the network."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import NoReturn

import pytest

from llmswitch.hooks.changes import Diff, FileChange
from llmswitch.hooks.fitted import fit
from llmswitch.hooks.secrets import Secret, scan


def found(path: str, *lines: str) -> list[str]:
    patch = f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)
    diff = Diff("staged", (FileChange(path, "M", added=len(lines), patch=patch),))
    return [secret.rule for secret in scan(fit(diff, 100_000), {})]


def key(*parts: str) -> str:
    """A made-up key, put together here so that no scanner takes this file for a leak."""
    return "".join(parts)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", f'aws = "{key("AKIA", "QWERTYUIOPASDFGH")}"'),
        ("a.txt", key("-----BEGIN OPENSSH ", "PRIVATE KEY-----")),
        ("a.txt", key("-----BEGIN PGP ", "PRIVATE KEY BLOCK-----")),
        ("a.py", f'k = "{key("sk-", "ant-", "api03-", "Zq3v9WkLm2Xy7Rt5Bn8C")}"'),
        ("a.py", f'k = "{key("sk-", "proj-", "Zq3v9WkLm2Xy7Rt5Bn8CdE")}"'),
        ("a.py", f'k = "{key("sk-", "or-v1-", "0123456789abcdef" * 4)}"'),
        ("a.py", f'k = "{key("gh", "p_", "Zq3v9WkLm2Xy7Rt5Bn8CdEfGhIjKlMnOpQrS")}"'),
        ("a.py", f'k = "{key("github", "_pat_", "11ABCDEFG0Zq3v9WkLm2Xy")}"'),
        ("a.py", f'k = "{key("gl", "pat-", "Zq3v9WkLm2Xy7Rt5Bn8C")}"'),
        ("a.py", f'k = "{key("AI", "za", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q")}"'),
        ("a.py", f'k = "{key("xox", "b-", "123456789012-Zq3v9WkLm2Xy")}"'),
        ("a.py", f'k = "{key("sk", "_live_", "Zq3v9WkLm2Xy7Rt5Bn8C")}"'),
        ("a.py", 'url = "postgres://admin:Zq3v9Wk@db.internal/app"'),
        ("a.py", 'password = "Zq3v9WkLm2"'),
        ("a.yml", "password: Zq3v9WkLm2"),
        ("a.go", 'apiKey := "Zq3v9WkLm2Xy7Rt5"'),
        ("deploy.sh", "export DB_PASSWORD=Zq3v9WkLm2"),
        ("Dockerfile", "ENV API_TOKEN=Zq3v9WkLm2Xy7"),
        (
            "a.txt",
            key("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
        ),
    ],
)
def test_a_secret_is_found(path: str, line: str) -> None:
    assert len(found(path, line)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", 'password = os.environ["DB_PASSWORD"]'),
        ("a.py", "password = getpass()"),
        ("a.py", 'api_key = "your-api-key-goes-here-1"'),
        ("a.py", 'api_key_env = "ANTHROPIC_API_KEY"'),
        ("a.py", '"max_tokens": "length",'),
        ("a.py", "def login(user, password=None, token=None):"),
        ("a.yml", "password: ${DB_PASSWORD}"),
        ("a.yml", "password: {{ vault.password }}"),
        ("a.sh", 'export API_TOKEN="$TOKEN"'),
        ("a.sh", "export API_TOKEN=$(pass show token)"),
        ("a.py", 'sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"'),
        ("a.py", 'id = "123e4567-e89b-12d3-a456-426614174000"'),
        ("a.md", "See https://user@example.com/path and https://example.com:443/"),
        ("a.ts", "import { TokenBucketRateLimiterOptions2 } from './token-bucket-rate-limiter'"),
        ("a.py", f'key = "{key("AKIA", "QWERTYUIOPASDFGH")}"  # pragma: allowlist secret'),
    ],
)
def test_what_is_no_secret_passes(path: str, line: str) -> None:
    assert found(path, line) == []


def test_the_middle_of_a_key_is_found_without_its_first_line() -> None:
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
    assert found("key.txt", line, line[::-1], line.swapcase()) == ["Key material"]


def test_added_kept_and_removed_lines_are_told_with_their_own_numbers() -> None:
    secret = f'k = "{key("AKIA", "QWERTYUIOPASDFGH")}"'
    patch = f"@@ -10,3 +20,3 @@\n {secret}\n-{secret}\n+{secret}\n last\n"
    diff = Diff("staged", (FileChange("a.py", "M", added=1, removed=1, patch=patch),))
    rule = "AWS Access Key"
    assert scan(fit(diff, 10_000), {}) == (
        Secret("a.py", 20, rule),
        Secret("a.py", 11, rule, is_removed=True),
        Secret("a.py", 21, rule),
    )


def test_the_context_in_a_hunks_header_is_sent_and_scanned() -> None:
    patch = f'@@ -10,1 +10,1 @@ k = "{key("AKIA", "QWERTYUIOPASDFGH")}"\n-a\n+b\n'
    diff = Diff("staged", (FileChange("a.py", "M", added=1, removed=1, patch=patch),))
    assert len(scan(fit(diff, 10_000), {})) == 1


def test_what_is_cut_away_is_not_scanned() -> None:
    lines = "".join(f"+line_{number}\n" for number in range(5_000))
    patch = f'@@ -0,0 +1,5001 @@\n{lines}+k = "{key("AKIA", "QWERTYUIOPASDFGH")}"\n'
    diff = Diff("staged", (FileChange("a.py", "M", added=5_001, patch=patch),))
    assert scan(fit(diff, 500), {}) == ()


def test_other_texts_are_scanned_under_their_name() -> None:
    hint = f"first\n{key('AKIA', 'QWERTYUIOPASDFGH')}"
    assert scan(fit(Diff("staged", ()), 100), {"hint": hint}) == (Secret("hint", 2, "AWS Access Key"),)


def test_a_secret_in_a_files_name_is_found_and_the_name_not_told() -> None:
    name = f"keys/{key('AKIA', 'QWERTYUIOPASDFGH')}/{key('gh', 'p_', 'Zq3v9WkLm2Xy7Rt5Bn8CdEfGhIjKlMnOpQrS')}.txt"
    diff = Diff("staged", (FileChange(name, "A"),))
    assert scan(fit(diff, 1_000), {}) == (Secret("a file's name", None, "GitHub token"),)


def test_a_hit_shows_no_part_of_the_secret() -> None:
    value = key("AKIA", "QWERTYUIOPASDFGH")
    [secret] = scan(fit(Diff("staged", ()), 100), {"hint": value})
    assert not any(value[start : start + 5] in f"{secret}{secret!r}" for start in range(len(value) - 4))


def test_nothing_is_verified_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the scan opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert found(
        "a.py", f'aws_access_key = "{key("AKIA", "QWERTYUIOPASDFGH")}"', f'aws_secret = "{"Zq3v9WkLm2Xy7Rt5Bn8C" * 2}"'
    )


def test_a_diff_without_anything_suspicious_loads_no_library() -> None:
    program = (
        "import sys\n"
        "from llmswitch.hooks.changes import Diff, FileChange\n"
        "from llmswitch.hooks.fitted import fit\n"
        "from llmswitch.hooks.secrets import scan\n"
        "patch = '@@ -0,0 +1,2 @@\\n+def add(a, b):\\n+    return a + b\\n'\n"
        "assert scan(fit(Diff('staged', (FileChange('a.py', 'M', added=2, patch=patch),)), 1000), {}) == ()\n"
        "assert not any(name.startswith(('detect_secrets', 'requests')) for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_librarys_network_client_is_not_loaded_by_a_scan_and_works_afterwards() -> None:
    program = (
        "import sys\n"
        "from llmswitch.hooks.detectors import library_rule\n"
        "assert library_rule('a.py', 'password = \"Zq3v9WkLm2\"') == 'Secret Keyword'\n"
        "assert 'urllib3' not in sys.modules\n"
        "import requests\n"
        "assert issubclass(requests.exceptions.ConnectionError, requests.RequestException)\n"
        "assert 'urllib3' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
