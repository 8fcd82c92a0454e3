"""The confusion matrix as an SVG picture: each row shaded by the share of its true label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmswitch.tasks import TASKS

CELL = 44
LEFT, TOP = 110, 100


def svg(counts: Mapping[str, Mapping[str, int]]) -> str:
    """`counts[truth][said]`; tasks that never occur as a true label get an empty row."""
    size = CELL * len(TASKS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + size + 20}" height="{TOP + size + 20}">',
        "<style>text { font: 12px sans-serif }</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT + size / 2}" y="18" text-anchor="middle">said</text>',
        f'<text x="14" y="{TOP + size / 2}" text-anchor="middle" transform="rotate(-90 14 {TOP + size / 2})">true</text>',
        *_cells(counts),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _cells(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for row, truth in enumerate(TASKS):
        y = TOP + row * CELL
        yield f'<text x="{LEFT - 8}" y="{y + CELL / 2 + 4}" text-anchor="end">{truth}</text>'
        x = LEFT + row * CELL + CELL / 2
        yield f'<text x="{x}" y="{TOP - 8}" transform="rotate(-45 {x} {TOP - 8})">{truth}</text>'
        total = sum(counts[truth].values())
        for column, said in enumerate(TASKS):
            share = counts[truth][said] / total if total else 0.0
            left = LEFT + column * CELL
            yield (
                f'<rect x="{left}" y="{y}" width="{CELL}" height="{CELL}" stroke="#d0d7de" '
                f'fill="#{_shade(share, right=row == column)}"/>'
            )
            if counts[truth][said]:
                ink = "#ffffff" if share > 0.55 else "#1f2328"
                yield (
                    f'<text x="{left + CELL / 2}" y="{y + CELL / 2 + 4}" text-anchor="middle" fill="{ink}">'
                    f"{counts[truth][said]}</text>"
                )


def _shade(share: float, *, right: bool) -> str:
    """White to blue on the diagonal, white to red beside it."""
    full = (9, 105, 218) if right else (207, 34, 46)
    return "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in full)
