"""Answers of a given shape: validated always, repaired once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from test_dispatch import make_engine
from upstream import Reply, Upstream

from llmswitch.conversation import Message, Request, Text
from llmswitch.engine import structured
from llmswitch.engine.dispatch import DispatchEvent, Job
from llmswitch.errors import InputError

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}, "additionalProperties": False}


def ask(upstream: Upstream, folder: Path) -> structured.Structured:
    engine = make_engine(upstream, folder)

    async def emit(event: DispatchEvent) -> None:
        """Nobody looks."""

    async def main() -> structured.Structured:
        try:
            request = Request((Message("user", (Text("how many?"),)),), schema=SCHEMA)
            return await structured.run(engine, Job(request, "how many?"), emit)
        finally:
            await engine.aclose()
            engine.ledger.close()

    return asyncio.run(main())


def test_a_valid_answer_is_parsed(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text='{"n": 3}'))
    assert ask(upstream, tmp_path).value == {"n": 3}


def test_an_answer_in_a_code_block_is_parsed(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text='Here it is:\n```json\n{"n": 3}\n```\n'))
    assert ask(upstream, tmp_path).value == {"n": 3}


def test_an_invalid_answer_is_repaired_once_by_the_same_model(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text='{"n": "three"}'), Reply(text='{"n": 3}'))
    outcome = ask(upstream, tmp_path)
    assert (outcome.value, outcome.errors, len(outcome.results)) == ({"n": 3}, (), 2)
    assert "is not of type 'integer'" in json.dumps(upstream.last.body["messages"][-1])
    assert upstream.requests[-1].model == upstream.requests[-2].model


def test_a_second_invalid_answer_ends_with_the_errors(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text="no"), Reply(text='{"n": "three"}'))
    outcome = ask(upstream, tmp_path)
    assert outcome.errors == ("$.n: 'three' is not of type 'integer'",)


@pytest.mark.parametrize("given", ["{", '{"type": "nonsense"}', "missing.json"])
def test_a_schema_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(InputError):
        structured.load_schema(given)
