"""From a model's answer to a commit message: what surrounds it goes, what it made up goes, the subject fits. Pure."""

from __future__ import annotations

import re
import textwrap

from llmswitch.hooks.columns import columns, fitting
from llmswitch.terminal.style import neutral

BODY_COLUMNS = 72
WRAPPED_FROM = 100
"""A longer line of prose is wrapped."""

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)\s*", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(?P<body>.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"^[ \t]*(?:```+|~~~+)[\w-]*[ \t]*$\n?", re.MULTILINE)
_LEAD = re.compile(
    r"^(?:(?:sure|certainly|okay|ok|of course|great)\b[^\n]{0,80}[:.!]"
    r"|(?:here(?:['’]s| is| are)|below is|this is|the following is)\b[^\n]{0,120}"
    r"|(?:suggested |proposed |generated |final )?commit message[^\n]{0,40}:"
    r"|(?:以下|こちら)[^\n]{0,60}[::。])\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:\**(?:commit message|subject|title|message|コミットメッセージ|件名)\**\s*[::]\**\s*)(?=\S)", re.IGNORECASE
)
_TAIL = re.compile(
    r"^(?:let me know|feel free|i hope|hope this|this (?:commit )?message (?:follows|uses|is|summari[sz]es|adheres|describes)"
    r"|explanation\b|note that this message|would you like|if you(?:'d| would) like)",
    re.IGNORECASE,
)
_TRAILER = re.compile(
    r"^(?:(?:co-authored|co-developed|signed-off|reviewed|acked|tested|reported|suggested|helped|assisted|generated|approved)-by"
    r"|change-id|cc|reviewed-on|pull-request|generated-with)\s*:.*$|^.{0,4}generated (?:with|by) .{0,80}$",
    re.IGNORECASE,
)
_ISSUE = re.compile(
    r"^(?:[-*] )?(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|refs?|references|see|issue|ticket)\s*:?\s+(?P<ids>[^\n]*)$",
    re.IGNORECASE,
)
_ID = re.compile(r"#\d+|[A-Z][A-Z0-9]{1,9}-\d+")
_BREAK = re.compile(
    r"(?:[,;:、。]| [-–—] | (?:so that|in order to|by|to|because|which|when|instead of|using|with|and) )"
)


_LOOSE = " ,;:、-–—"
"""What a subject does not end with."""


class NoMessageError(ValueError):
    """The answer holds no message."""


def clean(answer: str, *, subject_columns: int, period: bool = False, body: bool = True, known_ids: str = "") -> str:
    """The message of `answer`, ending with a newline: subject, then, where there is one and `body` allows it, an empty
    line and the body. `known_ids` is text (branch, hint, template) whose ticket numbers may be named. Raises
    NoMessageError."""
    lines = _message_lines(answer)
    lines = [line for line in lines if not _TRAILER.match(line.strip()) and not _is_made_up(line.strip(), known_ids)]
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        raise NoMessageError("the answer holds no message")
    subject, moved = _subject(lines[0], subject_columns, period=period)
    if not subject:
        raise NoMessageError("the answer holds no message")
    rest = _body(lines[1:]) if body else ""
    paragraphs = [part for part in (subject, moved, rest) if part]
    return "\n\n".join(paragraphs) + "\n"


def _message_lines(answer: str) -> list[str]:
    text = _THINKING.sub("", neutral(answer.replace("\r\n", "\n"))).strip()
    if text.lower().startswith(("</think>", "</thinking>")):
        text = text.partition(">")[2].strip()
    fences = list(_FENCE.finditer(text))
    outside = _FENCE.sub("", text).strip()
    if fences and (not outside or _LEAD.match(outside.split("\n")[0].strip()) or text.startswith(("```", "~~~"))):
        text = fences[0]["body"].strip("\n")
    text = _MARK.sub("", text)
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and (not lines[0].strip() or _LEAD.match(lines[0].strip())):
        lines.pop(0)
    end = next((index for index, line in enumerate(lines) if index and _TAIL.match(line.strip())), len(lines))
    return lines[:end]


def _is_made_up(line: str, known_ids: str) -> bool:
    """Whether a line refers to tickets that nobody named."""
    found = _ISSUE.match(line)
    if not found:
        return False
    ids = _ID.findall(found["ids"])
    return bool(ids) and not any(re.search(rf"{re.escape(one)}(?!\d)", known_ids) for one in ids)


def _subject(line: str, limit: int, *, period: bool) -> tuple[str, str]:
    """The subject, and what it was before it had to be shortened (or an empty string)."""
    subject = _LABEL.sub("", line.strip().lstrip("#").strip()) if not re.match(r"^#\d", line.strip()) else line.strip()
    for mark in ("**", "`", '"', "'", "“", "「"):
        closing = {"“": "”", "「": "」"}.get(mark, mark)
        if len(subject) > 2 * len(mark) and subject.startswith(mark) and subject.endswith(closing):
            subject = subject[len(mark) : -len(closing)].strip()
    subject = " ".join(subject.split())
    if not period:
        subject = subject.rstrip("。") if subject.endswith("。") else _without_period(subject)
    if columns(subject) <= limit:
        return _uncommented(subject), ""
    return _uncommented(_shortened(subject, limit)), "\n".join(_wrapped(subject))


def _without_period(subject: str) -> str:
    return subject[:-1] if subject.endswith(".") and not subject.endswith("..") else subject


def _shortened(subject: str, limit: int) -> str:
    """The beginning of `subject` up to the last natural break within `limit` columns, else up to the last word."""
    room = fitting(subject, limit)
    breaks = [found.start() for found in _BREAK.finditer(subject, 0, len(room) + 1)]
    after_type = subject.find(": ") + 2 if ": " in subject[:40] else 0
    good = [at for at in breaks if at > after_type and columns(subject[:at]) * 2 >= limit]
    if good:
        return subject[: good[-1]].rstrip(_LOOSE)
    word = room.rfind(" ")
    return (room[:word] if word * 2 >= len(room) else room).rstrip(_LOOSE)


def _body(lines: list[str]) -> str:
    text = "\n".join(_uncommented(part) for line in lines for part in _wrapped(line))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _wrapped(line: str) -> list[str]:
    """A long line of prose as several; code, tables and text without spaces stay as they are."""
    if columns(line) <= WRAPPED_FROM or line.startswith(("    ", "\t", "|", ">")) or " " not in line.strip():
        return [line]
    bullet = re.match(r"\s*(?:[-*+]|\d+[.)])\s+", line)
    indent = " " * len(bullet[0]) if bullet else ""
    return textwrap.wrap(line, BODY_COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _uncommented(line: str) -> str:
    """A line that git does not take for a comment."""
    if not line.startswith("#"):
        return line
    return f" {line}" if re.match(r"#\d", line) else line.lstrip("#").strip()
