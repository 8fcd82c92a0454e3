"""Precision against hit rate as an SVG picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.cache.figures import Point

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 60, 20, 220, 50
COLOURS = ("#0b6e99", "#b5651d", "#4a7c2f", "#7a3e9d")
LOWEST = 0.3
"""The precision at the bottom of the picture."""


def svg(curves: Mapping[str, tuple[Sequence[Point], Sequence[Point]]]) -> str:
    """One colour an embedder: dashed without the guard, solid with it."""
    return "\n".join(_lines(curves)) + "\n"


def _lines(curves: Mapping[str, tuple[Sequence[Point], Sequence[Point]]]) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    for step in range(11):
        x = _x(step / 10)
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e4e4e4"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#333">{step * 10}</text>'
    for percent in range(int(LOWEST * 100), 101, 10):
        y = _y(percent / 100)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e4e4e4"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#333">{percent}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle" fill="#333">% of repeats served</text>'
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield (
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle" fill="#333">% of hits that are right</text>'
    )
    for number, (name, (off, on)) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        yield _curve(off, f'stroke="{colour}" stroke-dasharray="5 4"')
        yield _curve(on, f'stroke="{colour}"')
        yield from _key(number, name, colour)
    yield "</svg>"


def _curve(points: Sequence[Point], style: str) -> str:
    shown = [(one.hit_rate, one.precision) for one in points if one.precision is not None and one.precision >= LOWEST]
    path = " ".join(f"{_x(hit):.1f},{_y(precision):.1f}" for hit, precision in shown)
    return f'<polyline points="{path}" fill="none" stroke-width="2" {style}/>'


def _key(number: int, name: str, colour: str) -> Iterator[str]:
    x, y = WIDTH - RIGHT + 16, TOP + 20 + number * 44
    for line, (label, dash) in enumerate(((f"{name}, guard", ""), (f"{name}, cosine only", ' stroke-dasharray="5 4"'))):
        at = y + line * 18
        yield f'<line x1="{x}" y1="{at - 4}" x2="{x + 22}" y2="{at - 4}" stroke="{colour}" stroke-width="2"{dash}/>'
        yield f'<text x="{x + 28}" y="{at}" fill="#333">{label}</text>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) / (1 - LOWEST) * (HEIGHT - TOP - BOTTOM)
