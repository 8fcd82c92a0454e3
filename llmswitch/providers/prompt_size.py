"""A rough count of a prompt's tokens, erring upward: to size a local model's window and to place cache marks."""

from __future__ import annotations

from collections.abc import Iterable

from llmswitch.conversation import Block, Image, Request, Text, Thinking, ToolResult, ToolUse

CHARS_PER_TOKEN = 3.2
"""Of ASCII; prose has about 4, code about 3."""
TOKENS_PER_WIDE_CHAR = 1.1
"""Of anything beyond ASCII: Japanese, symbols, box drawing."""
IMAGE_TOKENS = 1_600
TURN_TOKENS = 8


def text_tokens(text: str) -> int:
    """About how many tokens `text` is."""
    narrow = len(text) if text.isascii() else sum(1 for char in text if char < "\x80")
    return int(narrow / CHARS_PER_TOKEN + (len(text) - narrow) * TOKENS_PER_WIDE_CHAR) + 1


def block_tokens(blocks: Iterable[Block]) -> int:
    """About how many tokens the content of a turn is."""
    total = 0
    for block in blocks:
        match block:
            case Text(text) | Thinking(text):
                total += text_tokens(text)
            case Image():
                total += IMAGE_TOKENS
            case ToolUse():
                total += text_tokens(f"{block.name}{dict(block.input)}")
            case ToolResult():
                total += text_tokens(block.content)
    return total


def prompt_tokens(request: Request) -> int:
    """About how many tokens the whole request is."""
    total = text_tokens(request.system) if request.system else 0
    total += sum(TURN_TOKENS + block_tokens(message.content) for message in request.messages)
    total += sum(text_tokens(f"{tool.name}{tool.description}{dict(tool.input_schema)}") for tool in request.tools)
    return total + (text_tokens(str(dict(request.schema))) if request.schema else 0)
