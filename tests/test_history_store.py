"""Sessions and turns in a real ledger file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from llmswitch.conversation import Block, Image, Message, Text, Thinking, ToolResult, ToolUse
from llmswitch.errors import LedgerError
from llmswitch.ledger import history, history_search, migrations, turn_json
from llmswitch.ledger.history import Exchange
from llmswitch.ledger.store import Ledger

QUESTION = "認証まわりの設計を見直したい"
ANSWER = "まずトークンの寿命を短くします。"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def assistant(text: str) -> Message:
    return Message("assistant", (Text(text),))


def exchange(question: str = QUESTION, answer: str = ANSWER, model: str = "sonnet") -> Exchange:
    return Exchange(user(question), assistant(answer), task="design", model=model, provider="anthropic")


def texts(ledger: Ledger, name: str) -> list[str]:
    return [turn.message.text for turn in history.turns(ledger, name)]


def without_index(ledger: Ledger) -> None:
    """Leave the file as an SQLite without FTS5 makes it."""
    with ledger.writing() as connection:
        connection.execute("DROP TABLE turns_index")


BLOCKS: list[Block] = [
    Text("日本語 👩‍👩‍👧 \n\x00"),
    Image("image/png", b"\x89PNG\r\n\x1a\n\x00\xff"),
    Thinking("考える", "署名=", "anthropic:claude-opus-4-6"),
    Thinking("", None, None),
    ToolUse("t1", "検索", {"語": ["a", 1, None]}),
    ToolResult("t1", "結果", is_error=True),
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_comes_back_as_it_was(block: Block) -> None:
    assert turn_json.decode(turn_json.encode([block])) == (block,)


def test_a_lone_surrogate_does_not_keep_a_turn_from_being_stored(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange("a\udce3b"))
    assert texts(ledger, "s")[0] == "a?b"


def test_a_turn_keeps_who_answered_and_what_the_task_was(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange(), now_us=5)
    question, answer = history.turns(ledger, "s")
    assert (question.task, question.model) == ("design", None)
    assert (answer.task, answer.model, answer.provider, answer.created_at) == ("design", "sonnet", "anthropic", 5)


def test_ten_turns_come_back_in_order(ledger: Ledger) -> None:
    for number in range(5):
        history.append(ledger, "長い話", exchange(f"質問{number}", f"答え{number}"))
    assert texts(ledger, "長い話") == [f"{side}{number}" for number in range(5) for side in ("質問", "答え")]


def test_ordinals_count_from_one_without_a_gap(ledger: Ledger) -> None:
    for _ in range(5):
        history.append(ledger, "s", exchange())
    assert [turn.ordinal for turn in history.turns(ledger, "s")] == list(range(1, 11))


def test_an_answer_that_broke_off_is_marked(ledger: Ledger) -> None:
    history.append(ledger, "s", Exchange(user("q"), assistant("a"), partial=True))
    assert [turn.partial for turn in history.turns(ledger, "s")] == [False, True]


APPENDER = """
    import sys
    from pathlib import Path
    from llmswitch.conversation import Message, Text
    from llmswitch.ledger import history
    from llmswitch.ledger.store import Ledger
    who = sys.argv[2]
    with Ledger.open(Path(sys.argv[1])) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(20):
            said = Message("user", (Text(f"{who}の質問{number}"),)), Message("assistant", (Text(f"{who}への答え{number}"),))
            history.append(ledger, "共有", history.Exchange(*said))
