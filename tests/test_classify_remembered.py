"""What is remembered of words."""

from __future__ import annotations

from llmswitch.classify.remembered import LONGEST, Remembered


def test_a_word_is_looked_for_once() -> None:
    asked: list[str] = []

    def find(word: str) -> int:
        asked.append(word)
        return len(word)

    known = Remembered(find)
    assert [known["fix"], known["fix"]] == [3, 3]
    assert asked == ["fix"]


def test_no_more_words_than_most_are_kept() -> None:
    known = Remembered(len, most=3)
    for word in ("a", "bb", "ccc", "dddd"):
        assert known[word] == len(word)
    assert dict(known) == {"dddd": 4}


def test_a_run_of_letters_without_end_is_not_kept() -> None:
    known = Remembered(len)
    assert known["x" * (LONGEST + 1)] == LONGEST + 1
    assert not known
