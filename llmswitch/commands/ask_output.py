"""The three ways `ask` prints: text, one JSON object, or one JSON event a line."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

from llmswitch.conversation import Finish, Notice, Progress, TextDelta, ThinkingDelta, ToolCall, Usage
from llmswitch.engine.dispatch import Attempting, AttemptReport, DispatchEvent, Labelled, PassedOver, Result
from llmswitch.engine.job import FromCache, Hit, NotFromCache
from llmswitch.terminal.progress import Status

NEXT_SECTION = "\n\n"


class Output:
    """What all three have in common: notices and waiting on stderr."""

    def __init__(self, out: TextIO, err: TextIO, *, quiet: bool, verbose: bool) -> None:
        self.out = out
        self.err = err
        self.quiet = quiet
        self.verbose = verbose
        self.status = Status(err, quiet=quiet)

    def note(self, text: str) -> None:
        """A line for the person."""
        self.status.note(text)

    def confirm(self, question: str) -> bool:
        """Ask on the terminal; no without one, and no unless the person says yes."""
        if self.quiet or not (sys.stdin.isatty() and self.err.isatty()):
            return False
        self.status.clear()
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        ours = signal.signal(signal.SIGINT, signal.default_int_handler)  # the event loop's would wait for the answer
        try:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
        finally:
            signal.signal(signal.SIGINT, ours)

    async def emit(self, event: DispatchEvent) -> None:
        """Take one event of the engine."""
        match event:
            case Attempting(candidate, _, why, wait_s):
                if self.verbose or wait_s:
                    self._tell_attempt(candidate.model.name, why, wait_s)
                self.status.waiting(candidate.model.name)
            case PassedOver(candidate, why):
                if self.verbose:
                    self.note(f"{candidate.model.name} passed over: {why}")
            case Labelled(label):
                if self.verbose:
                    self.note(f"task {label.task}, confidence {label.confidence:.2f} ({label.mode})")
            case FromCache(hit):
                if self.verbose and hit.how == "semantic":
                    self.note(f"from the cache: the answer to {hit.entry.prompt!r}")
            case NotFromCache(result, why):
                if self.verbose:
                    self.note(f"cache {result}: {why}")
            case AttemptReport(model, status, failure, error):
                if status != "ok" and self.verbose:
                    self.note(f"{model.name} failed ({failure}): {error}")
            case Notice(text):
                self.note(text)
            case Progress(text, done, total, unit):
                self.status.progress(text, done, total, unit)
            case _:
                pass

    def _tell_attempt(self, name: str, why: str, wait_s: float) -> None:
        wait = f" in {wait_s:.0f} s" if wait_s >= 1 else ""
        self.note(f"trying {name}{wait} ({why})")

    def whole(self, text: str) -> None:
        """Take an answer that was held back until it was complete."""

    def section(self, title: str, *, first: bool = False) -> None:
        """What follows is another model's answer."""

    def interrupted(self) -> None:
        """Ctrl-C: leave what was printed as it is."""
        self.status.clear()

    def finish_many(self, results: Sequence[Result]) -> None:
        """After the last of several answers."""
        self.status.clear()
        _line(self.out, [as_json(result, with_text=True) for result in results])

    def finish(self, result: Result) -> None:
        """After the last event; prints the error, if there is one."""
        self.status.clear()
        if result.error is not None:
            from llmswitch.terminal.error_lines import render_error

            self.err.write(render_error(result.error.message, result.error.hint))


