"""A scenario's file: what its keys mean, and that whatever is wrong is told with its line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from llmswitch.errors import ConfigError
from llmswitch.ledger.figures import Tokens
from llmswitch.ledger.volume import Volume
from llmswitch.profile.scenario import names, read_scenario


def read(tmp_path: Path, text: str, calls: int | None = None) -> tuple[Volume, ...]:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return read_scenario(str(file), calls).volumes


def test_a_tasks_tokens_are_of_one_call(tmp_path: Path) -> None:
    found = read(tmp_path, "[tasks.review]\ncalls = 60\ninput = 8_000\ncache_read = 10\noutput = 1_200")
    assert found == (Volume(Tokens(480_000, 600, output_tokens=72_000), Fraction(60), task="review"),)


def test_a_volumes_tokens_are_of_the_month(tmp_path: Path) -> None:
    found = read(tmp_path, '[[volume]]\nmodel = "opus"\ncalls = 10\ncache_write = 5\ncache_write_1h = 7')
    assert found == (Volume(Tokens(cache_write_5m_tokens=5, cache_write_1h_tokens=7), Fraction(10), model="opus"),)


def test_all_tokens_are_split_by_the_output_share(tmp_path: Path) -> None:
    found = read(tmp_path, 'output_share = 0.2\n[[volume]]\nmodel = "opus"\ntokens = 5_000_000')
    assert found[0].tokens == Tokens(4_000_000, output_tokens=1_000_000)


def test_shares_are_of_all_calls(tmp_path: Path) -> None:
    text = "calls = 10\n[tasks.docs]\nshare = 0.3\ninput = 1\n[tasks.chat]\nshare = 0.7\ninput = 1"
    assert [volume.calls for volume in read(tmp_path, text)] == [Fraction(3), Fraction(7)]


def test_a_number_of_calls_keeps_the_mix(tmp_path: Path) -> None:
    text = "[tasks.docs]\ncalls = 30\ninput = 2\n[tasks.chat]\ncalls = 70\ninput = 1"
    assert [(volume.calls, volume.tokens.input_tokens) for volume in read(tmp_path, text, 10)] == [
        (Fraction(3), 6),
        (Fraction(7), 7),
    ]


def test_a_scenario_of_ones_own_is_found_by_name(tmp_path: Path, home: Path) -> None:
    folder = home / ".config" / "llmswitch" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "busy.toml").write_text("[tasks.docs]\ncalls = 1\ninput = 1", encoding="utf-8")
    assert read_scenario("busy").label == "busy"


def test_the_shipped_ones_are_known_by_name() -> None:
    assert set(names()) >= {"reference", "everyday"}


@pytest.mark.parametrize("name", ["reference", "everyday"])
def test_a_shipped_one_says_what_it_rests_on(name: str) -> None:
    assert read_scenario(name).rests_on


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("calls = 5\n[tasks.reviw]\ncalls = 1\ninput = 1", 2, "did you mean 'review'"),
        ("[tasks.review]\ncalls = 1\ninputs = 1", 3, "did you mean 'input'"),
        ("[tasks.review]\ninput = 1", 1, "needs one of 'calls'"),
        ("[tasks.review]\ncalls = 1\nshare = 0.5\ninput = 1", 1, "needs one of 'calls'"),
        ("[tasks.review]\nshare = 1\ninput = 1", 1, "say how many with calls = N"),
        ("calls = 9\n[tasks.review]\nshare = 0.5\ninput = 1", 2, "add up to 0.5"),
        ("[tasks.review]\ncalls = 1", 1, "no tokens are said"),
        ("[tasks.review]\ncalls = -1\ninput = 1", 2, "a whole number, 0 or more"),
        ("[tasks.review]\ncalls = 1.5\ninput = 1", 2, "a whole number, 0 or more"),
        ("[tasks.review]\ncalls = 1\ninput = inf", 3, "a whole number, 0 or more"),
        ("[tasks.review]\ncalls = 1\ntokens = 1\ninput = 1", 1, "it stands without input"),
        ("output_share = 1.2\n[tasks.review]\ncalls = 1\ntokens = 1", 1, "a number from 0 to 1"),
        ('[[volume]]\nmodel = "a"\ninput = 1\n[[volume]]\ninput = 1', 4, "needs 'model'"),
        ('[[volume]]\nmodel = "a"\ninput = 1\n[[volume]]\nmodel = "b"\nbild = 1', 4, "did you mean 'billed'"),
        ('[[volume]]\nmodel = "a"\ninput = 1\nbilled = "yes"', 1, "true or false"),
        ('volume = "a"', 1, "must be tables such as [[volume]]"),
        ("tasks = 3", 1, "must be tables such as [tasks.review]"),
        ("rests_on = 3\n[tasks.docs]\ncalls = 1\ninput = 1", 1, "a list of strings"),
        ('descripton = ""', 1, "did you mean 'description'"),
        ("", None, "nothing is said of the month"),
        ("calls = ", None, "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert (message in caught.value.message, f"mine.toml:{line}" in caught.value.message) == (True, line is not None)


def test_calls_do_not_fit_volumes_of_a_whole_month(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--calls fits a scenario of tasks alone"):
        read(tmp_path, '[[volume]]\nmodel = "a"\ninput = 1', 10)


def test_an_unknown_name_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'reference'"):
        read_scenario("referense")


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="no scenario file"):
        read_scenario("./nothing.toml")
