"""`llmswitch prices`: what is known, since when, and how to know better."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command import command_for

from llmswitch.ledger import price_list

PROFILE = """
[models.sonnet]
provider = "anthropic"
model = "claude-sonnet-4-5[1m]"
[models.own]
provider = "openrouter"
model = "some/thing"
price = { input = "3", output = "1" }
[models.nobody]
provider = "openrouter"
model = "nobody/knows"
[models.local]
provider = "ollama"
model = "qwen3-coder:30b"
[routes]
default = ["sonnet"]
"""


def shown(home: Path, *arguments: str) -> list[dict[str, Any]]:
    profile = home / "bench.toml"
    profile.write_text(PROFILE)
    said = command_for(home, None)("prices", *arguments, "--json", "-P", str(profile))
    return list(json.loads(said.out)["prices"])


def rates(row: dict[str, Any]) -> tuple[str, str, str]:
    found = row["usd_per_million"]
    return found["input"], found["cache_write_5m"], found["cache_write_1h"]


def test_a_tier_has_a_row_of_its_own(home: Path) -> None:
    assert [(row["above_prompt_tokens"], rates(row)) for row in shown(home, "sonnet")] == [
        (0, ("3", "3.75", "6")),
        (200_000, ("6", "7.5", "12")),
    ]


def test_the_users_own_price_is_shown_as_such(home: Path) -> None:
    (row,) = shown(home, "own")
    assert (row["usd_per_million"]["input"], row["listed_as"], row["version"]) == ("3", None, "configured")


def test_an_unknown_price_is_not_nothing(home: Path) -> None:
    assert shown(home, "nobody")[0]["usd_per_million"] is None


def test_a_local_model_has_the_price_of_its_open_weights(home: Path) -> None:
    assert shown(home, "local")[0]["listed_as"] == "openrouter/qwen/qwen3-coder-30b-a3b-instruct"


def test_every_model_of_the_profile_is_shown(home: Path) -> None:
    assert {row["model"] for row in shown(home)} == {"sonnet", "own", "nobody", "local"}


@pytest.mark.parametrize("name", ["anthropic/claude-opus-4-6", "claude-opus-4-6"])
def test_a_model_that_is_not_in_the_profile_is_looked_up_in_the_list(home: Path, name: str) -> None:
    assert shown(home, name)[0]["usd_per_million"]["input"] == "5"


def test_a_price_that_changes_has_a_row_for_each_time() -> None:
    before, after = (datetime(2026, *day, tzinfo=UTC) for day in ((11, 30), (12, 1)))
    found = {at: price_list.listed("google", "gemini-4-argon", at) for at in (before, after)}
    assert [(one.holds, one.now, one.tiers[0][1].input) for at in found for one in found[at]] == [
        ("", True, Decimal(2)),
        ("2026-12-01", False, Decimal(4)),
        ("", False, Decimal(2)),
        ("2026-12-01", True, Decimal(4)),
    ]


def test_the_price_now_is_the_one_that_calls_are_charged() -> None:
    now = datetime.now(UTC)
    (current,) = (one for one in price_list.listed("google", "gemini-4-argon", now) if one.now)
    assert current.tiers[0][1] == price_list.rates("google", "gemini-4-argon", now, 0)


def test_the_table_says_as_of_when(home: Path) -> None:
    said = command_for(home, None)("prices", "claude-opus-4-6")
    assert f"{price_list.version()}, taken in on {price_list.made()}" in said.err


def test_an_update_downloads_nothing_and_says_how_to_override(home: Path) -> None:
    said = command_for(home, None)("prices", "update")
    assert (said.code, "Nothing is downloaded unless you name" in said.out, "[models.NAME]" in said.out) == (
        0,
        True,
        True,
    )


def test_an_unknown_name_is_a_usage_error(home: Path) -> None:
    assert command_for(home, None)("prices", "nobody-knows-this").code == 2
