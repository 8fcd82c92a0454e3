"""What goes to the model: argument, files and piped text, in that order; and what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from llmswitch.commands import prompt_input
from llmswitch.commands.prompt_input import PromptInput
from llmswitch.conversation import Image, Text
from llmswitch.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Puts data on a real pipe as stdin."""
    with ExitStack() as opened:

        def fill(data: bytes) -> None:
            reader, writer = os.pipe()
            os.write(writer, data)
            os.close(writer)
            monkeypatch.setattr(sys, "stdin", opened.enter_context(os.fdopen(reader, encoding="utf-8")))

        yield fill


@pytest.fixture
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield


def read(*words: str, files: tuple[Path, ...] = (), **more: bool) -> tuple[PromptInput, list[str]]:
    said: list[str] = []
    return prompt_input.read(words, files, say=said.append, **more), said


def text_of(given: PromptInput) -> str:
    return given.message.text


@pytest.mark.usefixtures("no_stdin")
def test_several_words_are_one_prompt() -> None:
    given, _ = read("fix", "the", "typo")
    assert text_of(given) == "fix the typo"


def test_piped_text_alone_is_the_prompt(pipe: Callable[[bytes], None]) -> None:
    pipe("設計を見直したい\n".encode())
    given, _ = read()
    assert given.words == "設計を見直したい\n"
    assert given.attachment == ""


def test_the_argument_comes_before_the_delimited_pipe(pipe: Callable[[bytes], None]) -> None:
    pipe(b"diff --git a b\n")
    given, _ = read("what could break?")
    assert text_of(given) == "what could break?\n\n<stdin>\ndiff --git a b\n</stdin>"
    assert given.words == "what could break?"


def test_files_stand_between_argument_and_pipe_in_their_order(pipe: Callable[[bytes], None], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A\n")
    (tmp_path / "b.py").write_text("B")
    pipe(b"S")
    given, _ = read("go", files=(tmp_path / "a.py", tmp_path / "b.py"))
    text = text_of(given)
    positions = [
        text.index(part) for part in ("go", "a.py", "A\n</file>", "b.py", "B\n</file>", "<stdin>\nS\n</stdin>")
    ]
    assert positions == sorted(positions)


def test_a_dash_is_stdin_even_beside_words(pipe: Callable[[bytes], None]) -> None:
    pipe(b"piped")
    given, _ = read("-", "summarise")
    assert given.words == "summarise"
    assert "<stdin>\npiped\n</stdin>" in text_of(given)


def test_a_dash_alone_makes_the_pipe_the_prompt(pipe: Callable[[bytes], None]) -> None:
    pipe(b"piped")
    given, _ = read("-")
    assert given.words == "piped"


def test_an_empty_pipe_beside_an_argument_leaves_no_trace(pipe: Callable[[bytes], None]) -> None:
    pipe(b"")
    given, _ = read("hello")
    assert text_of(given) == "hello"


def test_an_empty_pipe_alone_is_empty(pipe: Callable[[bytes], None]) -> None:
    pipe(b" \n")
    given, _ = read()
    assert given.empty


@pytest.mark.usefixtures("no_stdin")
def test_a_binary_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"MZ\0\1\2")
    with pytest.raises(InputError, match=r"x\.bin is binary"):
        read("look", files=(tmp_path / "x.bin",))


@pytest.mark.usefixtures("no_stdin")
def test_an_image_becomes_an_image_block(tmp_path: Path) -> None:
    (tmp_path / "shot.dat").write_bytes(PNG)
    given, _ = read("what is this?", files=(tmp_path / "shot.dat",))
    assert given.message.content == (Image("image/png", PNG), Text("what is this?"))


@pytest.mark.usefixtures("no_stdin")
@pytest.mark.parametrize(
    ("encoding", "said"), [("cp932", True), ("euc_jp", True), ("utf-16", False), ("utf-8-sig", False)]
)
def test_japanese_text_in_an_old_encoding_is_read(tmp_path: Path, encoding: str, said: bool) -> None:
    (tmp_path / "memo.txt").write_bytes("これは議事録です。".encode(encoding))
    given, lines = read("要約して", files=(tmp_path / "memo.txt",))
    assert said == bool(lines)
    if encoding != "euc_jp":  # some byte sequences are valid in both; then cp932 wins, and that is said
        assert "これは議事録です。" in given.attachment


@pytest.mark.usefixtures("no_stdin")
@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_path_that_is_no_readable_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        read("x", files=(tmp_path / name,))


@pytest.mark.usefixtures("no_stdin")
def test_the_editors_text_is_the_prompt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "%s edited" "$(cat "$1")" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    given, _ = read("draft", editor=True)
    assert given.words == "draft edited"


@pytest.mark.usefixtures("no_stdin")
def test_an_editor_that_fails_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "false")
    with pytest.raises(InputError, match="nothing was sent"):
        read("draft", editor=True)


def test_no_stdin_leaves_the_pipe_alone(pipe: Callable[[bytes], None]) -> None:
    pipe(b"piped")
    given, _ = read("hello", use_stdin=False)
    assert text_of(given) == "hello"
