"""Templates: what a file may say, how variables are filled, and `ask -t`."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from command import Command, command_for
from hypothesis import given
from hypothesis import strategies as st
from upstream import Upstream

from llmswitch import template
from llmswitch.errors import ConfigError, InputError, UsageError
from llmswitch.template import Template


@pytest.fixture
def command(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


def sent(upstream: Upstream) -> str:
    """The prompt as the model got it."""
    content = upstream.requests[-1].body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


def test_variables_are_filled_and_input_stands_where_the_text_says() -> None:
    made = Template("t", "In {{ language }}: {{input}}. Be {{style}}.", defaults={"style": "brief"})
    assert made.filled("sort a list", {"language": "Go"})[0] == "In Go: sort a list. Be brief."


def test_a_template_without_input_gets_it_at_its_end() -> None:
    assert Template("t", "Be brief.").filled("sort a list", {})[0] == "Be brief.\n\nsort a list"


def test_a_value_is_never_filled_again() -> None:
    made = Template("t", "{{a}} {{b}}")
    assert made.filled("", {"a": "{{b}}", "b": "x"})[0] == "{{b}} x"


def test_a_missing_value_is_told_with_the_call_that_gives_it() -> None:
    with pytest.raises(UsageError, match="needs a value for to") as caught:
        Template("t", "{{to}} {{tone}}", defaults={"tone": "plain"}).filled("", {})
    assert caught.value.hint == "llmswitch ask -t t --var to=… [--var tone=…]"


def test_a_value_that_no_variable_takes_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'language'"):
        Template("t", "{{language}}").filled("", {"langage": "Go"})


@pytest.mark.parametrize("text", ["nothing", "=x", "a b=c", "input=x", "x=@/no/such/file"])
def test_an_assignment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        template.values_of([text])


def test_a_value_can_come_from_a_file_and_an_at_sign_can_be_meant(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("from the file")
    found = template.values_of([f"a=@{tmp_path / 'x'}", "b=@@home", "c=k=v"])
    assert found == {"a": "from the file", "b": "@home", "c": "k=v"}


@pytest.mark.parametrize("name", template.names())
def test_every_shipped_template_is_sound_and_says_what_it_is_for(name: str) -> None:
    found = template.load(name)
    assert found.description
    assert set(found.defaults) <= set(found.variables)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prompt = ", "not TOML"),
        ('prompt = "x"\nmodle = "y"', "unknown key 'modle'"),
        ('description = "x"', "needs a prompt"),
        ('prompt = "x"\ntask = "dance"', "not a task"),
        ('prompt = "x"\n[defaults]\na = 1', "texts"),
        ("prompt = 3", "must be text"),
    ],
)
def test_a_file_that_is_wrong_is_told_by_name(home: Path, text: str, told: str) -> None:
    file = template.own_dir() / "bad.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        template.load("bad")
    assert str(file) in caught.value.message


@given(st.text(min_size=1).filter(str.strip), st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text()))
def test_what_is_written_is_what_is_read(prompt: str, defaults: dict[str, str]) -> None:
    import tomllib

    data = tomllib.loads(template.as_toml(Template("t", prompt, description=prompt, defaults=defaults)))
    normal = prompt.replace("\r\n", "\n") if "'''" in template.as_toml(Template("t", prompt)) else prompt
    assert (data["prompt"], data.get("defaults", {})) == (normal, defaults)


def test_ask_puts_the_prompt_into_the_template(command: Command, upstream: Upstream) -> None:
    done = command("ask", "-t", "translate", "--var", "to=Japanese", "good morning")
    assert done.code == 0, done.err
    assert "into Japanese" in sent(upstream)
    assert sent(upstream).endswith("good morning")


def test_piped_text_is_what_the_template_is_about(command: Command, upstream: Upstream) -> None:
    command("ask", "-t", "review", stdin=b"x = 1\n")
    assert sent(upstream).endswith("<stdin>\nx = 1\n</stdin>")


def test_the_template_s_task_stands_unless_the_call_says_another(command: Command) -> None:
    assert json.loads(command("ask", "-t", "review", "--json", "x").out)["task"] == "review"
    assert json.loads(command("ask", "-t", "review", "--task", "chat", "--json", "x").out)["task"] == "chat"


def test_a_variable_without_a_template_is_a_usage_error(command: Command) -> None:
    assert command("ask", "--var", "a=b", "hi").code == 2


def test_a_saved_template_is_private_listed_shown_and_used(home: Path, command: Command, upstream: Upstream) -> None:
    assert command("template", "save", "review-go", "Look at {{file}} for races").code == 0
    file = home / ".config/llmswitch/templates/review-go.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = json.loads(command("template", "list", "--json").out)
    assert {"name": "review-go", "own": True, "variables": ["file"]}.items() <= rows[0].items()
    assert "{{file}}" in command("template", "show", "review-go").out
    command("ask", "-t", "review-go", "--var", "file=x", "--no-stdin")
    assert sent(upstream) == "Look at x for races"


def test_save_does_not_replace_without_being_told_to(command: Command) -> None:
    command("template", "save", "mine", "one")
    assert command("template", "save", "mine", "two").code == 2
    assert "one" in command("template", "show", "mine").out
    assert command("template", "save", "mine", "two", "--force").code == 0
    assert "two" in command("template", "show", "mine").out


def test_one_s_own_hides_the_shipped_one_until_it_is_removed(command: Command) -> None:
    command("template", "save", "review", "mine")
    assert "mine" in command("template", "show", "review").out
    assert command("template", "remove", "review").code == 0
    assert "mine" not in command("template", "show", "review").out
    assert command("template", "remove", "review").code == 1


@pytest.mark.parametrize("name", ["../x", ".x", "a/b", ""])
def test_a_name_that_is_a_path_is_refused(command: Command, name: str) -> None:
    assert command("template", "save", name, "text").code == 2
    assert command("ask", "-t", name, "hi").code == 2
