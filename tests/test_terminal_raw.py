"""What a pipe gets, and what no terminal must get."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmswitch.terminal.answer import RawAnswer, answer_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def piped(chunks: list[str], encoding: str = "utf-8") -> bytes:
    raw = io.BytesIO()
    answer = answer_for(io.TextIOWrapper(raw, encoding=encoding), raw=False)
    for chunk in chunks:
        answer.write(chunk)
    answer.end()
    return raw.getvalue()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_pipe_gets_every_byte_as_it_came(chunks: list[str]) -> None:
    assert piped(chunks) == "".join(chunks).encode()


def test_a_pipe_gets_utf_8_whatever_the_locale_says() -> None:
    assert piped(["→ 日本\r\n"], encoding="ascii") == "→ 日本\r\n".encode()


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert piped(["a\ud83d"]) == b"a?"


def test_a_pipe_gets_each_piece_at_once() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream, os.fdopen(reader, "rb") as source:
        RawAnswer(stream).write("x")
        assert source.read(1) == b"x"


def test_a_closed_pipe_is_told_to_the_caller() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", encoding="utf-8")
    with pytest.raises(BrokenPipeError):
        RawAnswer(stream).write("x")
    with pytest.raises(BrokenPipeError):
        stream.close()


def test_raw_on_a_terminal_ends_the_last_line() -> None:
    stream = Terminal()
    answer = answer_for(stream, raw=True)
    answer.write("**a**")
    answer.end()
    assert stream.getvalue() == "**a**\n"


def test_raw_on_a_terminal_adds_no_second_newline() -> None:
    stream = Terminal()
    answer = answer_for(stream, raw=True)
    answer.write("a\n")
    answer.end()
    assert stream.getvalue() == "a\n"


@pytest.mark.parametrize("raw", [True, False])
def test_a_model_can_send_no_escape_to_a_terminal(raw: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    answer = answer_for(stream, raw=raw)
    answer.write("a\x1b]0;title\x07b\x1b[2Jc\x9bd\rE\u202ef\n")
    answer.end()
    assert stream.getvalue() == "a]0;titleb[2JcdEf\n"


def test_a_dumb_terminal_gets_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(answer_for(Terminal(), raw=False), RawAnswer)
