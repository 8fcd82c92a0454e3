"""Options that the commands around git share, and the way they run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from llmswitch.commands.ask_output import TextOutput
    from llmswitch.engine.dispatch import Engine
    from llmswitch.profile import Profile

ModelOption = Annotated[
    str | None,
    typer.Option(
        "-m", "--model", metavar="NAME", help="Ask this model: one of the profile, or PROVIDER/ID.", show_default=False
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="LANG",
        help="The language, such as `en` or `Japanese`; `auto`: as in the log.",
        show_default=False,
    ),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=0.001, metavar="SECONDS", help="Give up after this time (exit 1).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Nothing on stderr but errors.")]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Tell about the route on stderr.")]

Work = Callable[["Engine", "TextOutput"], Coroutine[Any, Any, int]]


def run_work(
    load: Callable[[], Profile], work: Work, *, quiet: bool, verbose: bool, timeout_s: float | None = None
) -> int:
    """Load the profile, open the ledger, and run `work` with the engine to its exit code."""
    from llmswitch import classify
    from llmswitch.commands.ask_output import TextOutput
    from llmswitch.commands.engine_run import run_engine
    from llmswitch.engine.dispatch import Engine
    from llmswitch.ledger.store import Ledger

    profile = load()
    output = TextOutput(sys.stdout, sys.stderr, raw=True, quiet=quiet, verbose=verbose)
    with Ledger.open() as ledger:
        for note in ledger.notes:
            output.note(note)
        engine = Engine(profile, ledger, classify.build(profile))
        return run_engine(engine, work(engine, output), output, timeout_s)
