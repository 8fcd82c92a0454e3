"""A table on a terminal that is too narrow for its columns: each row a block, its name first, then `heading value` pairs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from llmswitch.terminal.cells import cell_width
from llmswitch.terminal.style import BOLD, DIM, paint

_INDENT = "  "
_BETWEEN = "  "


def stacked(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    room: int,
    *,
    right: Collection[int] = (),
    strong: Collection[int] = (),
    colored: bool = False,
) -> list[str]:
    """The rows as blocks at most `room` cells wide. The first column that is not one of numbers (`right`) names a block;
    empty cells are left out; the blocks of the rows `strong` stand out."""
    title = next((number for number in range(len(headers)) if number not in right), 0)
    lines = []
    for number, row in enumerate(rows):
        style = BOLD if number in strong else ""
        lines += [paint(part, style if colored else "") for part in _split(row[title], room)]
        pairs = [
            (heading, cell)
            for column, (heading, cell) in enumerate(zip(headers, row, strict=True))
            if column != title and cell
        ]
        lines += [_INDENT + line for line in _packed(pairs, max(1, room - len(_INDENT)), dim=DIM if colored else "")]
    return lines


def _packed(pairs: Sequence[tuple[str, str]], room: int, *, dim: str) -> Iterator[str]:
    """As many pairs a line as fit; a pair that is wider than a line is broken."""
    line, used = "", 0
    for heading, cell in pairs:
        text = f"{heading} {cell}" if heading else cell
        cells = cell_width(text)
        if used and used + len(_BETWEEN) + cells > room:
            yield line
            line, used = "", 0
        if cells > room:
            *whole, text = _split(text, room)
            yield from whole
            line, used = text, cell_width(text)
            continue
        shown = f"{paint(heading, dim)} {cell}" if heading else cell
        line, used = (f"{line}{_BETWEEN}{shown}", used + len(_BETWEEN) + cells) if used else (shown, cells)
    if used:
        yield line


def _split(text: str, room: int) -> list[str]:
    """`text` in pieces of at most `room` cells, broken at spaces where there are some."""
    pieces, piece = [], ""
    for word in text.split(" "):
        rest = word
        while cell_width(joined := f"{piece} {rest}" if piece else rest) > room:
            if piece:
                pieces.append(piece)
                piece = ""
                continue
            head = _fitting(rest, room)
            pieces.append(head)
            rest = rest[len(head) :]
        piece = joined
    return [*pieces, piece]


def _fitting(word: str, room: int) -> str:
    """The beginning of `word` that fits; at least one character."""
    kept = word[:1]
    for char in word[1:]:
        if cell_width(kept + char) > room:
            break
        kept += char
    return kept
