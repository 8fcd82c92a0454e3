"""How an error looks: what happened, then what to do."""

from __future__ import annotations

import sys

from llmswitch.terminal.style import RED, neutral, paint, uses_color


def render_error(message: str, hint: str | None) -> str:
    """`llmswitch: error: …` and, with a hint, `  → …`, each line ended; further lines of `message` and `hint` are
    indented below their first. The word `error` is red where stderr takes colours."""
    word = paint("error", RED if uses_color(sys.stderr) else "")
    text = "llmswitch: " + word + ": " + _indented(message, "  ") + "\n"
    if hint:
        text += f"  {_arrow()} " + _indented(hint, "    ") + "\n"
    return text


def _indented(text: str, indent: str) -> str:
    return f"\n{indent}".join(neutral(text).strip().split("\n"))


def _arrow() -> str:
    """The arrow, or what stderr can carry of it: the caller writes the text as it is."""
    try:
        "→".encode(getattr(sys.stderr, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return "->"
    return "→"
