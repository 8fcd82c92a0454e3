"""The user's own prices: from a day on, by the size of the prompt, over the list; frozen into rows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command import command_for

from llmswitch.catalog import Model, Price, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.errors import ConfigError
from llmswitch.ledger.prices import Cost, cost_of
from llmswitch.ledger.rate_cache import RateCache
from llmswitch.profile import load_profile

ANTHROPIC = ProviderSettings("anthropic", kind="anthropic")
MILLION = Usage(input_tokens=1_000_000)
BEFORE, ON, AFTER = (
    datetime(2026, 10, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 12, 24, tzinfo=UTC),
)
LATER = (
    Price("4", "20", since=date(2026, 11, 1)),
    Price("3", "15", since=date(2026, 12, 1)),
    Price("9", "45", since=date(2026, 12, 1), above=100_000),
)


def opus(*prices: Price) -> Model:
    return Model("opus", "anthropic", "claude-opus-4-6", price=prices)


def usd(at: datetime, usage: Usage = MILLION, prices: tuple[Price, ...] = LATER) -> Decimal | None:
    return cost_of(usage, opus(*prices), ANTHROPIC, at).usd


def test_before_its_day_the_list_price_counts() -> None:
    assert usd(BEFORE) == Decimal(5)


def test_from_its_day_on_the_own_price_counts() -> None:
    assert usd(ON) == Decimal(4)


def test_a_later_price_takes_over_on_its_day() -> None:
    assert usd(AFTER, Usage(input_tokens=1000)) == Decimal("0.003")


def test_above_its_threshold_the_whole_prompt_has_the_dearer_price() -> None:
    assert [usd(AFTER, Usage(input_tokens=n)) for n in (100_000, 100_001)] == [Decimal("0.3"), Decimal("0.900009")]


def test_an_undated_price_holds_before_a_dated_one() -> None:
    assert usd(BEFORE, prices=(Price("1", "2"), *LATER)) == Decimal(1)


def test_a_row_says_from_which_day_its_price_is() -> None:
    assert cost_of(MILLION, opus(*LATER), ANTHROPIC, ON).version == "configured from 2026-11-01"


def test_reasoning_may_have_a_price_of_its_own() -> None:
    price = Price("1", "10", reasoning="2")
    usage = Usage(input_tokens=0, output_tokens=1_000_000, reasoning_tokens=400_000)
    assert usd(ON, usage, (price,)) == Decimal("6.8")


def test_a_one_hour_cache_write_may_have_a_price_of_its_own() -> None:
    assert usd(ON, Usage(0, 0, 0, 1_000_000, 0), (Price("4", "20", cache_write_1h="7"),)) == Decimal(7)


def test_a_call_may_have_a_price() -> None:
    assert usd(ON, Usage(input_tokens=0), (Price("4", "20", request="0.01"),)) == Decimal("0.01")


def test_many_calls_at_once_are_priced_alike() -> None:
    """What `ledger import` and `reprice` use, on both sides of each day and threshold."""
    cache, model = RateCache(), opus(*LATER)
    for at in (BEFORE, ON, AFTER):
        for tokens in (50_000, 100_000, 100_001, 300_000):
            charge = cache.charge(model, ANTHROPIC, int(at.timestamp() * 1e6), Usage(input_tokens=tokens))
            cost = cost_of(Usage(input_tokens=tokens), model, ANTHROPIC, at)
            assert (Decimal(charge.pico or 0).scaleb(-12), charge.version) == (cost.usd, cost.version)


PROFILE = """
[models.sonnet]
provider = "anthropic"
model = "claude-sonnet-4-5"
price = {price}
[routes]
default = ["sonnet"]
"""


def prices(tmp_path: Path, price: str) -> tuple[Price, ...]:
    file = tmp_path / "mine.toml"
    file.write_text(PROFILE.format(price=price), encoding="utf-8")
    return load_profile(str(file)).models["sonnet"].price


def test_a_table_is_one_price(tmp_path: Path) -> None:
    assert prices(tmp_path, '{ input = 3, output = "15.5" }') == (Price("3", "15.5"),)


def test_a_list_is_several(tmp_path: Path) -> None:
    text = '[{ input = 3, output = 15, from = 2026-11-01 }, { input = 6, output = 15, from = "2026-11-01", above = 5 }]'
    assert prices(tmp_path, text)[1] == Price("6", "15", since=date(2026, 11, 1), above=5)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("{ input = 3, output = 15, from = 2026 }", "from must be a day such as 2026-11-01"),
        ('{ input = 3, output = 15, from = "soon" }', "from must be a day such as 2026-11-01"),
        ("{ input = 3, output = 15, from = 2026-11-01T00:00:00 }", "from must be a day such as 2026-11-01"),
        ("{ input = 3, output = 15, form = 2026-11-01 }", "did you mean 'from'"),
        ("{ input = -3, output = 15 }", "an amount in dollars, 0 or more"),
        ("{ input = 3, output = 15, above = 0 }", "a number of tokens above 0"),
        ("{ input = 3, output = 15, above = 5 }", "none of the same day for smaller prompts"),
        ("[{ input = 3, output = 15 }, { input = 4, output = 15 }]", "begin on the same day"),
        ("[3]", "must be tables such as"),
        ("[]", "or a list of them"),
        ("3", "or a list of them"),
    ],
)
def test_a_price_that_makes_no_sense_is_told_with_its_line(tmp_path: Path, price: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        prices(tmp_path, price)
    assert "mine.toml:5" in caught.value.message


def rows(home: Path, price: str) -> list[dict[str, Any]]:
    (home / "mine.toml").write_text(PROFILE.format(price=price), encoding="utf-8")
    said = command_for(home, None)("prices", "sonnet", "--json", "-P", "mine.toml")
    return list(json.loads(said.out)["prices"])


def test_the_list_is_shown_until_the_own_price_begins(home: Path) -> None:
    found = [
        (row["listed_as"], row["holds"], row["now"])
        for row in rows(home, "{ input = 1, output = 1, from = 2999-01-01 }")
    ]
    assert found == [
        (None, "2999-01-01", False),
        ("anthropic/claude-sonnet-4-5", None, True),
        ("anthropic/claude-sonnet-4-5", None, True),
    ]


def test_a_begun_own_price_is_the_one_in_force(home: Path) -> None:
    found = rows(home, "{ input = 1, output = 1, from = 2020-01-01 }")
    assert [row["listed_as"] for row in found if row["now"]] == [None]


def test_a_profile_with_a_dated_price_can_be_shown(home: Path) -> None:
    (home / "mine.toml").write_text(
        PROFILE.format(price="{ input = 1, output = 1, from = 2026-11-01 }"), encoding="utf-8"
    )
    said = command_for(home, None)("profile", "show", "mine.toml")
    assert "models.sonnet.price = { input = 1, output = 1, from = 2026-11-01 }" in said.out


def test_a_profile_with_a_dated_price_can_be_shown_as_json(home: Path) -> None:
    (home / "mine.toml").write_text(
        PROFILE.format(price="{ input = 1, output = 1, from = 2026-11-01 }"), encoding="utf-8"
    )
    said = command_for(home, None)("profile", "show", "mine.toml", "--json")
    assert json.loads(said.out)["values"]["models"]["sonnet"]["price"]["from"] == "2026-11-01"


def test_an_unknown_model_is_known_from_the_day_of_its_own_price() -> None:
    model = Model("x", "anthropic", "nobody-knows", price=(Price("1", "1", since=date(2026, 11, 1)),))
    costs = [cost_of(MILLION, model, ANTHROPIC, at) for at in (BEFORE, ON)]
    assert costs == [
        Cost(None, None, "unknown", None),
        Cost(Decimal(1), None, "estimate", "configured from 2026-11-01"),
    ]
