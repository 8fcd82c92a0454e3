"""`ask` in a session, as processes: what is sent, what is kept, and what is never kept."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from upstream import DEFAULT_TEXT, Reply, Upstream

JAPANESE = "トークンの寿命は十五分にします。"


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


@pytest.fixture
def keeping(llmswitch: Command) -> Command:
    """A user who keeps every call."""
    config = llmswitch.home / ".config/llmswitch/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("history = true\n")
    return llmswitch


def sent(upstream: Upstream) -> list[tuple[str, str]]:
    """The turns of the last request, of either protocol: role and text."""
    body = upstream.last.body
    found = []
    for turn in body.get("messages") or body["input"]:
        content = turn["content"]
        text = content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
        found.append((turn["role"], text))
    return found


def rows(command: Command, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(command.home / ".local/share/llmswitch/ledger.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def shown(command: Command, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command("history", "show", name, "--json").out)
    return found


def names(command: Command) -> list[str]:
    return [one["session"] for one in json.loads(command("history", "--json").out)]


def test_ten_turns_are_sent_in_order(llmswitch: Command, upstream: Upstream) -> None:
    for number in range(4):
        upstream.script(Reply(text=f"答え{number}"))
        llmswitch("ask", "--session", "相談", f"質問{number}")
    done = llmswitch("ask", "--session", "相談", "質問4")
    earlier = [turn for number in range(4) for turn in (("user", f"質問{number}"), ("assistant", f"答え{number}"))]
    assert done.out == DEFAULT_TEXT
    assert sent(upstream) == [*earlier, ("user", "質問4")]
    assert len(shown(llmswitch, "相談")["turns"]) == 10


def test_nothing_of_prompt_or_answer_is_kept_without_a_session(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="himawari-answer"))
    llmswitch("ask", "himawari-prompt")
    files = [path for path in llmswitch.home.rglob("*") if path.is_file()]
    assert [path for path in files if b"himawari" in path.read_bytes()] == []
    assert rows(llmswitch, "SELECT count(*) FROM sessions") == [(0,)]


def test_continue_goes_on_with_the_newest_session(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "--session", "a", "一")
    llmswitch("ask", "--session", "b", "二")
    done = llmswitch("ask", "-c", "続けて")
    assert sent(upstream) == [("user", "二"), ("assistant", DEFAULT_TEXT), ("user", "続けて")]
    assert "continuing session b (1 turn)" in done.err


def test_continue_stays_in_its_project(llmswitch: Command, upstream: Upstream) -> None:
    for project in ("one", "two"):
        (llmswitch.home / project / ".git").mkdir(parents=True)
        Command(llmswitch.home / project, llmswitch.environment)("ask", "--session", project, project)
    Command(llmswitch.home / "one", llmswitch.environment)("ask", "-c", "続けて")
    assert sent(upstream)[0] == ("user", "one")


def test_continue_in_a_project_without_a_session_names_the_newest_elsewhere(
    llmswitch: Command, upstream: Upstream
) -> None:
    llmswitch("ask", "--session", "よそ", "一")
    (llmswitch.home / "new" / ".git").mkdir(parents=True)
    done = Command(llmswitch.home / "new", llmswitch.environment)("ask", "-c", "続けて")
    assert done.code == 2
    assert "--session よそ" in done.err
    assert len([seen for seen in upstream.requests if seen.method == "POST"]) == 1


def test_nothing_to_continue_says_how_to_start(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("ask", "-c", "続けて")
    assert done.code == 2
    assert "--session NAME" in done.err
    assert "history = true" in done.err
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-c", "--session", "a"), "exclude each other"),
        (("--session", "a", "--compare", "first,second"), "no single answer"),
        (("--pin",), "needs a session"),
        (("--session", " "), "can't be the name"),
        (("--session", "a\nb"), "can't be the name"),
    ],
)
def test_a_wrong_use_of_sessions_is_a_usage_error_and_calls_nothing(
    llmswitch: Command, upstream: Upstream, arguments: tuple[str, ...], words: str
) -> None:
    done = llmswitch("ask", *arguments, "hello")
    assert done.code == 2
    assert words in done.err
    assert upstream.requests == []


def test_another_model_gets_the_conversation_without_the_first_ones_thinking(
    llmswitch: Command, upstream: Upstream
) -> None:
    upstream.script(Reply(text=JAPANESE, thinking="himitsu", signature="c2ln"))
    llmswitch("ask", "--session", "s", "-m", "first", "寿命は?")
    llmswitch("ask", "--session", "s", "-m", "third", "理由は?")
    assert upstream.last.path == "/api/chat"
    assert sent(upstream) == [("user", "寿命は?"), ("assistant", JAPANESE), ("user", "理由は?")]
    assert "himitsu" not in json.dumps(upstream.last.body)


def test_the_same_model_gets_its_signed_thinking_back(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text=JAPANESE, thinking="考え中", signature="c2ln"))
    llmswitch("ask", "--session", "s", "-m", "first", "寿命は?")
    llmswitch("ask", "--session", "s", "-m", "first", "理由は?")
    thought = upstream.last.body["messages"][1]["content"][0]
    assert (thought["type"], thought["thinking"]) == ("thinking", "考え中")
    assert thought["signature"] == "c2ln"


def test_a_fallback_gets_the_conversation_too(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "--session", "s", "一")
    upstream.script(Reply(status=500), model="claude", times=None)
    done = llmswitch("ask", "-c", "二")
    assert done.code == 0
    assert upstream.last.path == "/v1/responses"
    assert sent(upstream) == [("user", "一"), ("assistant", DEFAULT_TEXT), ("user", "二")]
    assert [turn["model"] for turn in shown(llmswitch, "s")["turns"]] == [None, "first", None, "second"]


def test_every_turn_is_routed_again_without_a_pin(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "--session", "s", "-m", "third", "一")
    llmswitch("ask", "-c", "二")
    assert upstream.last.path == "/v1/messages"


def test_a_pinned_session_keeps_the_model_that_answered_first(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=500), model="claude", times=2)
    llmswitch("ask", "--session", "s", "--pin", "一")
    upstream.script(Reply(), times=None)
    done = llmswitch("ask", "-c", "--json", "二")
    assert shown(llmswitch, "s")["pinned_model"] == "second"
    assert json.loads(done.out)["model"] == "second"


def test_a_session_can_be_pinned_to_a_model_by_name(llmswitch: Command) -> None:
    llmswitch("ask", "--session", "s", "--pin", "-m", "third", "一")
    assert json.loads(llmswitch("ask", "-c", "--json", "二").out)["model"] == "third"


def test_a_model_for_one_turn_leaves_the_pin(llmswitch: Command) -> None:
    llmswitch("ask", "--session", "s", "--pin", "-m", "third", "一")
    llmswitch("ask", "-c", "-m", "second", "二")
    assert shown(llmswitch, "s")["pinned_model"] == "third"


def test_no_pin_routes_again(llmswitch: Command) -> None:
    llmswitch("ask", "--session", "s", "--pin", "-m", "third", "一")
    assert json.loads(llmswitch("ask", "-c", "--no-pin", "--json", "二").out)["model"] == "first"
    assert shown(llmswitch, "s")["pinned_model"] is None


def test_a_pin_that_the_profile_does_not_have_says_how_to_go_on(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "--session", "s", "--pin", "-m", "third", "一")
    profile = llmswitch.home / "bench.toml"
    profile.write_text(profile.read_text().replace("third", "fourth"))
    done = llmswitch("ask", "-c", "二")
    assert done.code == 78
    assert "--no-pin" in done.err


def test_history_true_gives_every_call_a_session_of_its_own(keeping: Command, upstream: Upstream) -> None:
    keeping("ask", "READMEの誤字を直して")
    keeping("ask", "Fix the typo, please!")
    assert len(upstream.last.body["messages"]) == 1
    newest, oldest = names(keeping)
    assert re.fullmatch(r"\d{8}-\d{4}-fix-the-typo-please", newest)
    assert re.fullmatch(r"\d{8}-\d{4}-readmeの誤字を直して", oldest)


def test_continue_goes_on_with_an_automatic_session(keeping: Command, upstream: Upstream) -> None:
    keeping("ask", "一")
    keeping("ask", "-c", "二")
    assert len(names(keeping)) == 1
    assert sent(upstream) == [("user", "一"), ("assistant", DEFAULT_TEXT), ("user", "二")]


def test_compare_is_not_kept(keeping: Command) -> None:
    assert keeping("ask", "--compare", "first,second", "一").code == 0
    assert names(keeping) == []


def test_a_second_opinion_keeps_the_answer_and_not_the_review(keeping: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="答え"), Reply(text="講評"))
    keeping("ask", "--second-opinion=second", "一")
    [name] = names(keeping)
    assert [turn["text"] for turn in shown(keeping, name)["turns"]] == ["一", "答え"]


def test_a_repaired_answer_is_kept_as_repaired(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="not JSON"), Reply(text='{"a": 1}'))
    llmswitch("ask", "--session", "s", "--schema", '{"required": ["a"]}', "一")
    assert [turn["text"] for turn in shown(llmswitch, "s")["turns"]] == ["一", '{"a": 1}']


def test_an_image_of_an_earlier_turn_is_sent_again(llmswitch: Command, upstream: Upstream) -> None:
    (llmswitch.home / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    llmswitch("ask", "--session", "s", "-f", "shot.png", "これは何?")
    first = upstream.last.body["messages"][0]["content"]
    llmswitch("ask", "-c", "色は?")
    assert [block["type"] for block in upstream.last.body["messages"][0]["content"]] == ["image", "text"]
    assert upstream.last.body["messages"][0]["content"][0]["source"] == first[0]["source"]


def test_a_failed_turn_is_not_kept(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=401), times=None)
    assert llmswitch("ask", "--session", "s", "一").code == 77
    assert names(llmswitch) == []


def test_an_answer_that_broke_off_is_kept_with_what_arrived(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text=JAPANESE, chunks=8, drop_after=3))
    done = llmswitch("ask", "--session", "s", "一")
    answer = shown(llmswitch, "s")["turns"][1]
    assert answer["partial"]
    assert answer["text"] == done.out.strip() != ""
    llmswitch("ask", "-c", "続けて")
    assert sent(upstream)[1] == ("assistant", f"{answer['text']}\n\n[the answer broke off here]")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_answer_is_kept_with_what_arrived(
    llmswitch: Command, upstream: Upstream, number: signal.Signals
) -> None:
    upstream.script(Reply(text=JAPANESE, chunks=8, stall_after=2))
    process = llmswitch.start("ask", "--session", "s", "一")
    assert process.stdout is not None
    os.read(process.stdout.fileno(), 100)
    process.send_signal(number)
    process.communicate(timeout=60)
    answer = shown(llmswitch, "s")["turns"][1]
    assert answer["partial"]
    assert JAPANESE.startswith(answer["text"])


def test_an_answer_whose_reader_went_away_is_kept(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="行\n" * 2000, chunks=400, delay_s=0.005))
    process = llmswitch.start("ask", "--session", "s", "一", stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    os.read(process.stdout.fileno(), 5)
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert shown(llmswitch, "s")["turns"][1]["partial"]


def test_two_calls_that_continue_one_session_at_once_are_both_kept(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "--session", "s", "一")
    upstream.script(Reply(hold_after=1), times=2)
    processes = [llmswitch.start("ask", "--session", "s", text) for text in ("二", "三")]
    for process in processes:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)
    upstream.release()
    for process in processes:
        process.communicate(timeout=60)
    found = shown(llmswitch, "s")["turns"]
    assert [turn["turn"] for turn in found] == [1, 2, 3, 4, 5, 6]
    assert {turn["text"] for turn in found if turn["role"] == "user"} == {"一", "二", "三"}
    assert [turn["role"] for turn in found] == ["user", "assistant"] * 3


def test_the_calls_are_recorded_under_their_session(llmswitch: Command) -> None:
    llmswitch("ask", "--session", "相談", "一")
    assert rows(
        llmswitch, "SELECT d.session, t.model FROM turns t JOIN dispatches d ON d.id = t.dispatch_id ORDER BY t.id"
    ) == [("相談", None), ("相談", "first")]


def test_explain_counts_the_conversation_and_keeps_nothing(llmswitch: Command) -> None:
    llmswitch("ask", "--session", "s", "とても長い質問です。" * 200)
    done = llmswitch("ask", "-c", "--explain", "--json", "続けて")
    assert json.loads(done.out)["prompt_tokens"] > 1000
    assert len(shown(llmswitch, "s")["turns"]) == 2
