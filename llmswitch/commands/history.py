"""Sessions that were kept: list, show, search and delete them."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from llmswitch.ledger.history import Session
    from llmswitch.ledger.store import Ledger

FIRST_WORDS = 60
"""Cells of a session's beginning that a list shows."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(help=__doc__)
    group.callback(invoke_without_command=True)(history)
    group.command("list")(show_list)
    group.command("show")(show)
    group.command("search")(search)
    group.command("delete")(delete)
    app.add_typer(group, name="history")


def history(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Sessions that were kept: with `ask --session NAME`, or with `history = true`. Without a command: list them."""
    if ctx.invoked_subcommand is None:
        show_list(as_json)
    elif as_json:
        raise UsageError("--json belongs after the command", hint=f"llmswitch history {ctx.invoked_subcommand} --json")


def show_list(as_json: JsonOption = False) -> None:
    """List every session, the newest first."""
    from llmswitch.ledger.history import overviews
    from llmswitch.terminal.amounts import age
    from llmswitch.terminal.cells import cut
    from llmswitch.terminal.tables import render_table

    with _ledger() as ledger:
        found = overviews(ledger)
    if as_json:
        rows = [
            {**_session(one.session), "turns": one.turns, "models": one.models, "first_words": _line(one.first_words)}
            for one in found
        ]
        _print_json(rows)
        return
    if not found:
        typer.echo("No session is kept: `ask --session NAME` starts one, `history = true` keeps every call.", err=True)
        return
    now = time.time()
    lines = [
        (
            one.session.name,
            str(one.turns),
            ", ".join(one.models) + (" (pinned)" if one.session.pinned else ""),
            age(now - one.session.updated_at / 1e6),
            cut(_line(one.first_words), FIRST_WORDS),
        )
        for one in found
    ]
    headers = ("session", "turns", "models", "age", "begins")
    sys.stdout.write(render_table(headers, lines, stream=sys.stdout, right=(1, 3)))


def show(name: Annotated[str, typer.Argument(help="The session.")], as_json: JsonOption = False) -> None:
    """Print a session's turns: Markdown, rendered on a terminal."""
    from llmswitch.commands.history_text import markdown, turn_object
    from llmswitch.ledger.history import turns
    from llmswitch.terminal.answer import answer_for

    with _ledger() as ledger:
        session = _named(ledger, name)
        said = turns(ledger, session.name)
    if as_json:
        _print_json({**_session(session), "turns": [turn_object(turn) for turn in said]})
        return
    answer = answer_for(sys.stdout, raw=False)
    for piece in markdown(session, said):
        answer.write(piece)
    answer.end()


def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all occur in a turn.")],
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="At most this many turns.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Find turns that hold every word, in any case and width, the newest first."""
    from llmswitch.commands.history_text import instant
    from llmswitch.ledger.history_search import search as find
    from llmswitch.terminal.tables import render_table

    with _ledger() as ledger:
        found = find(ledger, words, limit=limit)
    if as_json:
        rows = [
            {
                "session": match.session,
                "turn": match.ordinal,
                "role": match.role,
                "model": match.model,
                "created_at": instant(match.created_at),
                "snippet": match.snippet,
            }
            for match in found
        ]
        _print_json(rows)
        return
    if not found:
        typer.echo("No kept turn holds these words.", err=True)
        return
    lines = [(match.session, str(match.ordinal), match.model or "you", match.snippet) for match in found]
    sys.stdout.write(render_table(("session", "turn", "by", "text"), lines, stream=sys.stdout, right=(1,)))


def delete(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="The sessions.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete every session.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --all.")] = False,
) -> None:
    """Delete sessions with all their words. What the calls cost stays in the ledger."""
    from llmswitch.ledger import history as sessions

    if bool(names) == everything:
        raise UsageError("name the sessions to delete, or give --all", hint="`llmswitch history` lists them")
    with _ledger() as ledger:
        if everything:
            wanted = [one.session.name for one in sessions.overviews(ledger)]
            if not yes and not _confirmed(len(wanted)):
                typer.echo("nothing was deleted", err=True)
                return
        else:
            wanted = [_named(ledger, name).name for name in dict.fromkeys(names or ())]
        count = sessions.delete(ledger, wanted)
    typer.echo(f"{count} session{'' if count == 1 else 's'} deleted")


def _confirmed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("--all deletes every session and nobody can be asked", hint="add --yes")
    return typer.confirm(f"Delete all {count} sessions?", err=True)


def _ledger() -> Ledger:
    from llmswitch.ledger.store import Ledger

    ledger = Ledger.open()
    for note in ledger.notes:
        typer.echo(f"llmswitch: {note}", err=True)
    return ledger


def _named(ledger: Ledger, name: str) -> Session:
    """The session `name`. Raises UsageError with the nearest name."""
    from llmswitch.ledger.history import find, overviews
    from llmswitch.profile.validate import nearest

    session = find(ledger, name)
    if session is None:
        known = [one.session.name for one in overviews(ledger)]
        raise UsageError(f"there is no session {name!r}{nearest(name, known)}", hint="`llmswitch history` lists them")
    return session


def _session(session: Session) -> dict[str, Any]:
    from llmswitch.commands.history_text import instant

    return {
        "session": session.name,
        "project": session.project,
        "pinned_model": session.pinned,
        "created_at": instant(session.created_at),
        "updated_at": instant(session.updated_at),
    }


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _line(text: str) -> str:
    return " ".join(text.split())
