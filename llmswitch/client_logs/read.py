"""From a program's log files into the ledger."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from llmswitch.client_logs import claude_log
from llmswitch.client_logs.log_files import LogFile, Source, changed_files, reading
from llmswitch.ledger.imported import Pricing, marks, save
from llmswitch.ledger.logged_call import FileMark, LoggedCall, merged
from llmswitch.ledger.store import Ledger

_BATCH = 10_000
"""Calls in one transaction: about a tenth of a second, for which other writers wait."""

_RUN_FOLDER = re.compile(r"/llmswitch-[a-z0-9_]{8}/work/?$")
"""Where `providers.client_run` lets a vendor's program run."""

_TEMPORARY = ("/tmp/", "/var/tmp/", "/var/folders/", "/private/var/folders/", "/private/tmp/")  # noqa: S108 - to recognise


@dataclass(slots=True)
class Outcome:
    """What an import found. `files` in all, of which `read` had something new; `own` calls are llmswitch's; `broken`
    lines could not be read."""

    files: int = 0
    read: int = 0
    megabytes: float = 0.0
    new: int = 0
    raised: int = 0
    own: int = 0
    broken: int = 0


def import_logs(ledger: Ledger, source: Source, folders: list[Path], pricing: Callable[[], Pricing]) -> Outcome:
    """Take in what is new in the logs below `folders`. `pricing` is asked for only if there is something new."""
    files, count = changed_files(source, folders, marks(ledger, source.name))
    outcome = Outcome(files=count, read=len(files))
    if not files:
        return outcome
    outcome.megabytes = sum(file.size - file.begin for file in files) / 1e6
    own = own_keys(ledger, source.name)
    batch = _Batch(ledger, pricing(), outcome)
    for file in files:
        _read(source, file, own, batch)
    batch.save()
    ledger.sum_up()
    return outcome


def _read(source: Source, file: LogFile, own: frozenset[int], batch: _Batch) -> None:
    lines = reading(source, file)
    for call in lines:
        if call.key in own or runs_for_us(call.cwd):
            batch.outcome.own += 1
        else:
            batch.add(call)
    batch.outcome.broken += lines.broken
    batch.files.append(lines.mark)


class _Batch:
    """Calls that wait for the next transaction, one for each key."""

    def __init__(self, ledger: Ledger, pricing: Pricing, outcome: Outcome) -> None:
        self.outcome = outcome
        self.files: list[FileMark] = []
        self._ledger = ledger
        self._pricing = pricing
        self._calls: dict[int, LoggedCall] = {}

    def add(self, call: LoggedCall) -> None:
        known = self._calls.get(call.key)
        self._calls[call.key] = merged(known, call) if known else call
        if len(self._calls) >= _BATCH:
            self.save()

    def save(self) -> None:
        saved = save(self._ledger, self._pricing, list(self._calls.values()), self.files, project_of)
        self.outcome.new += saved.new
        self.outcome.raised += saved.raised
        self._calls, self.files = {}, []


@cache
def project_of(cwd: str) -> str | None:
    """The name of the git repository around a working directory, else of the directory itself, which may be gone."""
    if not cwd.startswith("/"):
        return cwd.replace("\\", "/").rstrip("/").rpartition("/")[2] or None
    folder = Path(cwd)
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent.name or None
    return folder.name or None


@cache
def runs_for_us(cwd: str) -> bool:
    """Whether llmswitch itself had the program run there: in the private folder it makes for each call."""
    if not _RUN_FOLDER.search(cwd):
        return False
    return cwd.startswith((*_TEMPORARY, tempfile.gettempdir().rstrip("/") + "/"))


def own_keys(ledger: Ledger, source: str) -> frozenset[int]:
    """The keys of the answers that llmswitch got through the program: as a rule it keeps no log of those at all."""
    if source != claude_log.SOURCE:
        return frozenset()
    with ledger.reading() as connection:
        rows = connection.execute(
            "SELECT usage_raw FROM attempts WHERE provider = ? AND usage_raw LIKE '{\"messages\":%'", (source,)
        ).fetchall()
    return frozenset(claude_log.message_key(name) for (raw,) in rows for name in _messages(raw))


def _messages(raw: str) -> Iterator[str]:
    try:
        messages = json.loads(raw).get("messages")
    except ValueError:
        return
    yield from messages if isinstance(messages, dict) else ()
