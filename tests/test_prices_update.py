"""`llmswitch prices update`: a newer list from a file or an address that the user names, and the way back."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command import Done, command_for

from llmswitch.errors import LlmSwitchError
from llmswitch.ledger import price_snapshot, price_source
from llmswitch.ledger.price_update import snapshot_of

LIST: list[dict[str, Any]] = [
    {
        "id": "anthropic",
        "api_pattern": r"https://api\.anthropic\.com",
        "models": [
            {
                "id": "claude-opus-4-6",
                "match": {"or": [{"starts_with": "Claude-Opus-4-6"}, {"equals": "x"}]},
                "prices": [
                    {
                        "prices": {
                            "input_mtok": {"base": 5, "tiers": [{"start": 200000, "price": 10}]},
                            "output_mtok": 25,
                        }
                    },
                    {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 4.5, "output_mtok": 20}},
                ],
            }
        ],
    }
]
PROFILE = """
[models.opus]
provider = "anthropic"
model = "claude-opus-4-6"
[models.haiku]
provider = "anthropic"
model = "claude-haiku-4-5"
[routes]
default = ["opus"]
"""


def update(home: Path, *arguments: str) -> Done:
    (home / "mine.toml").write_text(PROFILE, encoding="utf-8")
    return command_for(home, None)("-P", "mine.toml", "prices", *arguments)


def written(home: Path, data: object = LIST) -> Path:
    file = home / "data.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def input_price(home: Path) -> str | None:
    (row,) = json.loads(update(home, "opus", "--json").out)["prices"][-1:]
    return row["usd_per_million"] and str(row["usd_per_million"]["input"])


def test_the_list_of_a_file_is_used_from_then_on(home: Path) -> None:
    update(home, "update", str(written(home)))
    assert input_price(home) == "4.5"


def test_the_change_for_the_profiles_models_is_told(home: Path) -> None:
    assert "opus: input 5 → 4.5, output 25 → 20, " in update(home, "update", str(written(home))).out


def test_a_model_that_the_new_list_lacks_is_told_as_unknown(home: Path) -> None:
    assert "haiku: known before, UNKNOWN now" in update(home, "update", str(written(home))).out


def test_the_shipped_list_comes_back(home: Path) -> None:
    update(home, "update", str(written(home)))
    update(home, "update", "shipped")
    assert input_price(home) == "5"


def test_rows_will_say_which_list_it_was(home: Path) -> None:
    update(home, "update", str(written(home)))
    assert json.loads(update(home, "--json").out)["source"].startswith("data.json ")


def test_the_list_is_private(home: Path) -> None:
    update(home, "update", str(written(home)))
    assert (home / ".local/share/llmswitch/prices.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"providers": []},
        [{"id": "anthropic"}],
        [{**LIST[0], "models": [{"match": {"sounds_like": "x"}, "prices": {}}]}],
        [{**LIST[0], "models": [{"match": {"equals": "x"}, "prices": {"input_mtok": -1}}]}],
        [{**LIST[0], "models": [{"match": {"equals": "x"}, "prices": {"input_mtok": "free"}}]}],
        [{**LIST[0], "models": [{"match": {"regex": "("}, "prices": {"input_mtok": 1}}]}],
    ],
)
def test_what_is_no_price_list_is_refused(data: object) -> None:
    with pytest.raises(LlmSwitchError, match=r"data\.json"):
        snapshot_of(json.dumps(data).encode(), "data.json", date(2026, 11, 24))


def test_a_refused_list_changes_nothing(home: Path) -> None:
    said = update(home, "update", str(written(home, {"a": 1})))
    assert (said.code, input_price(home)) == (1, "5")


def test_a_file_that_is_not_there_is_a_usage_error(home: Path) -> None:
    assert update(home, "update", "nothing.json").code == 2


def test_a_list_that_was_damaged_later_is_not_used_and_that_is_said(home: Path) -> None:
    update(home, "update", str(written(home)))
    (home / ".local/share/llmswitch/prices.json").write_text("{", encoding="utf-8")
    said = update(home, "opus")
    assert ("can't be read as a price list" in said.err, input_price(home)) == (True, "5")


def test_an_address_that_anybody_can_change_is_refused(home: Path) -> None:
    said = update(home, "update", "http://example.org/data.json")
    assert (said.code, "use https" in said.err) == (2, True)


def test_a_source_without_update_is_a_usage_error(home: Path) -> None:
    assert update(home, "opus", "data.json").code == 2


@pytest.fixture
def address() -> Iterator[str]:
    """A server on this machine that has the list under /data.json, and leads elsewhere from /moved.json."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved.json":
                self.send_response(302)
                self.send_header("Location", "http://example.invalid/data.json")
                self.end_headers()
                return
            self.send_response(200 if self.path == "/data.json" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(LIST).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_list_of_an_address_is_used(home: Path, address: str) -> None:
    update(home, "update", f"{address}/data.json")
    assert input_price(home) == "4.5"


def test_an_address_without_a_list_changes_nothing(home: Path, address: str) -> None:
    said = update(home, "update", f"{address}/nothing.json")
    assert (said.code, "404" in said.err, input_price(home)) == (1, True, "5")


def test_the_published_shape_makes_the_list_that_is_shipped() -> None:
    """Two readers, one of genai-prices' objects and one of its JSON, come to the same."""
    from genai_prices.data import providers

    published = [
        {
            "id": provider.id,
            "api_pattern": provider.api_pattern,
            "models": [{"match": plain(model.match), "prices": prices(model.prices)} for model in provider.models],
        }
        for provider in providers
    ]
    found = snapshot_of(json.dumps(published).encode(), "data.json", date(2026, 11, 24))["providers"]
    assert found == json.loads(json.dumps(price_snapshot.build()["providers"]))


def test_the_lists_own_shape_is_taken_as_well() -> None:
    text = price_snapshot.text(price_source.snapshot()).encode()
    assert snapshot_of(text, "mine.json", date(2026, 11, 24))["providers"] == price_source.snapshot()["providers"]


def plain(clause: Any) -> dict[str, Any]:
    ((name, value),) = vars(clause).items()
    name = name.rstrip("_")
    if isinstance(value, list):
        return {name: [plain(part) for part in value]}
    return {name: getattr(value, "pattern", value)}


def prices(found: Any) -> Any:
    if isinstance(found, list):
        return [{"constraint": constraint(entry.constraint), "prices": prices(entry.prices)} for entry in found]
    return {name: amount(value) for name, value in vars(found).items() if value is not None and name.islower()}


def amount(value: Any) -> Any:
    if hasattr(value, "tiers"):
        return {"base": str(value.base), "tiers": [{"start": t.start, "price": str(t.price)} for t in value.tiers]}
    return str(value)


def constraint(found: Any) -> dict[str, str] | None:
    return None if found is None else {name: value.isoformat() for name, value in vars(found).items()}
