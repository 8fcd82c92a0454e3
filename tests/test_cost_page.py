"""`llmswitch cost --html`: one file that needs nothing else, whatever the names in it say."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from llmswitch.catalog import Model, Plan
from llmswitch.commands.cost_output import put_out
from llmswitch.commands.cost_page import page
from llmswitch.commands.cost_query import Asked, Query, Span, statement
from llmswitch.conversation import Usage
from llmswitch.errors import LlmSwitchError
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=y>\"'&"
VOID = {"meta"}
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)


class Outline(HTMLParser):
    """Every element, checked for its end; attributes and words by the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(autouse=True)
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty days, three models: one in cash, one of a plan, one with a name that means ill."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("LLMSWITCH_LEDGER", str(path))
    at = [NOW]
    models = [
        (Model("opus", "anthropic", "claude-opus-4-6", tier=0), Cost(Decimal("1.25"), None, "list", "v")),
        (Model("max", "claude-code", "x", plan="claude-max"), Cost(Decimal(0), Decimal(9), "plan", "v")),
        (Model(HOSTILE, "anthropic", "x"), Cost(Decimal("0.5"), None, "list", "v")),
    ]
    with Ledger.open(path, clock=lambda: int(at[0].timestamp() * 1e6)) as ledger:
        for day in range(20):
            at[0] = NOW - timedelta(days=day)
            for model, cost in models:
                dispatch = ledger.begin_dispatch("ask", task="docs")
                attempt = ledger.begin_attempt(dispatch, 1, model)
                ledger.settle_attempt(attempt, status="ok", usage=Usage(1200, 0, 0, 0, 450), cost=cost)
                ledger.finish_dispatch(dispatch, "ok", 0)
    return path


@pytest.fixture
def text() -> str:
    return made()


def made(month: str = "2026-10") -> str:
    query = Query(Span(month=month), ("model",))
    return page(statement(query, Asked(plans={"claude-max": Plan("claude-max", "200")}), now=NOW))


def test_every_element_is_closed(text: str) -> None:
    assert Outline(text).elements[0] == "html"


def test_nothing_is_loaded_from_anywhere(text: str) -> None:
    names = {name for name, _ in Outline(text).attributes}
    assert not names & {"src", "href", "srcset", "data", "action", "xlink:href"}
    assert not re.search(r"url\(|@import|https?:", text)


def test_the_page_forbids_itself_to_load_anything(text: str) -> None:
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in Outline(text).attributes


def test_there_is_no_script(text: str) -> None:
    outline = Outline(text)
    assert "script" not in outline.elements
    assert not [name for name, _ in outline.attributes if name.startswith("on")]


def test_a_hostile_name_is_shown_as_text(text: str) -> None:
    assert HOSTILE in Outline(text).words


def test_every_chart_is_well_formed_and_says_what_it_shows(text: str) -> None:
    charts = [ET.fromstring(chart) for chart in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    assert len(charts) == 4
    assert all(chart.get("role") == "img" and chart.get("aria-label") for chart in charts)


def test_each_day_with_cash_has_a_bar_that_tells_its_amount(text: str) -> None:
    assert len(re.findall(r'<rect class="cash"[^>]*/><title>2026-10-\d\d: \$1\.75</title>', text)) == 20


def test_a_bar_is_as_long_as_its_value(text: str) -> None:
    found = re.findall(r'<rect class="cash"[^>]* width="([\d.]+)" height="14"[^>]*/><title>([^:]+):', text)
    widths = {unescape(name): float(width) for width, name in found}
    assert widths[HOSTILE] / widths["opus"] == pytest.approx(0.4, abs=0.01)


def test_the_month_stands_at_a_glance(text: str) -> None:
    words = "\n".join(Outline(text).words)
    assert "claude-max: $180.00 of use for $200.00 (90% of the fee)" in words


def test_cash_and_imputed_cost_have_charts_of_their_own(text: str) -> None:
    labels = re.findall(r'class="label"[^>]*>(\w+)', text)
    assert labels == ["Cash", "Imputed", "Cash", "Imputed"]


@pytest.mark.parametrize("medium", ["prefers-color-scheme: dark", "print"])
def test_the_page_fits_dark_screens_and_paper(text: str, medium: str) -> None:
    assert f"@media ({medium})" in text or f"@media {medium}" in text


def test_a_month_without_calls_is_a_page_as_well() -> None:
    assert "svg" not in Outline(made("2020-01")).elements


def test_the_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "month.html"
    put_out(statement(Query(Span(month="2026-10"), ("model",)), Asked(), now=NOW), "html", file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_can_not_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(LlmSwitchError, match="no such folder"):
        put_out(
            statement(Query(Span(month="2026-10"), ("model",)), Asked(), now=NOW),
            "html",
            tmp_path / "no such folder" / "x",
        )


def browse(tmp_path: Path, *arguments: str) -> bytes:
    """What a headless browser prints of the page; it has no network and a profile of its own."""
    file = tmp_path / "month.html"
    file.write_text(made(), encoding="utf-8")
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={tmp_path / 'browser'}",
            *arguments,
            file.as_uri(),
        ],
        capture_output=True,
        timeout=90,
        check=True,
    )
    return done.stdout


needs_a_browser = pytest.mark.skipif(not BROWSER, reason="no chromium on PATH (Debian: apt-get install chromium)")


@needs_a_browser
def test_a_browser_shows_the_charts_and_the_hostile_name_as_text(tmp_path: Path) -> None:
    shown = browse(tmp_path, "--dump-dom").decode()
    assert (shown.count("<svg"), shown.count("<script"), shown.count("<img")) == (4, 0, 0)


@needs_a_browser
def test_a_browser_paints_the_bars(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    browse(tmp_path, f"--screenshot={picture}", "--window-size=900,1600")
    assert picture.stat().st_size > 10_000


@needs_a_browser
def test_a_browser_prints_the_page(tmp_path: Path) -> None:
    paper = tmp_path / "page.pdf"
    browse(tmp_path, f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")
