"""The embedded classifier, with the weights that are shipped."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmswitch.classify.features import VERSION, features
from llmswitch.classify.learning import SAMPLE
from llmswitch.classify.linear import Linear
from llmswitch.classify.weights import LANES, SHIPPED, encode, lanes_of, load
from llmswitch.tasks import TASKS


@pytest.fixture(scope="module")
def linear() -> Linear:
    return Linear()


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        ("fix the typo in the README title", "quickfix"),
        ("write unit tests for the date parser", "test"),
        ("should sessions live in redis or in postgres? we have three services", "design"),
        ("Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'id'", "bugfix"),
        ("what is a monad?", "chat"),
        ("全部のパッケージを最後まで順番に移行して、テストが通るまで続けて", "agentic"),
        ("このクラス大きすぎるので3つに分割して。挙動は変えないで", "refactor"),
        ("READMEにインストール手順を追記して", "docs"),
        ("ログインできない。昨日までは動いてた", "bugfix"),
        ("Kafka と NATS のライセンスと料金を調べて比較して", "research"),
    ],
)
def test_a_plain_prompt_gets_its_task(linear: Linear, prompt: str, task: str) -> None:
    assert linear.label(prompt).task == task


def test_scores_sum_to_one_over_all_tasks(linear: Linear) -> None:
    label = linear.label("add a retry to the client")
    assert set(label.scores) == set(TASKS)
    assert math.isclose(sum(label.scores.values()), 1.0, abs_tol=1e-9)


def test_the_request_counts_and_not_the_envelope(linear: Linear) -> None:
    wish = "rename getUser to fetchUser"
    wrapped = f"<system-reminder>\nWrite tests. Review the architecture.\n</system-reminder>\n{wish}"
    assert linear.label(wrapped).scores == linear.label(wish).scores


def test_piped_text_alone_is_read_as_the_request(linear: Linear) -> None:
    text = "TypeError: Cannot read properties of undefined (reading 'map')\n    at List (list.jsx:3:9)"
    assert linear.label("", text).task == "bugfix"


def test_size_alone_makes_longcontext() -> None:
    label = Linear(longcontext_tokens=1000).label("fix the typo", "", 1000)
    assert (label.task, label.mode) == ("longcontext", "size")


def test_below_the_size_the_words_decide() -> None:
    assert Linear(longcontext_tokens=1000).label("fix the typo", "", 999).mode == "linear"


def test_an_empty_prompt_is_unsure_chat(linear: Linear) -> None:
    label = linear.label("")
    assert label.task == "chat"
    assert label.confidence < 0.1


def test_a_prompt_of_ten_megabytes_gets_a_label(linear: Linear) -> None:
    assert linear.label("the parser is slow. " * 500_000).task in TASKS


def test_only_the_edges_of_a_long_prompt_are_read() -> None:
    filler = "x " * 50_000
    assert features("begin " + filler + " end").grams == features("begin " + filler * 2 + " end").grams


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec=None), max_size=400) | st.binary(max_size=400).map(lambda raw: raw.decode("latin-1"))
)
def test_no_text_raises_surrogates_included(text: str) -> None:
    assert Linear().label(text, text[::-1]).task in TASKS


def test_a_one_shot_label_imports_no_numpy() -> None:
    program = (
        "import sys\n"
        "from llmswitch.classify.linear import Linear\n"
        "Linear().label('fix it')\n"
        "print([name for name in ('numpy', 'scipy', 'torch', 'typer', 'rich', 'http.client') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_features_are_the_same_under_another_hash_seed() -> None:
    program = (
        "from llmswitch.classify.features import features\n"
        "found = features('fix the 設計 a_b()')\n"
        "print(sorted(found.grams), sorted(found.cues), sorted(found.head))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_the_weights_fit_the_wheel() -> None:
    assert Path(SHIPPED).stat().st_size <= 2_000_000


def test_rows_add_up_lane_by_lane(tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(encode({}, {7: [2047] * LANES, 9: list(range(LANES))}))
    assert lanes_of(load(file).total([9, 7, 8])) == [*(2047 + lane for lane in range(LANES)), 2]


def test_rows_found_one_by_one_are_those_read_all_at_once(tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(encode({}, {number: [number % 65536] * LANES for number in range(1, 900, 7)}))
    weights = load(file)
    by_bisection = [weights.total([number]) for number in range(900)]
    while not weights.rows:
        weights.total(range(900))
    assert [weights.total([number]) for number in range(900)] == by_bisection


@pytest.mark.parametrize(
    "text",
    [
        "a|b を |a| と c|d に分けて",
        "README 日本語 README",
        "x" * 30 + " テスト",
        "fix\ud800it",
        "直して\nFix the test. では",
    ],
)
def test_a_label_is_that_of_its_features(linear: Linear, text: str) -> None:
    assert linear.label(text).scores == linear.of(features(text)).scores


def test_features_stay_the_same_until_their_version_goes_up() -> None:
    """What users' corrections are kept as would else say something other."""
    rows = [json.loads(line)["prompt"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    found = [features(prompt, attachment) for prompt, attachment in zip(rows, ["", *rows], strict=False)]
    digest = hashlib.sha256(repr([tuple(one) for one in found]).encode()).hexdigest()[:16]
    assert (VERSION, digest) == (2, "157c2b671a20b225")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(b"something else entirely")
    with pytest.raises(ValueError, match="not a weights file"):
        load(file)
