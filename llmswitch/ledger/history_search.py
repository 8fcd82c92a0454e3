"""Words in stored turns: every word has to occur in a turn, in any case and width, also inside another word (Japanese has
no spaces between words).

Where SQLite has FTS5 with its trigram tokenizer, `turns_index` narrows the search down for words of three letters or
more; each turn it names is then read. Shorter words, and an SQLite without it, read every turn: same result, slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from llmswitch.conversation import Message, Role
from llmswitch.ledger import turn_json
from llmswitch.ledger.postgres.connection import is_postgres
from llmswitch.ledger.store import Ledger

TRIGRAM = 3
AROUND = 40
"""Characters of a snippet on each side of the first word."""


@dataclass(frozen=True, slots=True)
class Match:
    """A turn that holds every word. `snippet` is one line around the first of them."""

    session: str
    ordinal: int
    role: Role
    model: str | None
    created_at: int
    snippet: str


def search(ledger: Ledger, words: Sequence[str], *, limit: int = 20) -> list[Match]:
    """The newest turns that hold all `words`, at most `limit`."""
    wanted = [folded for word in words for folded in fold(word).split()]
    if not wanted:
        return []
    found: list[Match] = []
    with ledger.reading() as connection:
        for session, ordinal, role, model, created_at, content in _candidates(connection, wanted):
            text = Message(role, turn_json.decode(content)).text
            folded = fold(text)
            if all(word in folded for word in wanted):
                found.append(Match(session, ordinal, role, model, created_at, snippet(text, wanted[0])))
            if len(found) == limit:
                break
    return found


def fold(text: str) -> str:
    """`text` without differences of case and width, a lone surrogate as `?`."""
    return normalize("NFKC", text).casefold().encode("utf-8", "replace").decode("utf-8")


def snippet(text: str, word: str) -> str:
    """One line of `text` around the first place of the folded `word`, with an ellipsis where something is missing."""
    line = " ".join(text.split())
    at, length = _place(line, word)
    start, end = max(0, at - AROUND), min(len(line), at + length + AROUND)
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


def _place(line: str, word: str) -> tuple[int, int]:
    """Where the folded `word` begins in `line`, and how many characters it takes there: folding may change both."""
    at = fold(line).find(word)
    if at < 0:
        return 0, 0  # it stretched over a line break
    start = _reaching(line, at + 1) - 1
    return start, _reaching(line, at + len(word)) - start


def _reaching(line: str, count: int) -> int:
    """The shortest beginning of `line` that has `count` characters when folded."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(fold(line[:middle])) >= count else (middle + 1, high)
    return low


def index(connection: sqlite3.Connection, turn_id: int, text: str) -> None:
    """Make a new turn's text known to the index, where there is one."""
    if usable(connection):
        connection.execute("INSERT INTO turns_index (rowid, text) VALUES (?, ?)", (turn_id, fold(text)))


def forget(connection: sqlite3.Connection, sessions: Sequence[tuple[str]]) -> None:
    """Take the turns of these sessions out of the index, now and not at some later merge. Raises sqlite3.OperationalError
    where the file has an index that this SQLite can't change."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns_index'").fetchone():
        return
    connection.executemany("DELETE FROM turns_index WHERE rowid IN (SELECT id FROM turns WHERE session = ?)", sessions)
    connection.execute("INSERT INTO turns_index (turns_index) VALUES ('optimize')")


def usable(connection: sqlite3.Connection) -> bool:
    """Whether the file has the index and this SQLite can use it. PostgreSQL has none: there the turns themselves are
    searched."""
    if is_postgres(connection):
        return False
    try:
        connection.execute("SELECT rowid FROM turns_index LIMIT 0")
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):  # table, module or tokenizer
            raise
        return False
    return True


def _candidates(connection: sqlite3.Connection, words: Sequence[str]) -> sqlite3.Cursor:
    """The turns that may hold the words, newest first."""
    columns = "SELECT session, ordinal, role, model, created_at, content FROM turns"
    order = "ORDER BY created_at DESC, id DESC"
    long = [word for word in words if len(word) >= TRIGRAM]
    if not long or not usable(connection):
        return connection.execute(f"{columns} {order}")
    phrases = " ".join('"' + word.replace('"', '""') + '"' for word in long)
    return connection.execute(
        f"{columns} WHERE id IN (SELECT rowid FROM turns_index WHERE turns_index MATCH ?) "  # noqa: S608 - columns of this file
        f"OR id NOT IN (SELECT rowid FROM turns_index) {order}",  # written where there was no FTS5
        (phrases,),
    )
