"""What `batch` does, from the parsed call to the exit code."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from llmswitch import classify
from llmswitch.commands.ask_answer import project_name
from llmswitch.commands.ask_output import as_json
from llmswitch.commands.batch_input import Defaults, Row, rows
from llmswitch.commands.batch_journal import Journal
from llmswitch.commands.engine_run import TERMINATED
from llmswitch.engine.batch import Batch, Done
from llmswitch.engine.dispatch import Engine
from llmswitch.engine.purse import Purse
from llmswitch.errors import ExitCode, InputError, UsageError
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile
from llmswitch.template import load as load_template
from llmswitch.terminal.progress import Status


@dataclass(frozen=True, slots=True)
class Call:
    """The options of one `batch`."""

    file: Path
    output: Path | None = None
    jobs: int = 4
    template: str | None = None
    system: str | None = None
    model: str | None = None
    task: str | None = None
    max_tokens: int | None = None
    max_cost: Decimal | None = None
    timeout_s: float | None = None
    allow_unknown_price: bool = False
    yes: bool = False
    dry_run: bool = False
    quiet: bool = False


def run(call: Call, profile: Profile) -> int:
    """Answer every line and return the exit code. Raises LlmSwitchError before anything is sent."""
    text = _text(call.file)
    found = rows(text, str(call.file), _defaults(call), profile)
    with ExitStack() as stack:
        journal = None
        if call.output is not None and not call.dry_run:
            journal = stack.enter_context(Journal(call.output, _digest(call, text)))
        answered = journal.answered if journal else set()
        left = [row for row in found if row.task.line not in answered]
        status = Status(sys.stderr, quiet=call.quiet)
        if answered:
            status.note(f"going on: {len(answered):,} of {len(found):,} prompts have an answer already")
        ledger = stack.enter_context(Ledger.open())
        engine = Engine(profile, ledger, classify.build(profile))
        if not _agreed(call, engine, left):
            return int(ExitCode.OK if call.dry_run else ExitCode.FAILED)
        return _Run(call, engine, found, left, journal, status).run()


@dataclass(slots=True)
class _Run:
    """One batch under way. Results that wait for an earlier line are held in `results`."""

    call: Call
    engine: Engine
    rows: Sequence[Row]
    left: Sequence[Row]
    journal: Journal | None
    status: Status
    by_line: dict[int, Row] = field(init=False)
    results: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    printed: int = 0
    done: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.by_line = {row.task.line: row for row in self.left}

    def run(self) -> int:
        batch = Batch(self.engine, self._take, self.status.note, self.call.jobs, self.call.timeout_s)
        self.done = len(self.rows) - len(self.left)
        try:
            with asyncio.Runner() as runner:
                runner.run(self._guarded(batch))
        except (KeyboardInterrupt, asyncio.CancelledError) as ended:
            self.status.clear()
            self._tell_rest("stopped")
            return int(ExitCode.INTERRUPTED) if isinstance(ended, KeyboardInterrupt) else TERMINATED
        self.status.clear()
        return self._end(batch)

    async def _guarded(self, batch: Batch) -> None:
        task = asyncio.current_task()
        if task is not None:
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        self.status.progress("batch", self.done, len(self.rows), "prompts")
        try:
            await batch.run([row.task for row in self.left])
        finally:
            await self.engine.aclose()

    def _take(self, done: Done) -> None:
        row = self.by_line[done.task.line]
        record = _record(row, done)
        self.done += 1
        self.failed += done.error is not None
        if self.journal is not None:
            self.journal.add(row.task.line, record)
        else:
            self.results[row.task.line] = record
            self._print()
        self.status.progress("batch", self.done, len(self.rows), "prompts")

    def _print(self) -> None:
        """Every result whose turn it is."""
        while self.printed < len(self.left) and (line := self.left[self.printed].task.line) in self.results:
            sys.stdout.write(json.dumps(self.results.pop(line), ensure_ascii=False) + "\n")
            self.printed += 1
        sys.stdout.flush()

    def _end(self, batch: Batch) -> int:
        if batch.stopped_by is not None:
            self._tell_rest(f"stopped: {batch.stopped_by.message}")
            return int(batch.stopped_by.exit_code)
        if self.journal is not None:
            self.journal.finish()
        if self.failed:
            again = "; the same command tries them again" if self.journal else ""
            self.status.note(f"{self.failed:,} of {len(self.rows):,} prompts failed{again}")
            return int(ExitCode.FAILED)
        return int(ExitCode.OK)

    def _tell_rest(self, why: str) -> None:
        way = "the same command goes on" if self.journal else "with -o OUT.jsonl the same command could go on"
        self.status.note(f"{why}: {self.done - self.failed:,} of {len(self.rows):,} prompts have an answer; {way}")


def _record(row: Row, done: Done) -> dict[str, Any]:
    """The object of `ask --json`, led by the line and what the person gave to find it again."""
    record: dict[str, Any] = {"line": row.task.line, **row.echoed}
    if done.result is not None:
        record |= as_json(done.result, with_text=True)
    if done.error is not None:
        record["error"] = {"message": done.error.message, "exit_code": int(done.error.exit_code)}
    return record


def _agreed(call: Call, engine: Engine, left: Sequence[Row]) -> bool:
    """Show what it will cost, and whether to begin. Raises UsageError where nobody can be asked."""
    if not left or (call.yes and not call.dry_run):
        return True
    from llmswitch.commands.batch_estimate import foresee, told

    sys.stderr.write(told(foresee(engine, [row.task for row in left]), call.jobs, sys.stderr))
    if call.dry_run:
        return False
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "nobody is there to agree to this", hint="--yes begins without asking; --dry-run only shows it"
        )
    sys.stderr.write("Begin? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    sys.stderr.write("llmswitch: nothing was sent\n")
    return False


def _defaults(call: Call) -> Defaults:
    template = None if call.template is None else load_template(call.template)
    return Defaults(
        system=call.system,
        task=call.task or (template.task if template else None),
        model=call.model or (template.model if template else None),
        max_tokens=call.max_tokens,
        template=template,
        project=project_name(Path.cwd()),
        purse=None if call.max_cost is None else Purse(call.max_cost),
        allow_unknown_price=call.allow_unknown_price,
    )


def _digest(call: Call, text: str) -> str:
    """Of all that decides what is asked: a journal of something else is not gone on with."""
    asked = [text, call.template, call.system, call.model, call.task, call.max_tokens]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _text(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.expanduser().read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start})") from None
