"""Highlighting source code one line at a time, with what the lexer remembers carried from line to line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from llmswitch.terminal.style import paint

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LONGEST_LINE = 5_000
"""Characters; a longer line (minified code) is not highlighted."""

_SGR = {
    "Comment": "2",
    "Comment.Preproc": "35",
    "Keyword": "35",
    "Keyword.Constant": "33",
    "Operator.Word": "35",
    "Literal.String": "32",
    "Literal.String.Interpol": "36",
    "Literal.String.Escape": "36",
    "Literal.Number": "33",
    "Name.Builtin": "36",
    "Name.Builtin.Pseudo": "2",
    "Name.Function": "34",
    "Name.Class": "34",
    "Name.Decorator": "34",
    "Name.Tag": "35",
    "Name.Attribute": "36",
    "Generic.Deleted": "31",
    "Generic.Inserted": "32",
    "Generic.Heading": "1",
    "Generic.Subheading": "36",
    "Generic.Prompt": "2",
}


class CodeLines:
    """Paints the lines of one code block; the characters stay as they are. Without a known language they stay plain."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language) if language else None
        self._stack = ["root"]
        self._in_comment = False
        self._keeps_state = True

    def line(self, text: str) -> str:
        """One line without its end, painted."""
        if self._lexer is None or len(text) > LONGEST_LINE or not text:
            return text
        head = ""
        if self._in_comment:
            end = text.find("*/")
            if end < 0:
                return paint(text, _SGR["Comment"])
            head, text = text[: end + 2], text[end + 2 :]
            self._in_comment = False
        tokens = self._tokens(text + "\n")
        if tokens and "Multiline" in tokens[-1][0] and tokens[-1][1].lstrip().startswith("/*"):
            self._in_comment = "*/" not in tokens[-1][1]
        return paint(head, _SGR["Comment"]) + _painted(tokens)

    def _tokens(self, line: str) -> list[tuple[str, str]]:
        """Token types (dotted) and texts of one line."""
        from pygments.lexer import ExtendedRegexLexer, LexerContext, RegexLexer

        lexer: Any = self._lexer
        if self._keeps_state and isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
            # The driver of ExtendedRegexLexer is the only one that shows the state it ends in.
            context = LexerContext(line, 0, self._stack)
            try:
                found = list(ExtendedRegexLexer.get_tokens_unprocessed(lexer, context=context))
            except TypeError:  # a few lexers (Scheme, SML) have callbacks that take no context
                self._keeps_state = False
                return self._tokens(line)
            self._stack = context.stack
        else:
            found = list(lexer.get_tokens_unprocessed(line))
        return [(".".join(kind), text) for _, kind, text in found]


def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, ensurenl=False, stripnl=False)
    except ClassNotFound:
        return None


def _painted(tokens: Iterable[tuple[str, str]]) -> str:
    done: list[str] = []
    held = style = ""
    for kind, text in tokens:
        sgr = _style(kind)
        if sgr != style:
            done.append(paint(held, style))
            held, style = "", sgr
        held += text.replace("\n", "")
    return "".join([*done, paint(held, style)])


def _style(kind: str) -> str:
    """The style of the token type or of its nearest parent that has one."""
    while kind:
        if (sgr := _SGR.get(kind)) is not None:
            return sgr
        kind = kind.rpartition(".")[0]
    return ""