class TextOutput(Output):
    """The answer on stdout: rendered on a terminal, raw in a pipe."""

    def __init__(self, out: TextIO, err: TextIO, *, raw: bool, quiet: bool, verbose: bool) -> None:
        super().__init__(out, err, quiet=quiet, verbose=verbose)
        from llmswitch.terminal.answer import answer_for
        from llmswitch.terminal.thinking import Thinking

        self.answer = answer_for(out, raw=raw)
        self.thinking = Thinking(err)
        self.started = False

    async def emit(self, event: DispatchEvent) -> None:
        """Text goes out at once; reasoning to stderr where it was asked for."""
        match event:
            case TextDelta(text):
                self.status.clear()
                self.thinking.end()
                self.started = True
                self.answer.write(text)
            case ThinkingDelta(text) if self.verbose:
                self.status.clear()
                self.thinking.write(text)
            case _:
                await super().emit(event)

    def whole(self, text: str) -> None:
        """Print it at once."""
        self.status.clear()
        self.started = True
        self.answer.write(text + "\n")

    def section(self, title: str, *, first: bool = False) -> None:
        """A heading in Markdown, which is also what a pipe gets."""
        self.status.clear()
        self.started = True
        self.answer.write(f"{'' if first else NEXT_SECTION}## {title}\n\n")

    def finish_many(self, results: Sequence[Result]) -> None:
        """End the answers; errors, then a table of what each took, on stderr."""
        from llmswitch.commands.ask_many import comparison_table

        self.status.clear()
        self._end()
        for result in results:
            super().finish(result)
        if not self.quiet:
            self.err.write(comparison_table(results))

    def interrupted(self) -> None:
        """Close what was printed so far, so that the shell's prompt starts on a line of its own."""
        super().interrupted()
        self._end()

    def finish(self, result: Result) -> None:
        """End the answer, then one line of summary or the error."""
        self.status.clear()
        self._end()
        super().finish(result)
        if result.error is None and not self.quiet:
            self._summary(result)

    def note(self, text: str) -> None:
        """A line for the person, after what was answered so far."""
        self._end()
        super().note(text)

    def _end(self) -> None:
        if self.started:
            self.answer.end()
            self.started = False

    def _summary(self, result: Result) -> None:
        from llmswitch.terminal.summary import print_summary, summary_line

        last = result.last
        if result.hit is not None:
            print_summary(self.err, _hit_line(result, result.hit))
        if last is None:
            return
        line = summary_line(
            task=result.label.task,
            model=last.model.name,
            usage=last.usage,
            cost_usd=last.cost.usd,
            cost_source=_summary_source(last),
            imputed_usd=last.cost.imputed,
            total_ms=result.total_ms,
            failed=[(one.model.name, (one.failure or one.status).replace("_", " ")) for one in result.attempts[:-1]],
        )
        print_summary(self.err, line)


def _hit_line(result: Result, hit: Hit) -> str:
    from llmswitch.terminal.summary import hit_line

    return hit_line(
        task=result.label.task,
        model=hit.model.name,
        age_s=hit.age_s,
        score=hit.score,
        saved_usd=hit.cash,
        saved_imputed_usd=hit.imputed,
        saved_ms=hit.entry.total_ms,
        total_ms=result.total_ms,
    )


def _summary_source(report: AttemptReport) -> str:
    return "local" if report.cost.source == "free" and report.model.local else report.cost.source


class JsonOutput(Output):
    """One object at the end."""

    def finish(self, result: Result) -> None:
        """Print the object, whether there is an answer or not."""
        super().finish(result)
        _line(self.out, as_json(result, with_text=True))


class JsonStreamOutput(Output):
    """One event a line; the last one is the object of `--json` without its text."""

    async def emit(self, event: DispatchEvent) -> None:
        """Print the event where it means something to a program."""
        await super().emit(event)
        if record := _record(event):
            _line(self.out, record)

    def whole(self, text: str) -> None:
        """One event with all of it."""
        _line(self.out, {"event": "text", "text": text})

    def finish(self, result: Result) -> None:
        """Print the last event."""
        super().finish(result)
        _line(self.out, {"event": "end", **as_json(result, with_text=False)})


