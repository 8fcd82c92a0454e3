"""The SQL of this package, which is SQLite's, as PostgreSQL understands it. Pure text; nothing of a user is ever in it.

What differs in the statements we use: places of values (`?`, `:name` → `%s`, `%(name)s`), `IS ?`, `IS NOT 'text'`,
`NOT INDEXED`, and the number of a new row, which PostgreSQL tells only where it is asked for (`RETURNING`). `json_each`,
`json_extract`, `printf`, and `min` and `max` of two are made functions of the schema (`schema.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache

NUMBERED = ("attempts", "turns")
"""Tables that give a new row its number, which the caller wants to know."""

_PIECE = re.compile(
    r"""(?P<text>'(?:[^']|'')*') | (?P<name>"[^"]*") | (?P<cast>::) | :(?P<named>[A-Za-z_]\w*) | (?P<place>\?) | (?P<percent>%)""",
    re.VERBOSE,
)
_IS_NOT = re.compile(r"\bIS NOT (?='|%)")
_IS = re.compile(r"\bIS (?=%)")
_NOT_INDEXED = re.compile(r"\bNOT INDEXED\b")
_INSERT = re.compile(r"\s*INSERT INTO (\w+)")


@lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """`sql` for psycopg."""
    sql = _PIECE.sub(_piece, sql)
    sql = _IS.sub("IS NOT DISTINCT FROM ", _IS_NOT.sub("IS DISTINCT FROM ", sql))
    return _NOT_INDEXED.sub("", sql)


@lru_cache(maxsize=512)
def returning(sql: str) -> str | None:
    """`sql`, translated, with the new row's number as its result; None where it makes no numbered row."""
    found = _INSERT.match(sql)
    if found is None or found[1] not in NUMBERED or "SELECT" in sql:
        return None
    return f"{translated(sql)} RETURNING id"


def _piece(found: re.Match[str]) -> str:
    if found["named"]:
        return f"%({found['named']})s"
    if found["place"]:
        return "%s"
    return found[0].replace("%", "%%")
