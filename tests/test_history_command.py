"""`llmswitch history` as a process."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Command, command_for

from llmswitch.conversation import Image, Message, Text
from llmswitch.ledger import history
from llmswitch.ledger.history import Exchange
from llmswitch.ledger.store import Ledger
from llmswitch.terminal.amounts import age


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with Ledger.open(home / ".local/share/llmswitch/ledger.db") as opened:
        yield opened


@pytest.fixture
def llmswitch(home: Path, ledger: Ledger) -> Command:
    """A home with two sessions."""
    question = Message("user", (Image("image/png", b"\x89PNG"), Text("認証の設計を\n見直したい")))
    answer = Message("assistant", (Text("**まず**トークンの寿命を短くします。"),))
    history.append(ledger, "設計", Exchange(question, answer, model="opus", provider="anthropic"), now_us=10**15)
    more = Exchange(Message("user", (Text("はい"),)), Message("assistant", (Text("次は"),)), partial=True, model="glm")
    history.append(ledger, "設計", more, pinned="glm", now_us=10**15 + 1)
    older = Exchange(Message("user", (Text("Fix the typo"),)), Message("assistant", (Text("Done."),)), model="glm")
    history.append(ledger, "typo", older, project="shop", now_us=10**15 - 1)
    return command_for(home, None)


def test_the_list_has_the_newest_first_on_one_line_each(llmswitch: Command) -> None:
    head, *lines = llmswitch("history").out.splitlines()
    assert head.split() == ["session", "turns", "models", "age", "begins"]
    assert lines[0].split()[:5] == ["設計", "2", "opus,", "glm", "(pinned)"]
    assert lines[0].endswith("認証の設計を 見直したい")
    assert lines[1].split()[:3] == ["typo", "1", "glm"]


def test_the_list_as_json(llmswitch: Command) -> None:
    newest, oldest = json.loads(llmswitch("history", "list", "--json").out)
    assert newest == {
        "session": "設計",
        "project": None,
        "pinned_model": "glm",
        "created_at": "2001-09-09T01:46:40+00:00",
        "updated_at": "2001-09-09T01:46:40.000001+00:00",
        "turns": 2,
        "models": ["opus", "glm"],
        "first_words": "認証の設計を 見直したい",
    }
    assert oldest["project"] == "shop"


def test_an_empty_list_says_how_to_keep_one_and_is_empty_json(home: Path) -> None:
    command = command_for(home, None)
    done = command("history")
    assert (done.code, done.out) == (0, "")
    assert "--session NAME" in done.err
    assert command("history", "--json").out == "[]\n"


def test_show_prints_markdown_into_a_pipe(llmswitch: Command) -> None:
    out = llmswitch("history", "show", "設計", TZ="Asia/Tokyo").out
    assert out.startswith(
        "# 設計\n\n2 turns, pinned to glm\n\n## You, 2001-09-09 10:46\n\n*[image/png, 4 bytes]*\n\n認証"
    )
    assert "## opus, 2001-09-09 10:46\n\n**まず**トークンの寿命を短くします。\n\n## You" in out
    assert "次は\n\n*[the answer broke off here]*" in out


def test_show_renders_on_a_terminal(llmswitch: Command) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        llmswitch.argv("history", "show", "設計"),
        env=llmswitch.environment | {"TERM": "xterm-256color"},
        cwd=llmswitch.home,
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    out = b""
    try:
        while piece := os.read(leader, 65536):
            out += piece
    except OSError:
        pass  # the other side is closed: how a pty says that it ended
    os.close(leader)
    assert process.wait(timeout=60) == 0
    assert "トークンの寿命" in out.decode()
    assert "**まず**" not in out.decode()


def test_show_as_json_has_the_blocks(llmswitch: Command) -> None:
    body = json.loads(llmswitch("history", "show", "設計", "--json").out)
    first = body["turns"][0]
    assert first["content"][0] == {"type": "image", "media_type": "image/png", "data": "iVBORw=="}
    assert first["text"] == "認証の設計を\n見直したい"
    assert [turn["partial"] for turn in body["turns"]] == [False, False, False, True]


def test_an_unknown_session_names_the_nearest(llmswitch: Command) -> None:
    done = llmswitch("history", "show", "tpyo")
    assert done.code == 2
    assert "did you mean 'typo'" in done.err


def test_search_shows_session_turn_and_snippet(llmswitch: Command) -> None:
    _, line = llmswitch("history", "search", "寿命").out.splitlines()
    assert line.split() == ["設計", "2", "opus", "**まず**トークンの寿命を短くします。"]


def test_search_as_json(llmswitch: Command) -> None:
    [match] = json.loads(llmswitch("history", "search", "TYPO", "fix", "--json").out)
    assert (match["session"], match["turn"], match["role"], match["snippet"]) == ("typo", 1, "user", "Fix the typo")


def test_search_without_a_match_is_empty(llmswitch: Command) -> None:
    done = llmswitch("history", "search", "どこにもない")
    assert (done.code, done.out) == (0, "")
    assert llmswitch("history", "search", "どこにもない", "--json").out == "[]\n"


def test_delete_removes_what_was_named_and_leaves_the_rest(llmswitch: Command) -> None:
    assert llmswitch("history", "delete", "設計").out == "1 session deleted\n"
    assert [one["session"] for one in json.loads(llmswitch("history", "--json").out)] == ["typo"]


def test_delete_with_one_wrong_name_deletes_nothing(llmswitch: Command) -> None:
    assert llmswitch("history", "delete", "設計", "nowhere").code == 2
    assert len(json.loads(llmswitch("history", "--json").out)) == 2


def test_delete_all_needs_a_yes_where_nobody_can_be_asked(llmswitch: Command) -> None:
    done = llmswitch("history", "delete", "--all")
    assert done.code == 2
    assert "--yes" in done.err
    assert llmswitch("history", "delete", "--all", "--yes").out == "2 sessions deleted\n"
    assert llmswitch("history", "--json").out == "[]\n"


@pytest.mark.parametrize("arguments", [(), ("設計", "--all")])
def test_delete_wants_either_names_or_all(llmswitch: Command, arguments: tuple[str, ...]) -> None:
    assert llmswitch("history", "delete", *arguments).code == 2


def test_json_before_the_command_is_an_error_and_not_ignored(llmswitch: Command) -> None:
    done = llmswitch("history", "--json", "show", "設計")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (86_400 * 40, "40 d")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text
