"""The hash of a prompt: what can't change an answer is left out, everything else is in."""

from __future__ import annotations

import pytest

from llmswitch.cache.normalise import prompt_hash

CODE = "fix this:\n    def f():\n        return 1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("list files", "  list   files \n"),
        ("a\nb", "a \r\nb\n\n"),
        ("caf\u00e9", "cafe\u0301"),
        (CODE, CODE.replace("\n", "\r\n")),
    ],
)
def test_what_no_reader_sees_is_left_out(one: str, other: str) -> None:
    assert prompt_hash(one) == prompt_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("list files", "List files"),
        ("grep 'a b'", "grep 'a  b'"),
        (CODE, CODE.replace("        return", "    return")),
        ("x²", "x2"),
    ],
)
def test_what_a_reader_may_see_is_kept(one: str, other: str) -> None:
    assert prompt_hash(one) != prompt_hash(other)


def test_bytes_that_are_no_text_have_a_hash() -> None:
    assert len(prompt_hash("caf\udce9")) == 64
