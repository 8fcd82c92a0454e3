"""Text for a cell or a line of Markdown that somebody pastes elsewhere."""

from __future__ import annotations

from llmswitch.terminal.style import neutral


def escaped(text: str) -> str:
    """Text that neither ends a cell nor begins another thing."""
    flat = neutral(text).replace("\n", " ")
    return "".join(f"\\{char}" if char in "|\\`*_<[" else char for char in flat)
