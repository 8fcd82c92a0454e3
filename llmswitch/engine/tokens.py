"""An estimate of a prompt's tokens, without a tokenizer: good enough to choose a window, never used for a bill."""

from __future__ import annotations

from llmswitch.conversation import Image, Message, Request, Text, Thinking, ToolResult, ToolUse

CHARS_PER_TOKEN = 3.6
"""Of ASCII text and code; measured against the vendors' own counts in docs/fallback.md."""
WIDE_PER_TOKEN = 1.1
"""Of Japanese, Chinese and Korean characters."""
IMAGE_TOKENS = 1_600
"""An image at the size the vendors scale to."""
MESSAGE_TOKENS = 4


def estimate_text(text: str) -> int:
    """About how many tokens `text` is."""
    if text.isascii():
        return round(len(text) / CHARS_PER_TOKEN + 0.5) if text else 0
    wide = sum(1 for char in text if char >= "\u2e80")
    return round((len(text) - wide) / CHARS_PER_TOKEN + wide / WIDE_PER_TOKEN + 0.5)


def estimate_request(request: Request) -> int:
    """About how many tokens the whole request is: system prompt, turns, images and tools."""
    total = estimate_text(request.system or "")
    total += sum(_message(message) for message in request.messages)
    return total + sum(estimate_text(f"{tool.name}{tool.description}{tool.input_schema}") for tool in request.tools)


def _message(message: Message) -> int:
    total = MESSAGE_TOKENS
    for block in message.content:
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
