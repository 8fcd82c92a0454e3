"""The lines around an answer: summary, error, tables, explanation, and what a stream can show."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest

from llmswitch.classify.label import Opinion
from llmswitch.conversation import Usage
from llmswitch.terminal import style
from llmswitch.terminal.amounts import duration, megabytes, money
from llmswitch.terminal.error_lines import render_error
from llmswitch.terminal.explain import Considered, Explanation, render_explanation
from llmswitch.terminal.summary import hit_line, print_summary, summary_line
from llmswitch.terminal.tables import render_table
from llmswitch.terminal.thinking import Thinking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


# What a stream can show


@pytest.mark.parametrize(
    ("environment", "stream", "colored"),
    [
        ({}, Terminal, True),
        ({}, io.StringIO, False),
        ({"NO_COLOR": "1"}, Terminal, False),
        ({"NO_COLOR": ""}, Terminal, True),
        ({"TERM": "dumb"}, Terminal, False),
        ({"FORCE_COLOR": "1"}, io.StringIO, True),
        ({"CLICOLOR_FORCE": "1"}, io.StringIO, True),
        ({"FORCE_COLOR": "0"}, io.StringIO, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, io.StringIO, False),
    ],
)
def test_colours_follow_the_environment(
    environment: dict[str, str], stream: type[io.StringIO], colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert style.uses_color(stream()) is colored


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not style.is_terminal(stream)


def test_the_width_of_a_pipe_is_what_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "123")
    assert style.width(io.StringIO()) == 123


def test_what_an_encoding_cannot_carry_becomes_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="")
    print_summary(stream, "a → b · 日")
    assert raw.getvalue() == b"a -> b | ?\n"


# Summary


def summary(**changes: Any) -> str:
    values: dict[str, Any] = {
        "task": "implement",
        "model": "sonnet",
        "usage": Usage(input_tokens=1204, output_tokens=312),
        "cost_usd": Decimal("0.0081"),
        "cost_source": "list",
        "imputed_usd": None,
        "total_ms": 3400.0,
    }
    return summary_line(**(values | changes))


HEAD = "implement → sonnet · 1,204 in · 312 out · "


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, HEAD + "$0.0081 · 3.4 s"),
        ({"cost_source": "estimate"}, HEAD + "about $0.0081 · 3.4 s"),
        ({"cost_source": "plan", "imputed_usd": Decimal("0.0081")}, HEAD + "plan, worth $0.0081 · 3.4 s"),
        ({"cost_source": "plan", "cost_usd": Decimal(0)}, HEAD + "plan · 3.4 s"),
        ({"cost_source": "local", "cost_usd": Decimal(0)}, HEAD + "local · 3.4 s"),
        ({"cost_source": "free", "cost_usd": Decimal(0)}, HEAD + "free · 3.4 s"),
        ({"cost_source": "unknown", "cost_usd": None}, HEAD + "cost unknown · 3.4 s"),
        ({"failed": [("glm", "rate limit"), ("opus", "timeout")]}, HEAD + "$0.0081 · 3.4 s · after glm: rate limit, opus: timeout"),
        ({"usage": None}, "implement → sonnet · $0.0081 · 3.4 s"),
        ({"usage": Usage(output_tokens=5)}, "implement → sonnet · 5 out · $0.0081 · 3.4 s"),
        (
            {"usage": Usage(input_tokens=4, cache_read_tokens=1200, output_tokens=5)},
            "implement → sonnet · 1,204 in (1,200 cached) · 5 out · $0.0081 · 3.4 s",
        ),
    ],
)  # fmt: skip
def test_summary_line(changes: dict[str, Any], line: str) -> None:
    assert summary(**changes) == line


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "docs → sonnet, from the cache · 3 min old, score 0.962 · saved $0.0081 and 3.4 s · 12 ms"),
        ({"score": None}, "docs → sonnet, from the cache · 3 min old, the same prompt · saved $0.0081 and 3.4 s · 12 ms"),
        ({"saved_usd": Decimal(0), "saved_imputed_usd": Decimal("0.02")},
         "docs → sonnet, from the cache · 3 min old, score 0.962 · saved a worth of $0.0200 and 3.4 s · 12 ms"),
        ({"saved_usd": None}, "docs → sonnet, from the cache · 3 min old, score 0.962 · saved 3.4 s · 12 ms"),
        ({"saved_usd": None, "saved_ms": None}, "docs → sonnet, from the cache · 3 min old, score 0.962 · 12 ms"),
        ({"age_s": 0.4, "saved_ms": None}, "docs → sonnet, from the cache · 0 s old, score 0.962 · saved $0.0081 · 12 ms"),
        ({"age_s": 90_000.0}, "docs → sonnet, from the cache · 1 d old, score 0.962 · saved $0.0081 and 3.4 s · 12 ms"),
    ],
)  # fmt: skip
def test_the_line_of_a_cache_hit(changes: dict[str, Any], line: str) -> None:
    values: dict[str, Any] = {
        "task": "docs",
        "model": "sonnet",
        "age_s": 200.0,
        "score": 0.9621,
        "saved_usd": Decimal("0.0081"),
        "saved_imputed_usd": None,
        "saved_ms": 3400.0,
        "total_ms": 12.0,
    }
    assert hit_line(**(values | changes)) == line


def test_the_summary_is_dim_on_a_terminal() -> None:
    stream = Terminal()
    print_summary(stream, "a → b")
    assert stream.getvalue() == "\x1b[2ma → b\x1b[0m\n"


@pytest.mark.parametrize(
    ("usd", "text"),
    [("0", "$0.00"), ("0.00001", "<$0.0001"), ("0.0081", "$0.0081"), ("1234.5", "$1,234.50"), ("-2", "-$2.00")],
)
def test_money(usd: str, text: str) -> None:
    assert money(Decimal(usd)) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(12.4, "12 ms"), (420, "0.4 s"), (59_940, "59.9 s"), (59_960, "1 min 00 s"), (125_000, "2 min 05 s")],
)
def test_duration(ms: float, text: str) -> None:
    assert duration(ms) == text


@pytest.mark.parametrize(("size", "text"), [(812_000, "812 KB"), (98_130_000, "98.1 MB"), (4.2e9, "4.20 GB")])
def test_megabytes(size: float, text: str) -> None:
    assert megabytes(size) == text


# Errors


def test_an_error_is_two_calm_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert render_error("no key", "export A=…") == "llmswitch: error: no key\n  → export A=…\n"


def test_an_error_of_several_lines_is_indented_below_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert render_error("one\ntwo", None) == "llmswitch: error: one\n  two\n"


def test_only_the_word_error_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    assert render_error("no", None) == "llmswitch: \x1b[31merror\x1b[0m: no\n"


def test_an_upstream_message_can_send_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert "\x1b" not in render_error("bad \x1b[2J", "\x1b]0;x\x07")


# Reasoning


def test_reasoning_is_dim_on_a_terminal_and_set_off_from_the_answer() -> None:
    stream = Terminal()
    thinking = Thinking(stream)
    thinking.write("so\nwh")
    thinking.write("at")
    thinking.end()
    assert stream.getvalue() == "\x1b[2mso\x1b[0m\n\x1b[2mwh\x1b[0m\x1b[2mat\x1b[0m\n\n"


# Tables

ROWS = [("opus", "15"), ("日本", "3")]


def test_a_table_in_a_pipe_is_plain_aligned_text() -> None:
    shown = render_table(("model", "usd"), ROWS, stream=io.StringIO(), right=(1,), footer=("total", "18"))
    assert shown == "model  usd\nopus    15\n日本     3\ntotal   18\n"


def test_a_table_on_a_terminal_has_dim_headings_and_rules() -> None:
    shown = render_table(("model", "usd"), ROWS, stream=Terminal(), right=(1,), footer=("total", "18"), strong=0)
    assert shown.splitlines() == [
        "\x1b[2mmodel\x1b[0m  \x1b[2musd\x1b[0m",
        "\x1b[2m──────────\x1b[0m",
        "\x1b[1mopus\x1b[0m    \x1b[1m15\x1b[0m",
        "日本     3",
        "\x1b[2m──────────\x1b[0m",
        "\x1b[1mtotal\x1b[0m   \x1b[1m18\x1b[0m",
    ]


def test_a_table_on_a_narrow_terminal_cuts_its_last_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = render_table(("model", "note"), [("sonnet", "a long note about it")], stream=Terminal())
    assert shown.splitlines()[-1] == "sonnet  a long note…"


def test_a_table_in_a_pipe_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert "x" * 99 in render_table(("a", "b"), [("1", "x" * 99)], stream=io.StringIO())


# Explanation

EXPLANATION = Explanation(
    task="bugfix",
    confidence=0.823,
    difficulty="normal",
    mode="linear",
    opinions=(Opinion("linear", "bugfix", 0.823, 2.6), Opinion("glm", "bugfix", 0.0, 1500.0, "missed its deadline")),
    candidates=(
        Considered("opus", "anthropic", "claude-opus-4-6", 0, "route of bugfix", "no key in API_KEY", context=200_000),
        Considered("glm", "ollama", "glm-4.7", 3, "fallback chain", None, None, "local", None, 128_000),
        Considered("deepseek", "openrouter", "deepseek/deepseek-v3.2", 4, "fallback chain", None, Decimal("0.0021"), "estimate"),
    ),
    prompt_tokens=1204,
    output_tokens=500,
    profile="default",
)  # fmt: skip


def test_an_explanation_marks_the_candidate_that_would_be_called() -> None:
    assert render_explanation(EXPLANATION, io.StringIO()) == (
        "task        bugfix, confidence 0.82 (linear)\n"
        "            linear: bugfix 0.82 · 3 ms\n"
        "            glm: bugfix 0.00 · 1.5 s · missed its deadline\n"
        "difficulty  normal\n"
        "prompt      about 1,204 tokens, an answer of 500 assumed\n"
        "profile     default\n"
        "\n"
        "   model     provider    id                      tier  context  est. cost  why\n"
        "–  opus      anthropic   claude-opus-4-6            0  200,000          ?  skipped: no key in API_KEY (route of bugfix)\n"
        "→  glm       ollama      glm-4.7                    3  128,000      local  fallback chain\n"
        "   deepseek  openrouter  deepseek/deepseek-v3.2     4             $0.0021  fallback chain\n"
    )


def test_an_explanation_says_when_nothing_can_be_tried() -> None:
    nobody = Explanation("chat", 1.0, "normal", "flag", (), EXPLANATION.candidates[:1], 10, "default")
    assert render_explanation(nobody, io.StringIO()).endswith("\nno candidate can be tried\n")
