"""`ledger export` and `ledger merge`: another machine's rows, once, whatever happens in between."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command import command_for
from session_logs import answer, rows, take_in, write

from llmswitch.catalog import Model
from llmswitch.conversation import Message, Text, Usage
from llmswitch.errors import LedgerError
from llmswitch.ledger import history, history_search
from llmswitch.ledger.history import Exchange
from llmswitch.ledger.history_search import search
from llmswitch.ledger.migrations import LATEST
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger
from llmswitch.ledger.transfer import Merged, merge, read_file, records

CENT = Cost(Decimal("0.01"), None, "list", "genai-prices 1")
OPUS = Model("opus", "anthropic", "claude-opus-4-6")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The other machine's ledger: a request of two attempts."""
    path = tmp_path / "there.db"
    with Ledger.open(path) as ledger:
        dispatch = ledger.begin_dispatch("ask", task="bugfix", project="shop")
        for ordinal in (1, 2):
            attempt = ledger.begin_attempt(dispatch, ordinal, OPUS)
            ledger.settle_attempt(attempt, status="ok", usage=Usage(1, 2, 3, 4, 5, 6), cost=CENT)
        ledger.finish_dispatch(dispatch, "ok", 0)
    return path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """This machine's ledger: a request of one attempt, so that row numbers clash."""
    path = tmp_path / "here.db"
    with Ledger.open(path) as ledger:
        dispatch = ledger.begin_dispatch("ask")
        ledger.settle_attempt(ledger.begin_attempt(dispatch, 1, OPUS), status="ok", usage=Usage(7), cost=CENT)
        ledger.finish_dispatch(dispatch, "ok", 0)
    return path


def merged(here: Path, file: Path) -> Merged:
    with Ledger.open(here) as ledger:
        return merge(ledger, read_file(file))


def exported(ledger: Path, to: Path, **options: Any) -> Path:
    with Ledger.open(ledger) as opened, opened.reading() as connection:
        to.write_text("".join(json.dumps(record) + "\n" for record in records(connection, **options)))
    return to


def without_ids(ledger: Path) -> list[tuple[Any, ...]]:
    return sorted(row[1:] for row in rows(ledger))


def test_another_machines_rows_come_in_whole(here: Path, there: Path) -> None:
    before = without_ids(here)
    merged(here, there)
    assert without_ids(here) == sorted(before + without_ids(there))


def test_merging_again_adds_nothing(here: Path, there: Path) -> None:
    merged(here, there)
    assert merged(here, there) == Merged()


def test_an_export_merges_as_the_ledger_itself(here: Path, there: Path, tmp_path: Path) -> None:
    merged(here, exported(there, tmp_path / "export.jsonl"))
    assert merged(here, there) == Merged()


def test_a_merge_changes_nothing_of_the_other_file(here: Path, there: Path) -> None:
    before = there.read_bytes()
    merged(here, there)
    assert there.read_bytes() == before


def test_a_call_that_is_under_way_there_is_left_for_a_later_merge(here: Path, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "there.db") as ledger:
        ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, OPUS)
        assert merged(here, ledger.path) == Merged()


def test_an_attempt_that_is_under_way_in_a_known_request_is_left_too(here: Path, there: Path) -> None:
    with closing(sqlite3.connect(there)) as connection, connection:
        connection.execute("UPDATE attempts SET status = 'open' WHERE ordinal = 2")
    assert merged(here, there).attempts == 1


def test_what_is_lost_on_both_sides_is_not_brought_up_to_date(here: Path, there: Path) -> None:
    with closing(sqlite3.connect(there)) as connection, connection:
        connection.execute("UPDATE attempts SET status = 'lost'")
    merged(here, there)
    assert merged(here, there) == Merged()


def test_what_was_taken_for_lost_is_brought_up_to_date(here: Path, there: Path, tmp_path: Path) -> None:
    early = Path(shutil.copy(there, tmp_path / "early.db"))
    with closing(sqlite3.connect(early)) as connection, connection:
        connection.execute("UPDATE attempts SET status = 'lost', cost_pico = NULL WHERE ordinal = 2")
    merged(here, early)
    assert (merged(here, there).updated, rows(here, "status, cost_pico")[2]) == (1, ("ok", 10**10))


def test_a_settled_call_is_not_replaced_by_an_older_copy_of_it(here: Path, there: Path, tmp_path: Path) -> None:
    early = Path(shutil.copy(there, tmp_path / "early.db"))
    with closing(sqlite3.connect(early)) as connection, connection:
        connection.execute("UPDATE attempts SET status = 'lost', cost_pico = NULL")
    merged(here, there)
    merged(here, early)
    assert set(rows(here, "status")) == {("ok",)}


