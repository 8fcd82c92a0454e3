"""The ledger's writes. A row is opened before the call and settled after it, whatever happened in between.

Every write is one short transaction of its own, so that many processes can write at once and none holds up another.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from llmswitch import paths
from llmswitch.catalog import Model
from llmswitch.conversation import Usage
from llmswitch.errors import Failure, LedgerError
from llmswitch.ledger import owner, place, write_lock
from llmswitch.ledger.prices import UNKNOWN, Cost, is_free
from llmswitch.ledger.schema import BUSY_TIMEOUT_S, checkpoint, is_broken, open_file, set_aside, translated

Kind = Literal["ask", "serve", "hook", "batch", "research", "import"]
CacheOutcome = Literal["hit", "miss", "off"]
AttemptStatus = Literal["ok", "failed", "cancelled", "partial"]
DispatchStatus = Literal["ok", "failed", "cancelled", "partial"]
Admit = Callable[[sqlite3.Connection, int], None]
"""Asked with the connection and the attempt's start in microseconds; raises where the attempt may not be made."""

PICO = 10**12
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order in which text sorts
_ID_LENGTH = 20
_LARGEST_ERROR = 500
_SUM_UP_EVERY = 1000
"""Calls after which one adds to the sums what has come together, so that no report finds much to add."""
_CHECKPOINT_EVERY = 256
"""Calls after which one moves what was written from SQLite's log into the file: some 20 MB."""

_SECRET = re.compile(r"(?i)(\b(?:sk|rk|pk|gsk|xai|key)[-_]|\bAIza|\bbearer\s+)[\w.~+/=-]{6,}")


