"""The file that git opens in the editor: a message of ours goes above everything that is there (a template's text,
trailers, git's comments, the diff of `-v`), a note of ours to where git will drop it. In bytes: what was there stays."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from llmswitch.hooks.repository import Repository

_AUTOMATIC = "#;@!$%^&|:"
"""What git chooses from, in this order, where core.commentChar is `auto`."""
_SCISSORS = re.compile(rb"^(\S+) -{24} >8 -{24}$", re.MULTILINE)
_IGNORED_HINT = b"will be kept"
"""git's own (English) comment says so where the person asked for `--cleanup=whitespace` or `verbatim`."""
_TRAILER = re.compile(rb"[A-Za-z][A-Za-z-]*: \S")
_KEYS = r"^(core\.comment(char|string)|commit\.cleanup|i18n\.commitencoding)$"
_TYPOGRAPHY = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "•": "*"})
_LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Habits:
    """How git will read the file. `comment` begins its comment lines; `cleanup` is strip, scissors, or keep (whitespace
    and verbatim: comments stay in the message)."""

    comment: bytes = b"#"
    cleanup: str = "strip"
    encoding: str = "utf-8"


def habits(repository: Repository, text: bytes) -> Habits:
    """What the repository's configuration and the file itself say. Options of `git commit` are not told to a hook, but
    leave their traces in the file."""
    said = repository.attempt("config", "-z", "--get-regexp", _KEYS) or ""
    values = dict(entry.partition("\n")[::2] for entry in said.split("\0"))
    comment = values.get("core.commentstring", values.get("core.commentchar", "#"))
    marked = _SCISSORS.search(text)
    if marked:
        prefix = marked[1]
    elif comment in ("auto", ""):
        prefix = _seen_prefix(text)
    else:
        prefix = comment.encode("utf-8", "surrogateescape")
    return Habits(prefix, _cleanup(text, prefix, values.get("commit.cleanup", "")), _encoding(values))


def with_message(text: bytes, message: str, how: Habits) -> bytes:
    """The file's `text` with `message` at its top. A line of it that git would take for a comment is moved by a space."""
    lines = [_harmless(line, how) for line in _plain(message).strip("\n").split("\n")]
    ours = _encoded("\n".join(lines), how.encoding)
    below = text.lstrip(b"\n")
    if not below:
        return ours + b"\n"
    joined = b"\n" if _ends_in_trailers(ours) and _TRAILER.match(below) else b"\n\n"
    return ours + joined + below


def with_note(text: bytes, note: str, how: Habits) -> bytes | None:
    """The file's `text` with `note` as one comment line, or None where git would not drop it from the message."""
    words = " ".join(_plain(note).split())
    cut = words if len(words) <= _LONGEST_NOTE else words[: _LONGEST_NOTE - 1] + "…"
    line = how.comment + b" " + _encoded(cut, how.encoding) + b"\n"
    if how.cleanup == "strip":
        at = _comments_start(text, how.comment)
    elif how.cleanup == "scissors" and (marked := _SCISSORS.search(text)):
        at = _after_hint(text, marked.end() + 1, how.comment)
    else:
        return None
    if at and not text[:at].endswith(b"\n"):
        line = b"\n" + line
    return text[:at] + line + text[at:]


def own_text(text: bytes, how: Habits) -> str:
    """What stands in the file already without being git's: a template's text, trailers. Decoded, comments taken out."""
    marked = _SCISSORS.search(text)
    kept = (text[: marked.start()] if marked else text).splitlines()
    if how.cleanup == "strip":
        kept = [line for line in kept if not line.startswith(how.comment)]
    return b"\n".join(kept).decode(how.encoding, "replace").strip()


def _seen_prefix(text: bytes) -> bytes:
    """The character of `auto`, as the file's last lines show it."""
    last = text.rstrip().rpartition(b"\n")[2][:1]
    return last if last and last.decode("latin-1") in _AUTOMATIC else b"#"


def _cleanup(text: bytes, comment: bytes, configured: str) -> str:
    """strip, scissors or keep. With an editor, git's `default` is strip."""
    marked = _SCISSORS.search(text)
    above = text[: marked.start()].split(b"\n")[-2:-1] if marked else []
    if marked and not any(line.startswith(comment) for line in above):
        return "scissors"  # `-v` alone has git's advice right above them
    start = _comments_start(text, comment)
    if configured in ("whitespace", "verbatim") or _IGNORED_HINT in text[start : start + 500]:
        return "keep"
    return "strip"


def _encoding(values: dict[str, str]) -> str:
    """i18n.commitEncoding where it extends ASCII; git itself can't do with others."""
    try:
        name = codecs.lookup(values.get("i18n.commitencoding", "utf-8")).name
        return name if "#\n".encode(name) == b"#\n" else "ascii"
    except LookupError:
        return "ascii"


def _encoded(text: str, encoding: str) -> bytes:
    """`text` in the encoding that git will say it has; what that can't hold is written more plainly, or as `?`."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return unicodedata.normalize("NFC", text).translate(_TYPOGRAPHY).encode(encoding, "replace")


def _plain(text: str) -> str:
    """Without what a terminal or an editor would act on: control characters, and those that turn the direction around."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in unified
        if character in "\n\t" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNING)
    )


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _harmless(line: str, how: Habits) -> str:
    raw = line.encode("utf-8", "replace")
    return f" {line}" if _SCISSORS.match(raw) or (how.cleanup == "strip" and raw.startswith(how.comment)) else line


def _ends_in_trailers(message: bytes) -> bool:
    head, _, last = message.rpartition(b"\n\n")
    return bool(head) and all(_TRAILER.match(line) for line in last.splitlines())


def _comments_start(text: bytes, comment: bytes) -> int:
    """Where git's own comments begin: the last unbroken run of comment lines, above the scissors if there are any."""
    marked = _SCISSORS.search(text)
    lines = text[: marked.end() if marked else len(text)].splitlines(keepends=True)
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and lines[-1].startswith(comment):
        lines.pop()
    return sum(len(line) for line in lines)


def _after_hint(text: bytes, at: int, comment: bytes) -> int:
    """Behind the two lines that say what the scissors are for: they speak of the line above."""
    for _ in range(2):
        end = text.find(b"\n", at)
        if end < 0 or not text.startswith(comment, at):
            break
        at = end + 1
    return at
