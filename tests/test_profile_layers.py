"""Layers of a profile: who wins, where a value came from, what a project may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmswitch import paths
from llmswitch.errors import ConfigError
from llmswitch.profile import layers, load_profile, shipped_names
from llmswitch.tasks import TASKS

MODEL = '[models.a]\nprovider = "openai"\nmodel = "gpt-5"\n'


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def profile_file(tmp_path: Path) -> Path:
    return write(tmp_path / "mine.toml", MODEL + '[routes]\ndefault = ["a"]\n[cache]\nttl_s = 1\n')


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "deep" / "er").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_profile_is_valid_and_routes_every_task(name: str, tmp_path: Path) -> None:
    profile = load_profile(name, start=tmp_path)
    assert all(profile.route(task).models() for task in TASKS)


def test_the_reference_mix_has_its_routes_and_chain(tmp_path: Path) -> None:
    profile = load_profile("default", start=tmp_path)
    first = {task: profile.models[route.models()[0]].model for task, route in profile.routes.items()}
    assert first["design"] == first["refactor"] == "claude-opus-4-6"
    assert first["implement"] == first["bugfix"] == first["test"] == "claude-sonnet-4-5"
    assert first["review"] == "qwen2.5-coder:32b"
    assert first["docs"] == "claude-haiku-4-5"
    assert first["quickfix"] == "glm-4.7"
    assert first["research"] == "deepseek/deepseek-v3.2"
    assert first["agentic"] == "gpt-5.3-codex"
    assert first["longcontext"] == "gemini-2.5-flash"
    assert profile.chain == ("sonnet", "qwen-coder", "deepseek", "gpt-oss", "glm")
    assert profile.route("test").models("easy")[0] == "qwen-coder"


def test_each_layer_wins_over_the_one_below(profile_file: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(paths.user_config_file(), "[cache]\nttl_s = 2\n[classifier]\nthreshold = 0.2\n")
    write(project / ".llmswitch.toml", "[classifier]\nthreshold = 0.3\n")
    monkeypatch.setenv("LLMSWITCH_CLASSIFIER_DEADLINE_MS", "77")
    profile = load_profile(str(profile_file), start=project / "deep" / "er")
    assert profile.settings["cache"]["ttl_s"] == 2
    assert profile.settings["classifier"]["threshold"] == 0.3
    assert profile.settings["classifier"]["deadline_ms"] == 77


def test_every_value_knows_its_file_and_line(
    profile_file: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = write(paths.user_config_file(), "\n[cache]\nttl_s = 2\n")
    monkeypatch.setenv("LLMSWITCH_CACHE_STORE", "disk")
    origins = load_profile(str(profile_file), start=project).origins
    assert str(origins["models", "a", "model"]) == f"{profile_file}:3"
    assert str(origins["cache", "ttl_s"]) == f"{user}:3"
    assert str(origins["cache", "store"]) == "$LLMSWITCH_CACHE_STORE"


def test_a_profile_extends_another(tmp_path: Path) -> None:
    child = write(tmp_path / "child.toml", 'extends = "local"\n[routes]\ndesign = ["embedded"]\n')
    profile = load_profile(str(child), start=tmp_path)
    assert profile.route("design").models() == ("embedded",)
    assert profile.route("chat").models() == ("ollama", "embedded")


def test_a_profile_that_extends_itself_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", f'extends = "{tmp_path}/b.toml"\n')
    write(tmp_path / "b.toml", f'extends = "{tmp_path}/a.toml"\n')
    with pytest.raises(ConfigError, match="extends itself"):
        load_profile(str(tmp_path / "a.toml"), start=tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[models.a]\nprovidr = "x"\n', 2, "unknown key 'providr'.*did you mean 'provider'"),
        (MODEL + "[route]\n", 4, "unknown key 'route'.*did you mean 'routes'"),
        (MODEL + '[routes]\ndesgin = ["a"]\n', 5, "did you mean 'design'"),
        (MODEL + '[routes]\ndesign = ["b"]\n', 5, "unknown model 'b'"),
        (MODEL + '[routes]\ndesign = [\n  "a",\n  "bb",\n]\n', 5, "unknown model 'bb'"),
        (MODEL + "[cache]\nttl_s = -1\n", 5, "whole number"),
        (MODEL + '[cache]\nstore = "disc"\n', 5, "one of disk, redis, off"),
        (MODEL + "tier = true\n", 4, "whole number"),
        (MODEL + 'plan = "max"\n', 4, "unknown plan 'max'"),
        ('[models.a]\nmodel = "x"\n', 2, "needs 'provider'"),
        ('[models.a]\nprovider = "nobody"\nmodel = "x"\n', 2, "unknown provider 'nobody'"),
        (MODEL + "price = { input = 1 }\n", 4, "needs 'output'"),
        ("[plans.p]\nreserve = 0.1\n", 2, "needs 'fee_usd'"),
        ("[plans.p]\nfee_usd = -2\n", 2, "amount in dollars"),
        ('[plans.p]\nfee_usd = 2\nreserved_for = ["desing"]\n', 3, "unknown task 'desing'"),
        (MODEL + '[fallback]\nchain = ["zz"]\n', 5, "fallback.chain names the unknown model 'zz'"),
    ],
)
def test_an_error_names_file_line_and_the_nearest_name(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = write(tmp_path / "bad.toml", text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_profile(str(path), start=tmp_path)
    assert caught.value.file == str(path)
    assert caught.value.line == line


def test_broken_toml_is_a_configuration_error(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.toml", "[models\n")
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 1"):
        load_profile(str(path), start=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[providers.openai]\nbase_url = "http://evil"\n',
        '[providers.x]\napi_key_cmd = "cat ~/.ssh/id"\n',
        '[models.a]\nprovider = "openai"\nmodel = "x"\n',
        '[models.a.options]\npath = "/etc/passwd"\n',
        '[cache]\nurl = "redis://evil"\n',
        'profile = "../evil.toml"\n',
        "[budget]\nmonth_usd = 9999\n",
    ],
)
def test_an_untrusted_project_may_not_set_it(profile_file: Path, project: Path, text: str) -> None:
    write(project / ".llmswitch.toml", text)
    with pytest.raises(ConfigError, match="before you trust it"):
        load_profile(str(profile_file), start=project)


def test_a_trusted_project_may_until_its_file_changes(profile_file: Path, project: Path) -> None:
    path = write(project / ".llmswitch.toml", "[cache]\nttl_s = 5\n")
    layers.trust(path)
    assert load_profile(str(profile_file), start=project).settings["cache"]["ttl_s"] == 5
    write(path, "[cache]\nttl_s = 6\n")
    with pytest.raises(ConfigError, match="before you trust it"):
        load_profile(str(profile_file), start=project)


def test_a_project_file_outside_a_repository_counts_only_in_its_own_folder(profile_file: Path, tmp_path: Path) -> None:
    write(tmp_path / "loose" / ".llmswitch.toml", "[classifier]\nthreshold = 0.9\n")
    (tmp_path / "loose" / "below").mkdir()
    below = load_profile(str(profile_file), start=tmp_path / "loose" / "below")
    assert below.settings["classifier"]["threshold"] == 0.55


def test_a_model_can_be_named_by_provider_and_id(profile_file: Path, tmp_path: Path) -> None:
    model = load_profile(str(profile_file), start=tmp_path).model("openrouter/deepseek/deepseek-v3.2")
    assert (model.provider, model.model) == ("openrouter", "deepseek/deepseek-v3.2")


def test_a_model_that_is_named_by_hand_is_on_its_providers_plan(tmp_path: Path) -> None:
    profile = load_profile("default", start=tmp_path)
    assert profile.model("claude-code/claude-opus-5-5").plan == "claude-max"
    assert profile.model("openrouter/openai/gpt-oss-20b").plan is None


def test_an_unknown_model_name_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'sonnet'"):
        load_profile("default", start=tmp_path).model("sonet")


def test_a_file_wins_over_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "local", MODEL)
    monkeypatch.chdir(tmp_path)
    assert set(load_profile("local").models) == {"a"}


def test_a_wrong_value_in_the_environment_names_the_variable(
    profile_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMSWITCH_CACHE_TTL_S", "soon")
    with pytest.raises(ConfigError, match=r"\$LLMSWITCH_CACHE_TTL_S: must be a whole number"):
        load_profile(str(profile_file))