def test_logs_that_both_machines_read_count_once(here: Path, there: Path, tmp_path: Path) -> None:
    write(tmp_path / "logs" / "s1.jsonl", answer())
    for ledger in (here, there):
        take_in(ledger, "claude-code", tmp_path / "logs")
    merged(here, there)
    assert rows(here, "count(*)", "dispatches WHERE kind = 'import'")[0] == (1,)


def test_an_imported_call_that_was_merged_is_not_imported_again(here: Path, there: Path, tmp_path: Path) -> None:
    write(tmp_path / "logs" / "s1.jsonl", answer())
    take_in(there, "claude-code", tmp_path / "logs")
    merged(here, there)
    assert take_in(here, "claude-code", tmp_path / "logs").new == 0


def talk(ledger: Ledger, name: str, word: str, at: int) -> None:
    exchange = Exchange(Message("user", (Text(f"{word}?"),)), Message("assistant", (Text("Yes."),)))
    history.append(ledger, name, exchange, now_us=at)


def test_a_conversation_comes_in_and_can_be_searched(here: Path, there: Path) -> None:
    with Ledger.open(there) as ledger:
        talk(ledger, "chat", "ツバメ", 1)
    merged(here, there)
    with Ledger.open(here) as ledger:
        assert [match.session for match in search(ledger, ["ツバメ"])] == ["chat"]
        with ledger.reading() as connection:
            indexed = (
                history_search.usable(connection) and connection.execute("SELECT rowid FROM turns_index").fetchall()
            )
    assert indexed is False or len(indexed) == 2


def test_two_conversations_of_one_name_stay_two(here: Path, there: Path) -> None:
    for path, at in ((here, 1_000_000), (there, 2_000_000)):
        with Ledger.open(path) as ledger:
            talk(ledger, "chat", "swallow", at)
    merged(here, there)
    merged(here, there)
    with Ledger.open(here) as ledger:
        assert sorted(found.session.name for found in history.overviews(ledger)) == ["chat", "chat-2"]


def test_a_conversation_can_be_left_out_of_an_export(there: Path, tmp_path: Path) -> None:
    with Ledger.open(there) as ledger:
        talk(ledger, "chat", "swallow", 1)
    assert "swallow" not in exported(there, tmp_path / "export.jsonl", history=False).read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"llmswitch_ledger": 1}\n{"dispatch": {"id', "line 2: this is no JSON; was the file cut off?"),
        ('{"some": "thing"}\n', "is neither a ledger nor an export of one"),
        (f'{{"llmswitch_ledger": {LATEST + 1}}}\n', "are of a newer llmswitch"),
        ('{"llmswitch_ledger": 1}\n{"attempt": {"id; DROP TABLE attempts": 1}}\n', "a row for attempts does not fit"),
        ('{"llmswitch_ledger": 1}\n{"table": {}}\n', "a line of an unknown kind: table"),
    ],
    ids=["cut off", "foreign", "newer", "strange column", "strange kind"],
)
def test_a_file_that_does_not_fit_is_refused(here: Path, tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(content)
    with pytest.raises(LedgerError, match=message):
        merged(here, file)


def test_the_command_writes_an_export_that_only_its_owner_can_read(home: Path, there: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    command_for(home, None)("ledger", "export", str(file), LLMSWITCH_LEDGER=str(there))
    assert (file.stat().st_mode & 0o777, len(file.read_text().splitlines())) == (0o600, 4)


def test_the_command_merges_what_another_exported(home: Path, there: Path, tmp_path: Path) -> None:
    file = exported(there, tmp_path / "export.jsonl")
    assert command_for(home, None)("ledger", "merge", str(file)).out == f"{file}: 2 new calls in 1 requests\n"


def test_a_ledger_is_not_merged_with_itself(home: Path, there: Path) -> None:
    assert command_for(home, None)("ledger", "merge", str(there), LLMSWITCH_LEDGER=str(there)).code == 2


def test_vacuum_gives_deleted_rows_space_back(home: Path, there: Path) -> None:
    with closing(sqlite3.connect(there)) as connection, connection:
        connection.execute("CREATE TABLE filler AS SELECT randomblob(500000)")
        connection.execute("DROP TABLE filler")
    command_for(home, None)("ledger", "vacuum", LLMSWITCH_LEDGER=str(there))
    assert there.stat().st_size < 300_000
