"""A statement as one HTML page: everything is inside it, no script, light or dark as the reader has it, printable."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from llmswitch.commands import cost_charts as charts
from llmswitch.commands.cost_charts import Bar
from llmswitch.commands.cost_notes import glance_lines, headline, notes
from llmswitch.commands.cost_query import Statement
from llmswitch.commands.cost_table import NOTHING, Table, table
from llmswitch.ledger.figures import Day
from llmswitch.ledger.period import zone_name
from llmswitch.ledger.report import Group
from llmswitch.terminal.named_lines import Note
from llmswitch.terminal.style import neutral

MOST_BARS = 12
"""Groups that have a bar; all are in the table."""

_STYLE = """
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #0b0b0b; --soft: #52514e; --faint: #e1e0d9;
  --cash: #2a78d6; --imputed: #1baf7a; }
@media (prefers-color-scheme: dark) { :root { --page: #1a1a19; --ink: #ffffff; --soft: #c3c2b7; --faint: #3a3a37;
  --cash: #3987e5; --imputed: #199e70; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 46rem;
  margin: 2.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p, dd { margin: 0; } .soft, dt, th, tfoot + caption, footer { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: 0; }
dt { grid-column: 1; } dd { grid-column: 2; }
svg { display: block; width: 100%; height: auto; margin: 1rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); } svg .name, svg .value { fill: var(--ink); }
.cash { fill: var(--cash); } .imputed { fill: var(--imputed); } .calls { fill: var(--soft); }
.rule { stroke: var(--faint); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { font-weight: normal; } th, td { padding: .25rem .6rem .25rem 0; text-align: right; white-space: nowrap; }
.key { text-align: left; white-space: normal; overflow-wrap: anywhere; }
thead tr { border-bottom: 1px solid var(--faint); } tfoot tr { border-top: 1px solid var(--faint); font-weight: 600; }
td.dim { color: var(--soft); } footer { margin-top: 2rem; font-size: .85rem; }
@media print { :root { --page: #ffffff; --ink: #000000; --soft: #444444; --faint: #cccccc; --cash: #2a78d6;
  --imputed: #1baf7a; } body { margin: 0; max-width: none; } svg, tr, dd { break-inside: avoid; } .wide { overflow: visible; }
  * { print-color-adjust: exact; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page may load nothing at all, whatever a name in it says."""


def page(statement: Statement) -> str:
    """The whole page."""
    report, show = statement.report, statement.currency
    parts = [f"<h1>What was spent: {_safe(report.period.label)}</h1>"]
    parts += [f'<p class="soft">{_safe(" ".join(line.split()))}</p>' for line in _headlines(statement)]
    if statement.glance:
        parts += ["<h2>At a glance</h2>", _list(glance_lines(statement, statement.glance))]
    parts += _days(statement)
    parts += _groups(statement)
    found = table(statement)
    if found.rows:
        parts += ["<h2>All figures</h2>", _table(found)]
    if below := notes(statement):
        parts += ["<h2>Notes</h2>", _list(below)]
    currency = "US dollars" if show.code == "USD" else show.code
    parts.append(
        f"<footer>From the ledger of llmswitch, {statement.now.astimezone():%Y-%m-%d %H:%M}, "
        f"time zone {_safe(zone_name())}, amounts in {_safe(currency)}.</footer>"
    )
    return _document(f"llmswitch cost {report.period.label}", "\n".join(parts))


def _document(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{_safe(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _headlines(statement: Statement) -> list[str]:
    return [headline(one, statement.currency) for one in (statement.today, statement.report) if one]


def _days(statement: Statement) -> list[str]:
    """A chart for cash and one for imputed cost, each to its own scale: the two are never added. Calls, where neither
    is known."""
    report, show = statement.report, statement.currency
    if len(report.days) < 2 or not report.trend:
        return []
    series = [(label, report.trend.get(label, Day())) for label in report.days]
    made = []
    for css in ("cash", "imputed"):
        bars = [Bar(label, float(getattr(day, css)), show.text(getattr(day, css))) for label, day in series]
        if any(bar.value for bar in bars):
            made.append(
                charts.days(css.capitalize(), css, bars, show.text(max(getattr(day, css) for _, day in series)))
            )
    if not made:
        bars = [Bar(label, day.calls, str(day.calls)) for label, day in series]
        made.append(charts.days("Calls", "calls", bars, str(max(day.calls for _, day in series))))
    return ["<h2>Day by day</h2>", *made]


def _groups(statement: Statement) -> list[str]:
    """A bar for each of the dearest groups."""
    report, show = statement.report, statement.currency
    if not report.by or {"day", "week"} & set(report.by):
        return []
    made = []
    for css in ("cash", "imputed"):
        groups = [group for group in report.groups if getattr(group.figures, css)]
        groups.sort(key=lambda group: -getattr(group.figures, css))
        bars = [
            Bar(_name(group), float(getattr(group.figures, css)), show.text(getattr(group.figures, css)))
            for group in groups[:MOST_BARS]
        ]
        if bars:
            made.append(charts.groups(css.capitalize(), css, bars))
    return [f"<h2>By {_safe(' and '.join(report.by))}</h2>", *made] if made else []


def _name(group: Group) -> str:
    return neutral(" / ".join(key or NOTHING for key in group.keys))


def _table(found: Table) -> str:
    def row(cells: Sequence[str], mark: str) -> str:
        made = []
        for number, cell in enumerate(cells):
            css = "key" if number < found.keys else "dim" if number in found.imputed else ""
            kind = f' class="{css}"' if css else ""
            scope = ' scope="col"' if mark == "th" else ""
            made.append(f"<{mark}{kind}{scope}>{_safe(cell)}</{mark}>")
        return f"<tr>{''.join(made)}</tr>"

    rows = "\n".join(row(cells, "td") for cells in found.rows)
    return (
        f'<div class="wide"><table>\n<thead>{row(found.headings, "th")}</thead>\n<tbody>\n{rows}\n</tbody>\n'
        f"<tfoot>{row(found.footer, 'td')}</tfoot>\n</table></div>"
    )


def _list(lines: Sequence[Note]) -> str:
    return "<dl>" + "".join(f"<dt>{_safe(name or '')}</dt><dd>{_safe(text)}</dd>" for name, text in lines) + "</dl>"


def _safe(text: str) -> str:
    return escape(neutral(text))