class Ledger:
    """One connection to the ledger; safe to share between threads. `notes` are messages for stderr. `clock` gives
    microseconds since 1970 UTC."""

    keeps_sums = True
    """Whether old calls can be reduced to their sums (`rollup`, `retention`)."""

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.RLock()
        self._connection, self.notes = open_file(path)
        self._upkeep: list[Callable[[], None]] = []

    @classmethod
    def open(cls, path: Path | None = None, *, clock: Callable[[], int] | None = None) -> Ledger:
        """Open (or create) the ledger, where `place` says unless `path` names a file, and mark as lost what a dead process
        left open. Raises LedgerError."""
        if path is None and (url := place.url()) is not None:
            from llmswitch.ledger.postgres.ledger import PostgresLedger

            ledger: Ledger = PostgresLedger(url, clock or _now_us)
        else:
            ledger = cls(path or paths.ledger_file(), clock or _now_us)
        try:
            ledger.sweep_lost()
        except LedgerError as error:
            if not _is_damage(error):
                raise
            ledger._start_afresh()
        return ledger

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, *__: object) -> None:
        if _is_damage(error):
            self._start_afresh()  # so that the next call finds a sound one
        self.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start. Raises LedgerError."""
        with self._lock, self._told():
            self._begin()
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries. Raises LedgerError."""
        with self._lock, self._told():
            yield self._connection

    def begin_dispatch(
        self,
        kind: Kind,
        *,
        task: str | None = None,
        confidence: float | None = None,
        task_source: str | None = None,
        local_label: str | None = None,
        profile: str | None = None,
        project: str | None = None,
        session: str | None = None,
        hook: str | None = None,
        cache: CacheOutcome = "off",
        prompt_hash: str | None = None,
    ) -> str:
        """Open a dispatch and return its id; `local_label` is what came of asking a local model for its task. A file that
        turns out to be damaged is set aside and started afresh."""
        now = self._clock()
        row = {
            "id": sortable_id(now),
            "started_at": now,
            "kind": kind,
            "task": task,
            "confidence": confidence,
            "task_source": task_source,
            "local_label": local_label,
            "profile": profile,
            "project": project,
            "session": session,
            "hook": hook,
            "cache": cache,
            "prompt_hash": prompt_hash,
            "owner": owner.this_process(),
        }
        try:
            self._insert("dispatches", row)
        except LedgerError as error:
            if not _is_damage(error):
                raise
            self._start_afresh()
            self._insert("dispatches", row)
        return str(row["id"])

    def begin_attempt(
        self,
        dispatch_id: str,
        ordinal: int,
        model: Model,
        reserve_usd: Decimal | None = None,
        *,
        admit: Admit | None = None,
    ) -> int:
        """Open the attempt number `ordinal` (from 1) before the call is made, and return its id. `reserve_usd` counts
        against budgets until the attempt is settled. `admit` is asked first, inside the same transaction, so that no
        other process can spend in between; what it raises leaves no row."""
        row = {
            "dispatch_id": dispatch_id,
            "ordinal": ordinal,
            "started_at": self._clock(),
            "model": model.name,
            "provider": model.provider,
            "model_id": model.model,
            "tier": model.tier,
            "plan": model.plan,
            "local": int(model.local),
            "cost_source": "plan" if model.plan else "free" if is_free(model) else None,
            "reserved_pico": to_pico(reserve_usd),
            "owner": owner.this_process(),
        }
        return self._insert("attempts", row, admit)

    def settle_attempt(
        self,
        attempt_id: int,
        *,
        status: AttemptStatus,
        failure: Failure | None = None,
        error: str | None = None,
        usage: Usage | None = None,
        usage_raw: Mapping[str, Any] | None = None,
        cost: Cost = UNKNOWN,
        first_token_ms: float | None = None,
        total_ms: float | None = None,
        finish: str | None = None,
    ) -> None:
        """Close an attempt with what it took; its reserved amount is released, unless nobody can say what it cost: then
        budgets go on counting the most it can have been. An attempt that was taken for lost may still be settled by the
        process that made it. Raises LedgerError for one that is settled already."""
        used = usage or Usage()
        values = {
            "status": status,
            "failure": failure.value if failure else None,
            "error": _safe(error),
            "input_tokens": used.input_tokens,
            "cache_read_tokens": used.cache_read_tokens,
            "cache_write_5m_tokens": used.cache_write_5m_tokens,
            "cache_write_1h_tokens": used.cache_write_1h_tokens,
            "output_tokens": used.output_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            "usage_raw": json.dumps(_told(usage_raw), separators=(",", ":"), default=str) if usage_raw else None,
            "cost_pico": to_pico(cost.usd),
            "imputed_pico": to_pico(cost.imputed),
            "cost_source": cost.source,
            "price_version": cost.version,
            "first_token_ms": None
            if first_token_ms is None
            else round(first_token_ms),  # whole ones take 2 bytes, not 8
            "total_ms": None if total_ms is None else round(total_ms),
            "finish": finish,
            "owner": None,
        }
        if cost.usd is not None:
            values["reserved_pico"] = None
        self._close_row("attempts", attempt_id, values)
        if attempt_id % _CHECKPOINT_EVERY == 0:
            self._upkeep.append(self._checkpoint)
        if attempt_id % _SUM_UP_EVERY == 0:
            self._upkeep.append(self.sum_up)

    def finish_dispatch(
        self,
        dispatch_id: str,
        status: DispatchStatus,
        exit_code: int | None = None,
        *,
        cache: CacheOutcome | None = None,
        task: str | None = None,
    ) -> None:
        """Close a dispatch. `cache` and `task` replace what was said at its beginning. Raises LedgerError for one that
        is finished already. Now that the answer is there, what had to wait for it is done: one call in many adds up sums
        or moves the log into the file, which takes some milliseconds."""
        values: dict[str, Any] = {
            "status": status,
            "exit_code": exit_code,
            "finished_at": self._clock(),
            "owner": None,
        }
        values |= {name: value for name, value in (("cache", cache), ("task", task)) if value is not None}
        self._close_row("dispatches", dispatch_id, values)
        while self._upkeep:
            try:
                self._upkeep.pop()()
            except LedgerError as error:
                if _is_damage(error):
                    raise
                return  # the answer is recorded; what is left is done after another one

    def sum_up(self) -> None:
        """Bring the sums that reports read (`rollup`) up to the last attempt, some thousand attempts a transaction."""
        from llmswitch.ledger import rollup  # every call opens a ledger, and hardly any comes here

        with self.reading() as connection:
            more = rollup.is_behind(connection)
        while more:
            with self.writing() as connection:
                more = rollup.advance(connection)

    def _checkpoint(self) -> None:
        with self.reading() as connection:
            checkpoint(connection)

    def sweep_lost(self) -> int:
        """Mark what dead processes left open as lost, release what it had reserved, and return how many attempts that
        were. Their cost is not known, unless nothing could be owed."""
        now = self._clock()
        with self.reading() as connection:
            attempts = _abandoned(connection, "attempts", now)
            dispatches = _abandoned(connection, "dispatches", now)
        if attempts or dispatches:
            with self.writing() as connection:
                connection.executemany(_LOSE_ATTEMPT, attempts)
                connection.executemany(_LOSE_DISPATCH, dispatches)
        return len(attempts)

    def _insert(self, table: str, row: Mapping[str, Any], admit: Admit | None = None) -> int:
        columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self.writing() as connection:
            if admit is not None:
                admit(connection, row["started_at"])
            sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names are this file's own
            return int(connection.execute(sql, row).lastrowid or 0)

    def _close_row(self, table: str, row_id: int | str, values: Mapping[str, Any]) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in values)
        sql = f"UPDATE {table} SET {changes} WHERE id = :id AND status IN ('open', 'lost')"  # noqa: S608 - as above
        with self.writing() as connection:
            changed = connection.execute(sql, {**values, "id": row_id}).rowcount
        if not changed:
            raise LedgerError(f"{table} row {row_id} is not open in {self.path}: it was closed before, or removed")

    def _begin(self) -> None:
        """Take the write lock, for one transaction."""
        write_lock.begin(self._connection, BUSY_TIMEOUT_S)

    def _told(self) -> AbstractContextManager[None]:
        """What goes wrong inside is a LedgerError."""
        return translated(self.path)

    def _start_afresh(self) -> None:
        with self._lock, self._told():
            self._connection.close()
            note = set_aside(self.path)
            self._connection, notes = open_file(self.path)
            self.notes += (*((note,) if note else ()), *notes)