"""


def append_from_two_processes(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(APPENDER), str(path), who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in ("甲", "乙")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == ["", ""]


@pytest.mark.only_a_file
def test_two_processes_that_add_to_one_session_keep_both(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    append_from_two_processes(path)
    with Ledger.open(path) as ledger:
        found = history.turns(ledger, "共有")
    assert [turn.ordinal for turn in found] == list(range(1, 81))
    pairs = [(one.message.text, other.message.text) for one, other in zip(found[::2], found[1::2], strict=True)]
    assert all(answer == question.replace("の質問", "への答え") for question, answer in pairs)
    assert len(set(pairs)) == 40


def test_the_newest_session_is_the_one_last_added_to(ledger: Ledger) -> None:
    for name, now in (("a", 1), ("b", 2), ("a", 3)):
        history.append(ledger, name, exchange(), now_us=now)
    found = history.newest(ledger)
    assert found is not None
    assert found.name == "a"


def test_the_newest_session_of_a_project_is_not_another_projects(ledger: Ledger) -> None:
    history.append(ledger, "mine", exchange(), project="one", now_us=1)
    history.append(ledger, "other", exchange(), project="two", now_us=2)
    found = history.newest(ledger, "one")
    assert found is not None
    assert found.name == "mine"


def test_a_project_without_sessions_has_no_newest_one(ledger: Ledger) -> None:
    history.append(ledger, "other", exchange(), project="two")
    assert history.newest(ledger, "one") is None


def test_an_automatic_name_that_is_taken_gets_a_number(ledger: Ledger) -> None:
    names = [history.append(ledger, "20261123-0714-直して", exchange(), automatic=True) for _ in range(3)]
    assert names == ["20261123-0714-直して", "20261123-0714-直して-2", "20261123-0714-直して-3"]


def test_the_dispatch_of_a_renamed_session_is_recorded_under_its_new_name(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange(), automatic=True)
    dispatch = ledger.begin_dispatch("ask", session="s")
    history.append(ledger, "s", Exchange(user("q"), assistant("a"), dispatch_id=dispatch), automatic=True)
    with ledger.reading() as connection:
        assert connection.execute("SELECT session FROM dispatches").fetchone() == ("s-2",)


def test_a_pinned_model_stays_until_it_is_taken_away(ledger: Ledger) -> None:
    pins = []
    for pinned in ("opus", None):
        history.append(ledger, "s", exchange(), pinned=pinned)
        found = history.find(ledger, "s")
        assert found is not None
        pins.append(found.pinned)
    assert pins == ["opus", None]


def test_an_overview_names_turns_models_and_first_words(ledger: Ledger) -> None:
    for model in ("sonnet", "glm", "sonnet"):
        history.append(ledger, "s", exchange(f"{model}さん", model=model))
    [found] = history.overviews(ledger)
    assert (found.turns, found.models, found.first_words) == (3, ("sonnet", "glm"), "sonnetさん")


def test_overviews_have_the_newest_first(ledger: Ledger) -> None:
    for name, now in (("a", 1), ("b", 3), ("c", 2)):
        history.append(ledger, name, exchange(), now_us=now)
    assert [found.session.name for found in history.overviews(ledger)] == ["b", "c", "a"]


def test_a_turn_that_cannot_be_read_says_which_and_what_to_do(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange())
    with ledger.writing() as connection:
        connection.execute('UPDATE turns SET content = \'[{"type": "video"}]\' WHERE ordinal = 2')
    with pytest.raises(LedgerError, match="turn 2 of session 's'") as caught:
        history.turns(ledger, "s")
    assert caught.value.hint == "`llmswitch history delete s` removes the session"


@pytest.mark.parametrize("indexed", [True, pytest.param(False, marks=pytest.mark.only_a_file)])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["トークンの寿命"], [2]),
        (["設計"], [1]),  # two letters: shorter than a trigram
        (["ﾄｰｸﾝ"], [3, 2]),  # half-width
        (["oauth"], [3]),
        (["OAUTH", "リフレッシュ"], [3]),
        (["OAuth", "寿命"], []),
        (['"OAuth" OR'], []),  # no operator of the index
        (["%"], []),
        (["  "], []),
    ],
)
def test_search_finds_turns_that_hold_every_word(
    ledger: Ledger, indexed: bool, words: list[str], found: list[int]
) -> None:
    if not indexed:
        without_index(ledger)
    history.append(ledger, "s", exchange())
    history.append(ledger, "s", exchange("ＯＡｕｔｈ のリフレッシュトークンは?", "はい。"))
    assert [match.ordinal for match in history_search.search(ledger, words)] == found


@pytest.mark.only_a_file
def test_search_also_finds_turns_that_were_stored_without_the_index(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange())
    with ledger.writing() as connection:
        connection.execute("DELETE FROM turns_index")
    assert [match.ordinal for match in history_search.search(ledger, ["トークン"])] == [2]


@pytest.mark.only_a_file
def test_search_uses_the_index_for_words_of_three_letters(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange())
    with ledger.writing() as connection:
        connection.execute("UPDATE turns_index SET text = 'somewhere else'")
    assert history_search.search(ledger, ["トークン"]) == []


def test_search_stops_at_its_limit_with_the_newest(ledger: Ledger) -> None:
    for number in range(5):
        history.append(ledger, "s", exchange(f"質問{number}"), now_us=number)
    assert [match.created_at for match in history_search.search(ledger, ["質問"], limit=2)] == [4, 3]


def test_a_snippet_is_one_line_around_the_word() -> None:
    text = "あ" * 60 + "\n㍿ＡＢＣ\n" + "い" * 60
    assert history_search.snippet(text, "abc") == "…" + "あ" * 38 + " ㍿ＡＢＣ " + "い" * 39 + "…"


@pytest.mark.only_a_file
def test_deleting_takes_the_turns_out_of_the_search(ledger: Ledger) -> None:
    history.append(ledger, "s", exchange())
    history.append(ledger, "t", exchange())
    assert history.delete(ledger, ["s"]) == 1
    assert [match.session for match in history_search.search(ledger, ["トークン"])] == ["t"]
    with ledger.reading() as connection:
        assert connection.execute("SELECT count(*) FROM turns_index").fetchone() == (2,)


@pytest.mark.parametrize("number", [2, 200])  # all of it still in the write-ahead log; and a file of many pages
@pytest.mark.only_a_file
def test_deleting_leaves_no_word_in_any_of_the_files(ledger: Ledger, number: int) -> None:
    with ledger.reading() as connection:
        connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite have it on
    for _ in range(number):
        history.append(ledger, "s", exchange("合言葉はひまわり" * 20, "himawari-secret" * 500))
    history.append(ledger, "t", exchange())
    assert "ひまわり".encode() in everything(ledger)
    history.delete(ledger, ["s"])
    left = everything(ledger)
    assert [word for word in ("ひまわり", "himawari", "ひまわ") if word.encode() in left] == []
    assert texts(ledger, "t") == [QUESTION, ANSWER]


def everything(ledger: Ledger) -> bytes:
    return b"".join(path.read_bytes() for path in ledger.path.parent.glob("ledger.db*"))


@pytest.mark.only_a_file
def test_deleting_works_where_there_is_no_index(ledger: Ledger) -> None:
    without_index(ledger)
    history.append(ledger, "s", exchange())
    assert history.delete(ledger, ["s"]) == 1


@pytest.mark.parametrize(("automatic", "left"), [(True, None), (False, "s")])
def test_deleting_leaves_a_call_its_session_only_where_the_person_named_it(
    ledger: Ledger, automatic: bool, left: str | None
) -> None:
    ledger.begin_dispatch("ask", session="s")
    history.append(ledger, "s", exchange(), automatic=automatic)
    history.delete(ledger, ["s"])
    with ledger.reading() as connection:
        assert connection.execute("SELECT session FROM dispatches").fetchone() == (left,)


def test_a_ledger_of_the_version_before_gets_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    step = migrations.MIGRATIONS.index(migrations._create_sessions_and_turns)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for older in migrations.MIGRATIONS[:step]:
            older(connection)
        connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {step}")
    with Ledger.open(path) as ledger:
        history.append(ledger, "s", exchange())
        assert texts(ledger, "s") == [QUESTION, ANSWER]