def _record(event: DispatchEvent) -> dict[str, Any] | None:
    match event:
        case Labelled(label):
            return {"event": "task", "task": label.task, "confidence": label.confidence, "difficulty": label.difficulty}
        case PassedOver(candidate, why):
            return {"event": "skipped", "model": candidate.model.name, "reason": why}
        case Attempting(candidate, ordinal, why, _):
            model = candidate.model
            return {
                "event": "attempt",
                "ordinal": ordinal,
                "model": model.name,
                "provider": model.provider,
                "reason": why,
            }
        case FromCache(hit):
            return {"event": "cache", **_cached(hit)}
        case AttemptReport(model, status, failure, error) if status != "ok":
            return {"event": "failed", "model": model.name, "status": status, "failure": failure, "error": error}
        case TextDelta(text):
            return {"event": "text", "text": text}
        case ThinkingDelta(text):
            return {"event": "thinking", "text": text}
        case ToolCall(call_id, name, arguments):
            return {"event": "tool_call", "id": call_id, "name": name, "input": dict(arguments)}
        case Finish(reason):
            return {"event": "finish", "reason": reason}
        case _:
            return None


def as_json(result: Result, *, with_text: bool) -> dict[str, Any]:
    """The stable object of `--json` (DESIGN's contract, docs/ask.schema.json)."""
    last = result.last
    answered = last if result.model is not None else None
    model = result.model
    known = [report.cost.usd for report in result.attempts]
    usage, source = answered.usage if answered else None, answered.cost.source if answered else None
    if result.hit is not None:  # nobody was called: these are facts, not guesses
        known, usage, source = [Decimal(0)], Usage(0, 0, 0, 0, 0, 0), "free"
    body: dict[str, Any] = {"text": result.text} if with_text else {}
    body |= {
        "task": result.label.task,
        "confidence": round(result.label.confidence, 4),
        "model": model.name if model else None,
        "provider": model.provider if model else None,
        "model_id": model.model if model else None,
        "usage": _usage(usage),
        "cost_usd": _amount(_total(known)),
        "cost_source": source,
        "cache": result.cache,
        "finish": result.finish,
        "attempts": [_attempt(report) for report in result.attempts],
        "dispatch_id": result.dispatch_id,
        "total_ms": round(result.total_ms, 1),
    }
    if result.hit is not None:
        body["cached"] = _cached(result.hit)
    if result.error is not None:
        body["error"] = {"message": result.error.message, "exit_code": int(result.error.exit_code)}
    return body


def _cached(hit: Hit) -> dict[str, Any]:
    return {
        "how": hit.how,
        "score": None if hit.score is None else round(hit.score, 4),
        "age_s": round(hit.age_s, 1),
        "entry": hit.entry.id,
        "dispatch_id": hit.entry.dispatch_id,
        "saved_usd": _amount(hit.cash),
        "saved_imputed_usd": _amount(hit.imputed),
        "saved_ms": hit.entry.total_ms,
    }


def _attempt(report: AttemptReport) -> dict[str, Any]:
    return {
        "model": report.model.name,
        "provider": report.model.provider,
        "status": report.status,
        "error": f"{report.failure}: {report.error}" if report.failure else None,
        "first_token_ms": None if report.first_token_ms is None else round(report.first_token_ms, 1),
        "total_ms": round(report.total_ms, 1),
    }


def _usage(usage: Usage | None) -> Mapping[str, int | None]:
    told = usage or Usage()
    return {
        "input_tokens": told.input_tokens,
        "cache_read_tokens": told.cache_read_tokens,
        "cache_write_tokens": told.cache_write_tokens,
        "output_tokens": told.output_tokens,
        "reasoning_tokens": told.reasoning_tokens,
    }


def _total(amounts: list[Decimal | None]) -> Decimal | None:
    """The cash of all attempts; None as soon as one of them is not known."""
    if not amounts or any(amount is None for amount in amounts):
        return None
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _line(out: TextIO, record: object) -> None:
    out.write(json.dumps(record, ensure_ascii=False) + "\n")
    out.flush()