def _is_damage(error: BaseException | None) -> bool:
    """Whether SQLite found the file itself damaged."""
    cause = error.__cause__ if isinstance(error, LedgerError) else None
    return isinstance(cause, sqlite3.Error) and is_broken(cause)


_LOSE_ATTEMPT = """
    UPDATE attempts SET status = 'lost', owner = NULL, reserved_pico = NULL,
        cost_pico = CASE WHEN cost_source IN ('plan', 'free') THEN 0 END,
        cost_source = coalesce(cost_source, 'unknown'),
        error = 'the process ended before the call was settled' || CASE WHEN reserved_pico IS NULL THEN ''
            ELSE printf('; $%.6f of reserved budget were released', reserved_pico / 1e12) END
    WHERE id = ? AND status = 'open'"""
_LOSE_DISPATCH = "UPDATE dispatches SET status = 'lost', owner = NULL WHERE id = ? AND status = 'open'"


def _abandoned(connection: sqlite3.Connection, table: str, now: int) -> list[tuple[int | str]]:
    rows = connection.execute(
        f"SELECT id, owner, started_at FROM {table} WHERE status = 'open'"  # noqa: S608 - a name of this file's own
    ).fetchall()
    return [(row_id,) for row_id, who, started in rows if owner.is_gone(who, (now - started) / 1e6)]


def to_pico(usd: Decimal | None) -> int | None:
    """Whole 1e-12 dollars, rounded half to even."""
    return None if usd is None else int((usd * PICO).to_integral_value())


def sortable_id(now_us: int) -> str:
    """20 letters and digits, the microsecond first and 62 random bits after it: it sorts by time, and two machines do not
    make the same one. Half as long as a UUID, of which each call would hold four."""
    value = now_us << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    digits = ""
    while value:
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(_ID_LENGTH, _DIGITS[0])


def _now_us() -> int:
    return time.time_ns() // 1000


def _told(raw: Any) -> Any:
    """A vendor's usage without what says nothing: nulls, and counts of no tokens (the columns have those). It is half of
    what most vendors send, and would be the largest part of a row."""
    if not isinstance(raw, Mapping):
        return raw
    return {
        name: _told(value)
        for name, value in raw.items()
        if value is not None and not (value == 0 and str(name).lower().endswith(("tokens", "tokencount")))
    }


def _safe(error: str | None) -> str | None:
    """The message without anything that looks like a key, cut to a length that is still read."""
    return None if error is None else _SECRET.sub(r"\1[redacted]", error)[:_LARGEST_ERROR]
