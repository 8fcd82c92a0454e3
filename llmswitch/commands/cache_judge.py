"""`llmswitch cache judge`: would the answer to one prompt be served for another?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

if TYPE_CHECKING:
    from llmswitch.cache.base import Embedder
    from llmswitch.cache.evaluation import Judged
    from llmswitch.profile import Profile

EmbedderOption = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        metavar="NAME",
        help="light, ollama:MODEL, sentence-transformers:NAME_OR_PATH or none; else the profile's.",
        show_default=False,
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        min=0,
        max=1,
        metavar="COSINE",
        help="From which prompts are compared; else the profile's, else the embedder's.",
        show_default=False,
    ),
]
GuardOption = Annotated[bool, typer.Option("--guard/--no-guard", help="Whether the guard may refuse what is near.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("judge")(judge)


def judge(
    ctx: typer.Context,
    embedder: EmbedderOption = None,
    threshold: ThresholdOption = None,
    guard: GuardOption = True,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Say of each pair of prompts whether the answer to the first would be served for the second.

    Reads JSONL {"a", "b"} from standard input, writes one {"served", "score", "reason"} a line, in order."""
    from llmswitch.cache import evaluation, labelled
    from llmswitch.errors import UsageError

    if sys.stdin.isatty():
        raise UsageError(
            "judge reads pairs from standard input", hint='echo \'{"a": "…", "b": "…"}\' | llmswitch cache judge'
        )
    chosen, cosine = chosen_embedder(profile_of(ctx, profile, no_project=no_project), embedder, threshold)
    out = sys.stdout
    batch = 1 if chosen is None or chosen.name.startswith("light") else evaluation.BATCH
    pairs = labelled.pairs_of(sys.stdin.buffer, "standard input")
    for judged in evaluation.judge(chosen, pairs, cosine, guarded=guard, batch=batch):
        out.write(as_line(judged))
        out.flush()


def as_line(judged: Judged) -> str:
    """One JSON object and a newline."""
    import json

    said = {"served": judged.served, "score": round(judged.score, 4), "reason": judged.reason}
    return json.dumps(said, ensure_ascii=False) + "\n"


def chosen_embedder(
    profile: Profile, embedder: str | None = None, threshold: float | None = None
) -> tuple[Embedder | None, float]:
    """The embedder of a profile or of the options over it, and the cosine from which prompts are compared. A threshold
    belongs to its embedder: that of the profile does not hold for another one. Raises ConfigError for an unknown name."""
    from llmswitch.cache import embedders
    from llmswitch.cache.semantic import Settings, threshold_of

    own = profile.settings["cache"]
    if threshold is None and embedder in (None, own["embedder"]):
        threshold = own["threshold"]
    built = embedders.build(embedder or own["embedder"], profile.providers.get("ollama"))
    return built, threshold_of(built, Settings(threshold))
