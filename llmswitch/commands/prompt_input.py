"""What the person gave: argument, piped text, files, an editor's text; put together in that order, clearly delimited.

the argument

<file path="parser.py">
…
</file>

<stdin>
…
</stdin>
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmswitch.commands import stdin_wait
from llmswitch.conversation import Block, Image, Message, Text
from llmswitch.errors import InputError

IMAGE_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_JAPANESE = ("cp932", "euc_jp")


@dataclass(frozen=True, slots=True)
class PromptInput:
    """The prompt as it goes to the model (`message`), and apart: what was typed (`words`) and what came along
    (`attachment`). `empty` says that there is nothing to send."""

    words: str
    attachment: str
    images: tuple[Image, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing but white space, and no image."""
        return not (self.words.strip() or self.attachment.strip() or self.images)

    @property
    def message(self) -> Message:
        """The user's turn."""
        text = "\n\n".join(part for part in (self.words, self.attachment) if part.strip())
        blocks: tuple[Block, ...] = (*self.images, *((Text(text),) if text else ()))
        return Message("user", blocks)


def read(
    words: Sequence[str],
    files: Sequence[Path],
    *,
    use_stdin: bool = True,
    editor: bool = False,
    framed: bool = False,
    say: Callable[[str], None],
) -> PromptInput:
    """Gather the prompt. `-` among `words` stands for stdin, which is then waited for. Piped text that stands alone is what
    was typed, unless the prompt is `framed` by a template. Raises InputError."""
    asked_for_stdin = "-" in words or Path("-") in files
    files = [path for path in files if path != Path("-")]
    typed = " ".join(word for word in words if word != "-")
    if _is_broken_text(typed):
        raise InputError(
            "the prompt has bytes that are not UTF-8", hint="pipe it in instead: bad bytes are replaced there"
        )
    if asked_for_stdin and not use_stdin:
        raise InputError("`-` asks for stdin and --no-stdin forbids it", hint="leave one of them out")
    read_files = [_read_file(path, say) for path in files]
    piped = (
        _read_stdin(optional=bool(typed or files or framed) and not asked_for_stdin, must=asked_for_stdin, say=say)
        if use_stdin
        else None
    )
    if editor:
        typed = _edit(typed)
    if isinstance(piped, str) and not typed and not files and not framed:
        return PromptInput(piped, "")
    parts = [text for text in read_files if isinstance(text, str)]
    images = [image for image in (*read_files, piped) if isinstance(image, Image)]
    if isinstance(piped, str) and piped.strip():
        parts.append(_delimited("stdin", "", piped))
    return PromptInput(typed, "\n\n".join(parts), tuple(images))


def _is_broken_text(text: str) -> bool:
    """Whether an argument held bytes that are no text: Python carries them as lone surrogates, which nobody can send."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _delimited(tag: str, attributes: str, text: str) -> str:
    newline = "" if text.endswith("\n") else "\n"
    tag = _delimiter(tag, text)
    return f"<{tag}{attributes}>\n{text}{newline}</{tag}>"


def _read_stdin(*, optional: bool, must: bool, say: Callable[[str], None]) -> str | Image | None:
    try:
        fd = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None  # started without a stdin
    if sys.stdin.isatty():
        if not must:
            return None
        say("reading the prompt from the terminal; Ctrl-D ends it")
        say = _silent
    elif not must and not stdin_wait.carries_data(fd):
        return None
    data = stdin_wait.read_all(fd, optional=optional, say=say)
    return None if data is None else _decode(data, "stdin", say)


def _read_file(path: Path, say: Callable[[str], None]) -> str | Image:
    try:
        data = path.expanduser().read_bytes()
    except IsADirectoryError:
        raise InputError(
            f"{path} is a folder", hint="name files, or pipe them in: `cat src/*.py | llmswitch ask …`"
        ) from None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None
    text = _decode(data, str(path), say)
    return text if isinstance(text, Image) else _delimited("file", f' path="{path}"', text)


def _decode(data: bytes, name: str, say: Callable[[str], None]) -> str | Image:
    """Text in UTF-8 (or UTF-16 with its mark, or a Japanese encoding, which is said), or an image. Raises InputError."""
    for magic, media_type in IMAGE_MAGIC:
        if data.startswith(magic):
            return Image(media_type, data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Image("image/webp", data)
    try:
        if data[:2] in _UTF16:
            return data.decode("utf-16")
        if b"\0" not in data:
            return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_other(data, name, say)
    raise InputError(
        f"{name} is binary (not text, and not a PNG, JPEG, GIF or WebP image)",
        hint="convert it to text first, for instance with `pdftotext FILE -` or `strings`",
    )


def _silent(_: str) -> None:
    """For what was said already."""


def _decode_other(data: bytes, name: str, say: Callable[[str], None]) -> str:
    """Text that is not quite UTF-8: with a few bad bytes those are replaced, else an old Japanese encoding is tried."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad * 50 > sum(1 for char in text if char > "\x7f" and char != "\ufffd") + len(text) // 4:
        for encoding in _JAPANESE:
            try:
                other = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            say(f"{name} is not UTF-8; read as {encoding}")
            return other
    say(f"{name} is not all UTF-8; {bad} {'byte was' if bad == 1 else 'bytes were'} replaced")
    return text


def _delimiter(tag: str, text: str) -> str:
    """`tag`, made longer where the text itself could close it."""
    while f"</{tag}>" in text:
        tag += "-"
    return tag


def _edit(initial: str) -> str:
    """The text after the person edited it in $VISUAL or $EDITOR. Raises InputError where there is none or it failed."""
    import shlex
    import subprocess
    import tempfile

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    descriptor, name = tempfile.mkstemp(suffix=".md", prefix="llmswitch-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(initial)
        terminal = _terminal()
        done = subprocess.run([*shlex.split(command), name], stdin=terminal, check=False)
        if done.returncode:
            raise InputError(f"the editor {command!r} ended with {done.returncode}; nothing was sent")
        return path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(
            f"the editor {command!r} can't be started: {error.strerror}", hint="set VISUAL or EDITOR"
        ) from None
    finally:
        path.unlink(missing_ok=True)


def _terminal() -> int | None:
    """The terminal, for an editor whose stdin is a pipe that was read already."""
    if sys.stdin.isatty():
        return None
    try:
        return os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return None
