"""`llmswitch cache bench`: how often the cache would be right on prompts of one's own, and what a look-up costs."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.commands.cache_judge import EmbedderOption, GuardOption, ThresholdOption, chosen_embedder
from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import InputError, UsageError

if TYPE_CHECKING:
    from llmswitch.cache.base import Embedder
    from llmswitch.cache.evaluation import Counts, Replayed
    from llmswitch.cache.labelled import Pair

TIMED = 200
"""Prompts whose embedding is timed."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("bench")(bench)


def bench(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='JSONL: pairs {"a", "b", "duplicate": 0|1[, "kind"]}, or a stream {"text", "label"} to be replayed.',
        ),
    ],
    embedder: EmbedderOption = None,
    threshold: ThresholdOption = None,
    guard: GuardOption = True,
    seed: Annotated[int, typer.Option("--seed", help="A stream is replayed in this random order.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Measure on labelled prompts how many repeats the cache serves, and how often it would be wrong."""
    from llmswitch.cache import evaluation, labelled

    chosen, cosine = chosen_embedder(profile_of(ctx, profile, no_project=no_project), embedder, threshold)
    if chosen is None:
        raise UsageError("without an embedder there is nothing to measure", hint="--embedder light")
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from None
    first = next((line for line in lines if line.strip()), b"{}")
    head = {"embedder": chosen.name, "threshold": cosine, "guard": guard}
    if b'"text"' in first:
        stream = list(labelled.stream_of(lines, str(file)))
        random.Random(seed).shuffle(stream)  # noqa: S311 - an order, not a secret
        replayed = evaluation.replay(chosen, stream, cosine, guarded=guard)
        cost = _cost(chosen, [one.text for one in stream])
        found = head | stream_figures(replayed) | {"embedding_ms": cost}
        sys.stdout.write(_json(found) if as_json else stream_text(found))
        return
    pairs = list(labelled.pairs_of(lines, str(file)))
    counts = evaluation.count(evaluation.judge(chosen, pairs, cosine, guarded=guard))
    found = head | pair_figures(counts) | {"embedding_ms": _cost(chosen, _texts(pairs))}
    sys.stdout.write(_json(found) if as_json else pair_text(found))


def _texts(pairs: list[Pair]) -> list[str]:
    return [pair.a for pair in pairs]


def _cost(embedder: Embedder, texts: list[str]) -> float:
    from llmswitch.cache.evaluation import cost_ms

    if not texts:
        raise InputError("the file holds no prompts")
    return round(cost_ms(embedder, texts[:TIMED]), 3)


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False) + "\n"


def pair_figures(counts: dict[str, Counts]) -> dict[str, Any]:
    """Figures of pairs, in all and by kind."""
    return {
        **_figures(counts[""]),
        "kinds": [{"kind": kind, **_figures(one)} for kind, one in sorted(counts.items()) if kind],
    }


def _figures(one: Counts) -> dict[str, Any]:
    return {
        "repeats": one.repeats,
        "repeats_near": one.found,
        "repeats_served": one.served,
        "near_misses": one.others,
        "near_misses_near": one.tempting,
        "wrong_hits": one.wrong,
        "wrong_hit_rate": _share(one.wrong, one.others),
        "served_of_near": _share(one.served, one.found),
        "precision": None if one.precision is None else round(one.precision, 4),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def stream_figures(replayed: Replayed) -> dict[str, Any]:
    """Figures of a replayed stream."""
    return {
        "asked": replayed.asked,
        "hits": replayed.hits,
        "exact_hits": replayed.exact,
        "wrong_hits": replayed.wrong,
        "hit_rate": _share(replayed.hits, replayed.asked),
        "wrong_of_all": _share(replayed.wrong, replayed.asked),
    }


def pair_text(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        _head(found),
        f"repeats      {found['repeats']:,}: {found['repeats_near']:,} near, {found['repeats_served']:,} served",
        f"near misses  {found['near_misses']:,}: {found['near_misses_near']:,} near, {found['wrong_hits']:,} served",
        f"wrong hits   {_percent(found['wrong_hit_rate'])} of the near misses",
        f"precision    {_percent(found['precision'])}",
    ]
    kinds = [one for one in found["kinds"] if one["wrong_hits"]]
    if kinds:
        lines.append("wrong hits by kind")
        lines += [f"  {one['wrong_hits']:>5} of {one['near_misses']:>5}  {one['kind']}" for one in kinds]
    return "\n".join([*lines, _foot(found)]) + "\n"


def stream_text(found: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        _head(found),
        f"asked        {found['asked']:,}",
        f"hits         {found['hits']:,} ({_percent(found['hit_rate'])}), {found['exact_hits']:,} of them exact",
        f"wrong        {found['wrong_hits']:,} ({_percent(found['wrong_of_all'])} of all answers)",
    ]
    return "\n".join([*lines, _foot(found)]) + "\n"


def _head(found: dict[str, Any]) -> str:
    return f"{found['embedder']}, cosine from {found['threshold']:.2f}, guard {'on' if found['guard'] else 'off'}"


def _foot(found: dict[str, Any]) -> str:
    return f"embedding    {found['embedding_ms']:.2f} ms a prompt"


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.2%}"
