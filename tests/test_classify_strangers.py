"""The strangers' prompts: kept as numbers, labelled by readings."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from benchmarks.classifier.rows import Row, own, read
from benchmarks.classifier.strangers.digest import digest
from benchmarks.classifier.strangers.make import agreed, level
from benchmarks.classifier.strangers.measure import measured
from benchmarks.classifier.strangers.stored import LABELS, packed, strangers, unpacked
from benchmarks.classifier.train import fold_of, may_teach, sixth_of
from llmswitch.classify.features import features
from llmswitch.classify.weights import SHIPPED
from llmswitch.tasks import TASKS

PROMPTS = ("fix the failing test in parser.py", "fix the typo, please, fix it", "テストを書いてください")


def test_what_is_packed_comes_back() -> None:
    found = [features(prompt) for prompt in PROMPTS]
    everywhere = Counter(number for one in found for group in one for number in group)
    back = unpacked(packed(found, everywhere + everywhere))
    assert [[sorted(group) for group in one] for one in back] == [[sorted(group) for group in one] for one in found]


def test_what_one_person_alone_says_is_left_out() -> None:
    lone, common = features("quetzalcoatl"), features("rename it")
    kept = unpacked(packed([lone, common, common], Counter()))
    assert set(kept[1].grams) == set(common.grams)
    assert set(kept[0].grams) < set(lone.grams)


def test_features_of_another_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed([features("rename it")], Counter())
    monkeypatch.setattr("benchmarks.classifier.strangers.stored.VERSION", 0)
    with pytest.raises(ValueError, match="features of version"):
        unpacked(content)


def test_the_rows_are_labelled_and_have_no_text() -> None:
    rows = strangers()
    assert len(rows) > 1500
    assert {row.label for row in rows} <= set(TASKS)
    assert {row.lang for row in rows} == {"en", "ja"}
    assert all(row.prompt == "" and row.features.cues for row in rows)
    assert all(set(entry) == KEPT for entry in read(LABELS))
    assert all(re.fullmatch(r"[0-9a-f]{16}", entry["source"]) for entry in read(LABELS))


KEPT = {"id", "label", "difficulty", "lang", "source", "kind", "doubted"}


@pytest.mark.parametrize(
    ("first", "second", "third", "kept"),
    [
        ("docs", "docs", None, "docs"),
        ("docs", "chat", "chat", "chat"),
        ("docs", "chat", "test", None),
        ("docs", None, None, None),
    ],
)
def test_a_label_needs_two_readings(first: str, second: str | None, third: str | None, kept: str | None) -> None:
    assert agreed({"label": first}, {"label": second}, {"label": third}) == kept


def test_easy_against_hard_is_normal() -> None:
    assert level({"difficulty": "easy"}, {"difficulty": "hard"}) == "normal"
    assert level({"difficulty": "hard"}, {"difficulty": "hard"}, {"difficulty": "easy"}) == "hard"


def test_what_is_written_in_a_strangers_manner_does_not_teach_about_that_stranger() -> None:
    source = digest("owner/name")
    typed = Row("", "docs", source, "en", "stranger")
    like_it = Row("write the readme", "docs", "en-f", "en", "own", after=source)
    assert not may_teach(typed, fold_of(typed))
    assert not may_teach(like_it, fold_of(typed))
    assert may_teach(like_it, f"sources {(sixth_of(source) + 1) % 6}")


def test_the_models_of_our_prompts_are_told_by_digest_alone() -> None:
    assert all(row.after is None or re.fullmatch(r"[0-9a-f]{16}", row.after) for row in own())


def test_the_shipped_weights_know_the_rows_they_were_trained_on() -> None:
    known = measured(Path(SHIPPED))
    assert known.count == len(strangers())
    assert known.accuracy > 0.9
