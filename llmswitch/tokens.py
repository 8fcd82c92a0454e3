"""An estimate of a prompt's tokens, without a tokenizer: good enough to choose a window, never used for a bill."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil

from llmswitch.conversation import Block, Image, Request, Text, Thinking, ToolResult, ToolUse

# Tokens for each character of a kind, fitted to the largest of four vendors' counts: docs/fallback.md has the table.
WORD = 0.6
"""A run of anything but spaces, in addition to its characters."""
LETTER = 0.12
DIGIT = 1.15
"""Half of the vocabularies take every digit for itself, the others up to three at once."""
MARK = 0.63
NEWLINE = 1.2
TWO_BYTE = 0.6
"""A character of two bytes in UTF-8: Cyrillic, Greek, accents."""
THREE_BYTE = 1.06
"""One of three: Japanese, Chinese, Korean, and symbols."""
FOUR_BYTE = 3.7
"""One of four: emoji."""
BLOB_CHAR = 0.85
"""A character of base64, a hash or a key: no vocabulary has words for it."""
IMAGE_TOKENS = 1_600
"""An image at the size the vendors scale to."""
MESSAGE_TOKENS = 4

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"
_SPACES = b" \t\r\n\v\f"
_ASCII, _TWO, _THREE, _FOUR = (
    bytes(range(first, end)) for first, end in ((0, 0x80), (0xC2, 0xE0), (0xE0, 0xF0), (0xF0, 0xF5))
)
_BLOB = re.compile(r"[A-Za-z0-9+/=_]{24,}")
_BLOB_DIGITS = 3
"""A long name of a program has fewer digits than this."""


def estimate_text(text: str) -> int:
    """About how many tokens `text` is, rather more than fewer."""
    blobs = [blob for blob in _BLOB.findall(text) if _count(blob.encode(), _DIGITS) >= _BLOB_DIGITS]
    in_blobs = "".join(blobs).encode()
    data = text.encode("utf-8", "replace")
    letters, digits, spaces = _count(data, _LETTERS), _count(data, _DIGITS), _count(data, _SPACES)
    ascii_only = len(data) == len(text)
    marks = (len(data) if ascii_only else _count(data, _ASCII)) - len(in_blobs)
    if in_blobs:
        letters, digits = letters - _count(in_blobs, _LETTERS), digits - _count(in_blobs, _DIGITS)
    marks -= letters + digits + spaces
    tokens = WORD * len(data.split()) + LETTER * letters + DIGIT * digits + MARK * marks
    tokens += NEWLINE * data.count(b"\n") + BLOB_CHAR * len(in_blobs)
    if not ascii_only:
        tokens += TWO_BYTE * _count(data, _TWO) + THREE_BYTE * _count(data, _THREE) + FOUR_BYTE * _count(data, _FOUR)
    return ceil(tokens)


def _count(data: bytes, kind: bytes) -> int:
    """How many bytes of `data` are of `kind`; the first byte of a UTF-8 character tells its length."""
    return len(data) - len(data.translate(None, kind))


def estimate_blocks(blocks: Iterable[Block]) -> int:
    """About how many tokens the content of a turn is."""
    total = 0
    for block in blocks:
        match block:
            case Text(text) | Thinking(text):
                total += estimate_text(text)
            case Image():
                total += IMAGE_TOKENS
            case ToolUse():
                total += estimate_text(f"{block.name}{dict(block.input)}")
            case ToolResult():
                total += estimate_text(block.content)
    return total


def estimate_request(request: Request) -> int:
    """About how many tokens the whole request is: system prompt, turns, images, tools and the schema of the answer."""
    total = estimate_text(request.system or "")
    total += sum(MESSAGE_TOKENS + estimate_blocks(message.content) for message in request.messages)
    total += sum(estimate_text(f"{tool.name}{tool.description}{dict(tool.input_schema)}") for tool in request.tools)
    return total + (estimate_text(str(dict(request.schema))) if request.schema else 0)
