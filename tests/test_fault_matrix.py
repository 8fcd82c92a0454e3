"""Every cell of the fault matrix, run: what the person sees, the exit code, the ledger's rows."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fault_cases import CANNOT_HAPPEN, FAULTS
from fault_matrix import Fault, Outcome, Position, Row, Standing, Stdout
from upstream import Reply, Upstream, nobody_listens, silent_port

from llmswitch.classify import Label
from llmswitch.commands.ask_output import TextOutput
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import Engine, Job, Result
from llmswitch.errors import ExitCode, Failure
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

NEXT_TEXT = "This is the second candidate."
PATHS = {"anthropic": "", "openai": "/v1", "openai-chat": "/v1", "ollama": ""}
PROFILE = """
[models.first]
provider = "one"
model = "model-one"
tier = 3
context = 100_000
price = {{ input = 1, output = 2 }}
[models.second]
provider = "two"
model = "model-two"
tier = 1
context = 200_000
price = {{ input = 1, output = 2 }}
[providers.one]
kind = "{adapter}"
base_url = "{address}{path}"
{timeouts}
[providers.two]
kind = "openai-chat"
base_url = "{upstream}/v1"
[routes]
default = ["first"]
[cache]
store = "off"
[fallback]
chain = [{chain}]
{more}
"""


class Fixed:
    """Every prompt is a request for code."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The same label for everything."""
        return Label("implement", 0.9)


def outcome_of(fault: Fault, standing: Standing, upstream: Upstream, folder: Path) -> Outcome:
    """Run the cell and say what came of it, in the words of the expectation."""
    upstream.script(fault.reply, model="model-one", times=None)
    upstream.script(Reply(text=NEXT_TEXT), model="model-two", times=None)
    with silent_port() as silent:
        address = {"upstream": upstream.url, "nobody": nobody_listens(), "silent": silent}[fault.address]
        (folder / "matrix.toml").write_text(
            PROFILE.format(
                adapter=fault.adapter,
                address=address,
                path=PATHS[fault.adapter],
                timeouts="[providers.one.timeouts]\n" * bool(fault.timeouts)
                + "\n".join(f"{name} = {seconds}" for name, seconds in fault.timeouts.items()),
                upstream=upstream.url,
                chain='"second"' * (standing == "next"),
                more=fault.profile,
            )
        )
        stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with Ledger.open(folder / "ledger.db") as ledger:
            engine = Engine(load_profile(str(folder / "matrix.toml"), start=folder), ledger, Fixed())
            result = asyncio.run(_ask(engine, TextOutput(stdout, stderr, raw=True, quiet=False, verbose=False)))
    return Outcome(
        _stdout(_text(stdout), fault),
        _without_figures(_text(stderr), address),
        result.error.exit_code if result.error else ExitCode.OK,
        _rows(folder / "ledger.db"),
    )


async def _ask(engine: Engine, output: TextOutput) -> Result:
    request = Request((Message("user", (Text("Write a function."),)),))
    try:
        result = await engine.run(Job(request, "Write a function."), output.emit)
    finally:
        await engine.aclose()
    output.finish(result)
    return result


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def _stdout(text: str, fault: Fault) -> Stdout:
    known = {NEXT_TEXT: Stdout.NEXT, fault.reply.text: Stdout.WHOLE, "": Stdout.NOTHING}
    if text in known:
        return known[text]
    assert fault.reply.text.startswith(text.rstrip("\n"))
    return Stdout.WHOLE if text.rstrip("\n") == fault.reply.text else Stdout.PART


def _without_figures(stderr: str, address: str) -> str:
    """Stderr without the port, and of the summary line only what it tells about failed candidates."""
    lines = stderr.replace(address, "http://HOST").strip().splitlines()
    lines = [line.removeprefix("llmswitch: ").removeprefix("error: ").strip() for line in lines]
    if lines and " → " in lines[-1] and " · " in lines[-1]:
        lines[-1] = lines[-1].rpartition(" · ")[2] if " · after " in lines[-1] else ""
    return "\n".join(line for line in lines if line)


def _rows(path: Path) -> tuple[Row, ...]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT status, failure, cost_source FROM attempts ORDER BY id").fetchall()
    return tuple(Row(status, Failure(failure) if failure else None, source) for status, failure, source in found)


STANDINGS: tuple[Standing, ...] = ("next", "last")


def _id(value: Fault | Standing) -> str:
    return value if isinstance(value, str) else f"{value.name}: {value.what}"


@pytest.mark.parametrize("standing", STANDINGS, ids=_id)
@pytest.mark.parametrize("fault", FAULTS, ids=_id)
def test_a_fault_comes_out_as_the_matrix_says(
    fault: Fault, standing: Standing, upstream: Upstream, tmp_path: Path
) -> None:
    expected = fault.next if standing == "next" else fault.last
    assert outcome_of(fault, standing, upstream, tmp_path) == expected


def test_every_class_has_a_word_for_every_position() -> None:
    assert {case.failure for case in FAULTS} == set(Failure)
    told = {(fault.name, fault.position) for fault in FAULTS}
    told |= {(cell.name, cell.position) for cell in CANNOT_HAPPEN}
    assert told == {(fault.name, position) for fault in FAULTS for position in Position}


def test_no_cell_both_happens_and_cannot() -> None:
    assert not {(case.name, case.position) for case in FAULTS} & {(case.name, case.position) for case in CANNOT_HAPPEN}


def test_the_matrix_runs_over_three_protocols_at_least() -> None:
    assert {"anthropic", "openai-chat", "ollama"} <= {fault.adapter for fault in FAULTS}
