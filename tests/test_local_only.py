"""A job that must stay on this machine: which candidates are passed over for it, in the route and in the fallback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, Result
from llmswitch.engine.locality import leaves_machine
from llmswitch.errors import ExitCode
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

PROFILE = """
[models.paid]
provider = "anthropic"
model = "claude-haiku-4-5"
[models.own]
provider = "ollama"
model = "glm-4.7"
[models.last]
provider = "openai"
model = "gpt-5.4-mini"
[routes]
default = ["paid", "own"]
[fallback]
chain = ["last"]
"""
MUST_STAY = "must stay"


class Fixed:
    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        return Label("docs", 1.0)


def ask(upstream: Upstream, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: object) -> Result:
    for name, url in (
        ("ANTHROPIC_BASE_URL", upstream.anthropic_url),
        ("OPENAI_BASE_URL", upstream.openai_url),
        ("OLLAMA_HOST", upstream.ollama_url),
    ):
        monkeypatch.setenv(name, url)
    (folder / "p.toml").write_text(PROFILE, encoding="utf-8")
    ledger = Ledger.open(folder / "ledger.db")
    engine = Engine(load_profile(str(folder / "p.toml"), project=False), ledger, Fixed())
    request = Request((Message("user", (Text("private"),)),))

    async def emit(event: DispatchEvent) -> None:
        """Nobody looks."""

    async def main() -> Result:
        try:
            return await engine.run(Job(request, "private", local_only=True, **more), emit)  # type: ignore[arg-type]
        finally:
            await engine.aclose()
            ledger.close()

    return asyncio.run(main())


def asked(upstream: Upstream) -> list[str]:
    return [seen.model for seen in upstream.requests if seen.method == "POST"]


def test_only_the_local_model_is_asked(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = ask(upstream, tmp_path, monkeypatch)
    assert (result.text, asked(upstream)) == (DEFAULT_TEXT, ["glm-4.7"])


def test_the_fallback_of_a_failed_local_model_does_not_leave_the_machine(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.script(Reply(status=500), times=None)
    result = ask(upstream, tmp_path, monkeypatch)
    assert set(asked(upstream)) == {"glm-4.7"}
    assert result.error is not None
    assert MUST_STAY in result.error.message


def test_a_remote_model_asked_for_by_name_is_not_asked(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ask(upstream, tmp_path, monkeypatch, model="paid")
    assert asked(upstream) == []
    assert result.error is not None
    assert result.error.exit_code == ExitCode.NO_CANDIDATE


OLLAMA = ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST", key_required=False)


def test_a_model_that_ollama_hosts_is_not_local() -> None:
    reason = leaves_machine(Model("big", "ollama", "gpt-oss:120b-cloud", local=True), OLLAMA)
    assert reason is not None
    assert MUST_STAY in reason


def test_an_ollama_on_another_machine_is_not_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "gpu-box:11434")
    reason = leaves_machine(Model("own", "ollama", "glm-4.7", local=True), OLLAMA)
    assert reason is not None
    assert "gpu-box" in reason


def test_a_server_of_this_machine_behind_a_proxy_is_not_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    reason = leaves_machine(Model("own", "ollama", "glm-4.7", local=True), OLLAMA)
    assert reason is not None
    assert "proxy.example" in reason


@pytest.mark.parametrize("local", [True, False])
def test_a_loopback_server_is_local_only_where_the_profile_says_so(local: bool) -> None:
    settings = ProviderSettings("lab", kind="openai-chat", base_url="http://127.0.0.1:8080/v1")
    assert (leaves_machine(Model("own", "lab", "m", local=local), settings) is None) == local


def test_a_vendor_is_not_local_whatever_the_profile_says() -> None:
    settings = ProviderSettings("anthropic", kind="anthropic", base_url_env="ANTHROPIC_BASE_URL")
    assert leaves_machine(Model("paid", "anthropic", "m", local=True), settings) is not None
