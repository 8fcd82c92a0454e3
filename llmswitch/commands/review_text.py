"""How a review is printed: for a person, as `file:line: severity: title` for editors, and as one JSON object."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from llmswitch.terminal.style import BOLD, DIM, RED, is_terminal, neutral, paint, uses_color, width, write

if TYPE_CHECKING:
    from llmswitch.engine.dispatch import Result
    from llmswitch.hooks.findings import Finding
    from llmswitch.hooks.review import Review

_SGR = {"critical": f"{BOLD};{RED}", "high": RED, "medium": "33", "low": DIM}
NOT_IN_DIFF = "this line is not in the change"
WIDEST = 100


def print_findings(out: TextIO, review: Review) -> None:
    """On a terminal with explanations; in a pipe one line each, which vim's and Emacs' quickfix lists read."""
    if is_terminal(out):
        write(out, _readable(out, review.findings))
        return
    write(
        out,
        "".join(
            f"{one.file}:{one.line}: {one.severity}: {neutral(one.title)}{_mark(one)}\n" for one in review.findings
        ),
    )


def _mark(finding: Finding) -> str:
    return "" if finding.in_diff else f" [{NOT_IN_DIFF}]"


def _readable(out: TextIO, findings: Sequence[Finding]) -> str:
    colored = uses_color(out)
    columns = min(WIDEST, width(out)) - 2
    parts = []
    for one in findings:
        severity = paint(one.severity, _SGR[one.severity]) if colored else one.severity
        place = f"{one.file}:{one.line}"
        head = f"{severity}  {paint(place, BOLD) if colored else place}{_mark(one)}"
        lines = [head, *_wrapped(one.title, columns)]
        for paragraph in one.explanation.split("\n"):
            told = _wrapped(paragraph, columns)
            lines += [paint(line, DIM) for line in told] if colored else told
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n" if parts else ""


def _wrapped(text: str, columns: int) -> list[str]:
    return textwrap.wrap(neutral(text), columns, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def verdict(review: Review) -> str:
    """One line for stderr: how much was read, what was found, what it cost."""
    counts: Counter[str] = Counter(one.severity for one in review.findings)
    found = ", ".join(f"{counts[severity]} {severity}" for severity in _SGR if counts[severity]) or "nothing found"
    files = f"{len(review.reviewed)} file{'' if len(review.reviewed) == 1 else 's'}"
    return f"{review.title}: {found} · {files} reviewed"


def notes(review: Review) -> list[str]:
    """What the person must know beside the findings."""
    said = [f"not reviewed: {path} ({why})" for path, why in review.left_out[:20]]
    if len(review.left_out) > 20:
        said.append(f"and {len(review.left_out) - 20} more files not reviewed")
    if review.dropped:
        said.append(f"{review.dropped} findings were dropped: they name files that are not in the change")
    return said


def as_json(review: Review) -> str:
    """The object of `--json`, on one line."""
    from llmswitch.commands.ask_output import as_json as answer

    body: dict[str, Any] = {
        "range": review.title,
        "findings": [
            {
                "file": one.file,
                "line": one.line,
                "severity": one.severity,
                "title": one.title,
                "explanation": one.explanation,
                "in_diff": one.in_diff,
            }
            for one in review.findings
        ],
        "reviewed": list(review.reviewed),
        "left_out": [{"file": path, "reason": why} for path, why in review.left_out],
        "dropped": review.dropped,
        "errors": [error.message for error in review.errors],
        "secrets": [{"file": secret.place, "line": secret.line, "rule": secret.rule} for secret in review.secrets],
        "cost_usd": _cost(review.results),
        "dispatches": [answer(result, with_text=False) for result in review.results],
    }
    return json.dumps(body, ensure_ascii=False) + "\n"


def _cost(results: Sequence[Result]) -> str | None:
    """All attempts together; None as soon as one of them is not known."""
    amounts = [report.cost.usd for result in results for report in result.attempts]
    known = [amount for amount in amounts if amount is not None]
    return f"{sum(known, Decimal(0)):f}" if len(known) == len(amounts) else None
