"""The page docs/faults.md: the fault matrix of the tests as tables, one a failure class."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fault_cases import CANNOT_HAPPEN, FAULTS
from fault_matrix import CannotHappen, Fault, Outcome, Position

from llmswitch import errors

_INTRO = """\
What comes of every kind of failure, wherever it strikes. Each line is a run of the engine against a scripted provider
(`tests/test_fault_matrix.py`), from the same data that this page is made of, so that neither can drift from the other.

The candidate that fails is `first`, of provider `one`; *next* says that another candidate, `second`, stands behind it,
*last* that nobody does. stderr is quoted whole but for the name of the program, and of the summary line below an answer
only the part about failed candidates. A ledger row is given as status, failure class and `cost_source`. A request that
was turned down is recorded with a cost of $0 (`estimate`, or `free` for a local model); an answer that broke off with
what had come by our own estimate.

Three rules make the table: nothing of an answer is on stdout until content came, so a failure before that is replaced by
the next candidate unseen; after it nobody else is asked, and the exit code is 1; and every attempt has a row.
"""


def faults() -> str:
    """The fault matrix: failure class, position, what the person sees, exit code, ledger rows."""
    meaning = {kind.failure: kind.__doc__ or "" for kind in errors.ProviderError.__subclasses__()}
    parts = ["# When a provider fails\n", _INTRO]
    for name in dict.fromkeys(fault.name for fault in FAULTS):
        cells: list[Fault | CannotHappen] = [fault for fault in FAULTS if fault.name == name]
        cells += [cell for cell in CANNOT_HAPPEN if cell.name == name]
        adapters = dict.fromkeys(f"`{cell.adapter}`" for cell in cells if isinstance(cell, Fault))
        parts.append(f"## {name.replace('_', ' ')}\n\n{meaning[cells[0].failure]} Shown over {', '.join(adapters)}.\n")
        parts.append(
            "| where | what happens | then | stdout | stderr | exit | ledger rows |\n|---|---|---|---|---|---|---|"
        )
        for position in Position:
            parts += [row for cell in cells if cell.position is position for row in _fault_rows(cell)]
        parts.append("")
    return "\n".join(parts)


def _fault_rows(cell: Fault | CannotHappen) -> list[str]:
    if isinstance(cell, CannotHappen):
        return [f"| {cell.position} | cannot happen: {cell.why} | | | | | |"]
    outcomes = {"next or last": cell.next} if cell.next == cell.last else {"next": cell.next, "last": cell.last}
    return [f"| {cell.position} | {cell.what} | {then} | {_outcome(outcome)} |" for then, outcome in outcomes.items()]


def _outcome(outcome: Outcome) -> str:
    stderr = "<br>".join(f"`{line}`" for line in outcome.stderr.splitlines())
    rows = [" ".join(filter(None, (row.status, row.failure, row.cost_source))) for row in outcome.rows]
    counted = [f"{rows.count(row)} × {row}" if rows.count(row) > 1 else row for row in dict.fromkeys(rows)]
    return f"{outcome.stdout} | {stderr} | {int(outcome.exit_code)} | {'<br>'.join(counted)}"
