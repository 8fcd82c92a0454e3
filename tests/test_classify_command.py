"""`llmswitch classify` and `llmswitch wrong`, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import Command, command_for

from llmswitch.classify import remember_last
from llmswitch.classify.evaluation import Said, calibration_error, figures
from llmswitch.classify.label import Label, Opinion
from llmswitch.commands.classify import as_text
from llmswitch.ledger.store import Ledger
from llmswitch.tasks import TASKS


@pytest.fixture
def llmswitch(home: Path) -> Command:
    return command_for(home, None)


def test_json_has_the_agreed_keys(llmswitch: Command) -> None:
    said = json.loads(llmswitch("classify", "--json", "fix the typo in the README").out)
    assert list(said) == ["task", "confidence", "difficulty", "mode", "scores"]
    assert (said["task"], list(said["scores"])) == ("quickfix", list(TASKS))


def test_the_prompt_comes_from_standard_input(llmswitch: Command) -> None:
    assert llmswitch("classify", "-", stdin="変数名をuserIdにリネームして".encode()).out.startswith("quickfix")


def test_the_argument_counts_more_than_what_is_piped_or_attached(llmswitch: Command, home: Path) -> None:
    ticket = "the ticket says: please write the documentation, a README and a changelog. " * 5
    (home / "ticket.txt").write_text(ticket, encoding="utf-8")
    piped = llmswitch("classify", "write unit tests for the parser", "-f", "-", stdin=ticket.encode())
    assert piped.out.startswith("test ")
    assert llmswitch("classify", "write unit tests for the parser", "-f", str(home / "ticket.txt")).out.startswith(
        "test "
    )


def test_a_large_text_that_is_piped_along_is_a_long_context(llmswitch: Command) -> None:
    log = b"2026-11-24 12:00:00 INFO request served in 12 ms\n" * 12_000
    done = llmswitch("classify", "what went wrong here", "-f", "-", "--json", stdin=log)
    assert (json.loads(done.out)["task"], json.loads(done.out)["mode"]) == ("longcontext", "size")


def test_beside_a_prompt_standard_input_is_left_to_the_script(llmswitch: Command) -> None:
    with llmswitch.start(
        "classify", "fix the typo", stdin=subprocess.PIPE
    ) as process:  # never closed: nothing waits for it
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"quickfix")


def test_a_file_that_is_not_there_is_named(llmswitch: Command) -> None:
    done = llmswitch("classify", "review this", "-f", "nowhere.py")
    assert done.code == 2
    assert "nowhere.py can't be read" in done.err


def test_a_batch_is_answered_in_order(llmswitch: Command) -> None:
    prompts = ["fix the typo", "write unit tests for the parser", "what is a monad?"] * 3
    done = llmswitch("classify", "--batch", stdin="\n".join(json.dumps({"prompt": one}) for one in prompts).encode())
    assert [json.loads(line)["task"] for line in done.out.splitlines()] == ["quickfix", "test", "chat"] * 3


def test_a_batch_answers_each_line_before_the_next_comes(llmswitch: Command) -> None:
    with llmswitch.start("classify", "--batch", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"prompt": "fix the typo"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["task"] == "quickfix"
        process.stdin.close()


@pytest.mark.parametrize("bad", [b"nonsense", b"[1]", b'{"text": "x"}', b'{"prompt": 3}'])
def test_a_bad_line_is_named_by_its_number(llmswitch: Command, bad: bytes) -> None:
    done = llmswitch("classify", "--batch", stdin=b'{"prompt": "a"}\n\n' + bad + b"\n")
    assert (done.code, len(done.out.splitlines())) == (2, 1)
    assert "line 3" in done.err


def test_an_unknown_mode_is_a_usage_error(llmswitch: Command) -> None:
    assert llmswitch("classify", "--mode", "magic", "x").code == 2


def test_eval_prints_the_figures_and_draws_the_picture(llmswitch: Command, home: Path) -> None:
    rows = [("fix the typo", "quickfix", "en"), ("what is a monad?", "chat", "en"), ("誤字を直して", "quickfix", "ja")]
    file = home / "rows.jsonl"
    file.write_text(
        "\n".join(json.dumps({"prompt": p, "label": t, "lang": lang}) for p, t, lang in rows), encoding="utf-8"
    )
    done = llmswitch("classify", "--eval", str(file), "--eval-picture", str(home / "matrix.svg"))
    assert [line.split()[:4] for line in done.out.splitlines()[1:4]] == [
        ["all", "3", "1.000", "1.000"],
        ["en", "2", "1.000", "1.000"],
        ["ja", "1", "1.000", "1.000"],
    ]
    assert (home / "matrix.svg").read_text(encoding="utf-8").startswith("<svg")


def test_eval_names_the_line_of_an_unknown_label(llmswitch: Command, home: Path) -> None:
    (home / "rows.jsonl").write_text('{"prompt": "a", "label": "cooking"}', encoding="utf-8")
    done = llmswitch("classify", "--eval", str(home / "rows.jsonl"))
    assert done.code == 2
    assert "rows.jsonl:1" in done.err


def test_eval_reads_standard_input(llmswitch: Command) -> None:
    done = llmswitch("classify", "--eval", "-", stdin=b'{"prompt": "fix the typo", "label": "quickfix"}')
    assert done.out.splitlines()[1].split()[:3] == ["all", "1", "1.000"]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "nothing to measure on"), (b"\xff\xfe", "rows.jsonl:1"), (b'{"prompt": "a"}', "rows.jsonl:1")],
)
def test_eval_refuses_what_it_can_not_measure_on(llmswitch: Command, home: Path, content: bytes, told: str) -> None:
    (home / "rows.jsonl").write_bytes(content)
    done = llmswitch("classify", "--eval", str(home / "rows.jsonl"))
    assert done.code == 2
    assert told in done.err


def test_a_picture_that_can_not_be_written_is_an_error_after_the_figures(llmswitch: Command, home: Path) -> None:
    (home / "rows.jsonl").write_text('{"prompt": "fix the typo", "label": "quickfix"}')
    picture = str(home / "no" / "such" / "folder.svg")
    done = llmswitch("classify", "--eval", str(home / "rows.jsonl"), "--eval-picture", picture)
    assert (done.code, "accuracy" in done.out) == (2, True)
    assert "can't be written" in done.err


def test_no_line_of_an_evaluation_is_wider_than_80(llmswitch: Command, home: Path) -> None:
    (home / "rows.jsonl").write_text('{"prompt": "fix the typo", "label": "quickfix"}\n' * 300)
    assert max(map(len, llmswitch("classify", "--eval", str(home / "rows.jsonl")).out.splitlines())) <= 80


def test_help_imports_no_classifier() -> None:
    program = (
        "import sys\nfrom llmswitch.cli import run\nrun(['classify', '--help'])\n"
        "print([name for name in sys.modules if name.startswith('llmswitch.classify')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_both_opinions_are_shown_to_a_person() -> None:
    said = (Opinion("linear", "chat", 0.4), Opinion("model", "chat", 0.0, 1500.0, "no answer within 1500 ms"))
    assert "model: no answer (no answer within 1500 ms), 1500.0 ms" in as_text(Label("chat", 0.4, opinions=said))


def _dispatch(task: str, prompt: str) -> str:
    with Ledger.open() as ledger:
        dispatch = ledger.begin_dispatch("ask", task=task, task_source="linear")
    remember_last(dispatch, prompt)
    return dispatch


def test_wrong_relabels_the_last_dispatch(llmswitch: Command) -> None:
    _dispatch("chat", "first")
    last = _dispatch("chat", "the flux thing again")
    done = llmswitch("wrong", "design")
    assert done.out == f"chat → design  {last}\n"
    with Ledger.open() as ledger, ledger.reading() as connection:
        rows = connection.execute("SELECT task, task_source FROM dispatches ORDER BY started_at").fetchall()
    assert [tuple(row) for row in rows] == [("chat", "linear"), ("design", "user")]


def test_wrong_without_a_dispatch_says_so(llmswitch: Command) -> None:
    done = llmswitch("wrong", "design")
    assert done.code == 2
    assert "no dispatch to correct" in done.err


def test_wrong_suggests_the_task_that_was_meant(llmswitch: Command) -> None:
    done = llmswitch("wrong", "bugfx")
    assert done.code == 2
    assert "bugfix" in done.err


def test_what_was_taught_holds_until_it_is_undone(llmswitch: Command) -> None:
    prompt = "flux the quux over the moon"
    before = json.loads(llmswitch("classify", "--json", prompt).out)["task"]
    other = "test" if before != "test" else "docs"
    for number in range(4):
        _dispatch("chat", f"{prompt} {number}")
        llmswitch("wrong", other)
    done = llmswitch("classify", "--learn")
    assert done.code == 0, done.err
    assert "4 corrections" in done.out
    assert json.loads(llmswitch("classify", "--json", prompt).out)["task"] == other
    assert llmswitch("classify", "--unlearn").out == "back to the shipped classifier\n"
    assert json.loads(llmswitch("classify", "--json", prompt).out)["task"] == before


def test_corrections_of_an_earlier_version_are_left_out_and_said(llmswitch: Command, home: Path) -> None:
    _dispatch("chat", "the flux thing again")
    llmswitch("wrong", "design")
    kept = home / ".local/share/llmswitch/classifier/corrections.jsonl"
    entry = json.loads(kept.read_text())
    kept.write_text(json.dumps({**entry, "features": 1}) + "\n")
    done = llmswitch("classify", "--learn")
    assert done.code == 2
    assert "1 correction of an earlier version" in done.err
    kept.write_text(json.dumps({**entry, "features": 1}) + "\n" + json.dumps(entry) + "\n")
    assert llmswitch("classify", "--learn").out.startswith("1 correction, 1 more of an earlier version left out\n")


def test_wrong_twice_is_one_correction(llmswitch: Command) -> None:
    _dispatch("chat", "the flux thing again")
    llmswitch("wrong", "design")
    llmswitch("wrong", "refactor")
    assert llmswitch("classify", "--learn").out.startswith("1 correction\n")


def test_learning_from_nothing_is_a_usage_error(llmswitch: Command) -> None:
    assert llmswitch("classify", "--learn").code == 2


def test_no_prompt_text_is_kept_for_learning(llmswitch: Command, home: Path) -> None:
    _dispatch("chat", "zebra crossing")
    llmswitch("wrong", "design")
    kept = list((home / ".local/share/llmswitch/classifier").iterdir())
    assert kept
    assert not any(b"zebra" in file.read_bytes() for file in kept)
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}


def test_confidence_that_means_what_it_says_has_no_calibration_error() -> None:
    said = [Said("chat", "chat" if place < 7 else "docs", 0.7) for place in range(10)]
    assert calibration_error(said) == pytest.approx(0.0)


def test_strong_work_sent_lower_is_counted_of_strong_work_only() -> None:
    said = [Said("design", "chat", 0.5), Said("design", "refactor", 0.5), Said("chat", "design", 0.5)]
    assert figures(said).strong_sent_lower == 0.5
