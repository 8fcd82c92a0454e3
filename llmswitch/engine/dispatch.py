"""The way of one request: label, candidates, then one attempt after another until one answers. Every attempt is a ledger
row that is opened before the call and settled whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from llmswitch.catalog import Model
from llmswitch.classify import Classifier, Label
from llmswitch.conversation import Event, Finish, Notice, QuotaReport, Request, TextDelta, ToolCall
from llmswitch.engine import attempt as attempts
from llmswitch.engine import health, memory, plans
from llmswitch.engine.attempt import Attempt
from llmswitch.engine.cached import AnswerCache, Visit
from llmswitch.engine.candidates import Needs, candidates, named
from llmswitch.engine.fallback import Candidate, Failed, OverBudget, Skip, Step, Try, Verdict, walk
from llmswitch.engine.job import (
    Attempting,
    AttemptReport,
    DispatchEvent,
    Emit,
    Hit,
    Job,
    Labelled,
    PassedOver,
    Result,
)
from llmswitch.engine.judge import complaint
from llmswitch.engine.locality import leaves_machine
from llmswitch.engine.no_answer import no_answer
from llmswitch.engine.replay import replay
from llmswitch.engine.settlement import settle
from llmswitch.engine.spending import NoRoomError, Spending, spending
from llmswitch.errors import ExitCode, InadequateError, LedgerError, LlmSwitchError, ProtocolError, ProviderError
from llmswitch.ledger import cache_hits, limits
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile
from llmswitch.providers import registry
from llmswitch.providers.base import Provider, Resolving
from llmswitch.tokens import estimate_request, estimate_text

__all__ = ["AttemptReport", "Attempting", "DispatchEvent", "Emit", "Engine", "Job", "Labelled", "PassedOver", "Result"]

Status = Literal["ok", "failed", "cancelled", "partial"]


@dataclass(slots=True)
class Engine:
    """Runs jobs under one profile, over one ledger. `now` gives POSIX seconds."""

    profile: Profile
    ledger: Ledger
    classifier: Classifier
    now: Callable[[], float] = time.time
    adapters: dict[str, Provider] = field(default_factory=dict)
    cache: AnswerCache = field(default_factory=AnswerCache)

    def provider(self, model: Model) -> Provider:
        """The adapter that serves `model`; one for each provider, built when first asked for."""
        if model.provider not in self.adapters:
            self.adapters[model.provider] = registry.build(self.profile.providers[model.provider])
        return self.adapters[model.provider]

    def missing(self, model: Model) -> str | None:
        """Why `model` can't be served now, as its adapter sees it without a call."""
        return self.provider(model).missing(model)

    def missing_locally(self, model: Model) -> str | None:
        """As `missing`, for a prompt that must stay on this machine."""
        settings = self.profile.providers[model.provider]
        return (
            leaves_machine(model, settings)
            or self.missing(model)
            or leaves_machine(self.resolved(model), settings)  # `auto` may stand for a hosted one
        )

    def resolved(self, model: Model) -> Model:
        """`model` with the id that will really be called."""
        adapter = self.provider(model)
        return adapter.resolve(model) if isinstance(adapter, Resolving) else model

    def label(self, job: Job) -> Label:
        """The task of `job`: as the caller says, else as the classifier sees it."""
        if job.task is not None:
            return Label(job.task, 1.0, mode="flag")
        # only what came now: a small turn of a long conversation is small work
        new = estimate_text(job.words) + estimate_text(job.attachment)
        return self.classifier.label(job.words, job.attachment, new)

    def candidates(self, job: Job, label: Label) -> list[Candidate]:
        """Every model that comes into question for `job`, in the order of trying."""
        wanted = named(self.profile, label.task, label.difficulty, job.model)
        needs = Needs(estimate_request(job.request), job.request.has_images)
        return candidates(
            self.profile,
            wanted,
            needs,
            missing=self.missing_locally if job.local_only else self.missing,
            resolved=self.resolved,
            cooling=health.cooling(self.ledger, self.now()),
            barred=None
            if job.model
            else plans.barred(self.profile, limits.windows(self.ledger), label.task, self.now()),
            over_budget=self.spending(job, label).foreseen(self.ledger, datetime.fromtimestamp(self.now(), UTC)),
        )

    def spending(self, job: Job, label: Label) -> Spending:
        """What the budget says about the calls of `job`."""
        return spending(
            self.profile,
            job.request,
            job.project,
            label.task,
            allow_unknown_price=job.allow_unknown_price,
            purse=job.purse,
        )

    async def run(self, job: Job, emit: Emit) -> Result:
        """Answer `job`, passing everything on to `emit` as it comes. Failures of candidates end up in the result; what
        `emit` raises, and cancellation, end the dispatch at once and are raised again, settled in the ledger."""
        started = time.monotonic()
        label = self.label(job)
        await emit(Labelled(label))
        dispatch_id = self.ledger.begin_dispatch(
            job.kind,
            task=label.task,
            confidence=label.confidence,
            task_source=label.mode,
            local_label=label.asked,
            profile=self.profile.name,
            project=job.project,
            session=job.session,
            hook=job.hook,
        )
        status: Status = "cancelled"
        exit_code: int | None = ExitCode.INTERRUPTED
        visit = self.cache.visit(self.profile, self.now, job, label, emit)
        try:
            result = await _Walk(self, job, label, dispatch_id, emit, started, visit).run()
            status = _status(result)
            exit_code = result.error.exit_code if result.error else ExitCode.OK
        except LlmSwitchError as error:
            status, exit_code = "failed", error.exit_code
            raise
        finally:
            self.ledger.finish_dispatch(dispatch_id, status, exit_code, cache=visit.outcome)
            self.retain()
        return replace(result, cache=visit.outcome)

    def retain(self) -> None:
        """Reduce old calls to their sums, where the profile says so; a ledger that can't be written now does it later."""
        days = self.profile.settings["ledger"]["retain_days"]
        if days is None:
            return
        from llmswitch.ledger import retention  # hardly any profile says so

        with contextlib.suppress(LedgerError):
            retention.reduce(self.ledger, retention.horizon(datetime.fromtimestamp(self.now(), UTC), days))

    async def aclose(self) -> None:
        """Let go of every adapter, and of the cache."""
        for adapter in self.adapters.values():
            await adapter.aclose()
        self.adapters.clear()
        self.cache.close()


def _status(result: Result) -> Status:
    if result.error is None:
        return "ok"
    return "partial" if result.last and result.last.status == "partial" else "failed"


@dataclass(slots=True)
class _Walk:
    """One dispatch on its way through the candidates."""

    engine: Engine
    job: Job
    label: Label
    dispatch_id: str
    emit: Emit
    started: float
    visit: Visit
    reports: list[AttemptReport] = field(default_factory=list)
    errors: list[ProviderError] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    over_budget: list[OverBudget] = field(default_factory=list)
    budget_told: bool = False
    fallback_answer: tuple[Attempt, list[Event]] | None = None
    """A complete answer that was judged inadequate: better than none, when no stronger model answers."""

    async def run(self) -> Result:
        steps = walk(self.engine.candidates(self.job, self.label), jitter=_jitter)
        attempt: Attempt | None = None
        answer: Failed | OverBudget | None = None
        try:
            step: Step = next(steps)
            while True:
                if isinstance(step, Skip):
                    if over := answer if isinstance(answer, OverBudget) else step.candidate.over_budget:
                        self.over_budget.append(over)
                    skipped = PassedOver(step.candidate, step.why)
                    self.passed_over.append(skipped)
                    await self.emit(skipped)
                    answer = None
                elif hit := await self.visit.look(step.candidate.model):
                    return await self._replayed(hit)
                else:
                    tried, answer = await self._try(step)
                    attempt = tried or attempt
                    if tried is not None and answer is None:
                        result = self._result(tried, None)
                        lessons = partial(cache_hits.lessons, self.engine.ledger)
                        await self.visit.fill(tried, self.reports[-1].cost, self.dispatch_id, lessons)
                        return result
                step = steps.send(answer)
        except StopIteration as end:
            if self.fallback_answer is not None and not self._broke_off():
                return await self._second_best(*self.fallback_answer)
            if hit := await self.visit.look(None):
                return await self._replayed(hit)
            return self._result(attempt, self._error(end.value))
        finally:
            steps.close()

    def _broke_off(self) -> bool:
        return bool(self.reports) and self.reports[-1].status == "partial"

    async def _replayed(self, hit: Hit) -> Result:
        return await replay(hit, self.engine.ledger, self.dispatch_id, self.label, self.emit, self.started)

    async def _second_best(self, attempt: Attempt, held: list[Event]) -> Result:
        await self.emit(
            Notice(f"no stronger model could be asked: this is {attempt.model.name}'s answer ({attempt.error})")
        )
        attempt.held_back = False
        for event in held:
            await self.emit(event)
        return self._result(attempt, None)

    async def _try(self, step: Try) -> tuple[Attempt | None, Failed | OverBudget | None]:
        """The attempt and how it failed; no attempt where the budget has no room for it any more."""
        ordinal = len(self.reports) + 1
        await self.emit(Attempting(step.candidate, ordinal, step.why, step.wait_s))
        if step.wait_s:
            await asyncio.sleep(step.wait_s)
        model = step.candidate.model
        await registry.load(self.engine.profile.providers[model.provider].kind)  # no part of the provider's time
        told = [f"budget: {over.model} is passed over: {over.why}" for over in self.over_budget[:1]]
        try:
            entry = self.engine.spending(self.job, self.label).entry(model, self._at(), told.append)
            row = self.engine.ledger.begin_attempt(self.dispatch_id, ordinal, model, entry.reserve, admit=entry.admit)
        except NoRoomError as error:
            return None, error.over
        if self.job.purse is not None:
            self.job.purse.hold(entry.reserve)
        attempt = Attempt(model, ordinal, estimate_request(self.job.request))
        failed: Failed | None = None
        try:
            await self._tell_budget(told)
            await self._stream(attempt, entry.request)
            attempt.status = "ok"
        except ProviderError as error:
            failed = self._failed(attempt, error)
        finally:
            settings = self.engine.profile.providers[model.provider]
            report = settle(self.engine.ledger, row, attempt, settings, self._at())
            self.reports.append(report)
            if self.job.purse is not None:
                self.job.purse.settle(entry.reserve, report.cost.usd)
        if failed is None:
            health.note_success(self.engine.ledger, model)
        await self.emit(report)
        return attempt, failed

    async def _tell_budget(self, told: list[str]) -> None:
        """Say once what the budget has to do with the choice of the model."""
        if told and not self.budget_told:
            self.budget_told = True
            await self.emit(Notice(told[0]))

    async def _stream(self, attempt: Attempt, request: Request) -> None:
        """Pass the answer on; where the profile says so, hold a weak model's answer back until it is judged."""
        engine = self.engine
        provider = engine.provider(attempt.model)
        timeouts = engine.profile.providers[attempt.model.provider].timeouts
        escalate = engine.profile.settings["escalate"]
        judged = escalate["enabled"] and not self.job.model and attempt.model.tier >= escalate["from_tier"]
        attempt.held_back = judged and escalate["buffer"]
        request = memory.request_for(request, attempt.model)
        held: list[Event] = []
        try:
            async for event in attempts.stream(
                attempt, provider, request, timeouts, thinking_is_content=self.job.thinking_is_content
            ):
                if isinstance(event, QuotaReport):
                    health.note_quota(engine.ledger, attempt.model, event, engine.now())
                if isinstance(event, Finish):
                    await self._end(attempt, held, event, judged=judged)
                if isinstance(event, TextDelta):
                    self.visit.answering()
                if attempt.held_back and isinstance(event, TextDelta | ToolCall):
                    held.append(event)
                    continue
                await self.emit(event)
        except (LlmSwitchError, asyncio.CancelledError, OSError):
            raise
        except Exception as error:  # an adapter let a foreign one through: this candidate is broken, not the program
            raise ProtocolError(
                f"{type(error).__name__}: {error}", provider=attempt.model.provider, model=attempt.model.name
            ) from error

    async def _end(self, attempt: Attempt, held: list[Event], finish: Finish, *, judged: bool) -> None:
        """Raise InadequateError for an answer that was held back and is not up to the task, else let it go out. One that
        was passed on already can only be remarked on."""
        if not judged:
            if finish.reason in attempts.CUT_OFF:
                await self.emit(Notice(attempts.CUT_OFF[finish.reason]))
            return
        wrong = complaint(attempt.text, finish.reason, self.label.task)
        if wrong and attempt.held_back:
            self.fallback_answer = (attempt, [*held, finish])
            attempt.finish = finish.reason
            raise InadequateError(wrong, provider=attempt.model.provider, model=attempt.model.name)
        attempt.held_back = False
        for event in held:
            await self.emit(event)
        if wrong:
            await self.emit(Notice(f"{attempt.model.name}'s answer may not do: {wrong}; -m asks another model"))

    def _failed(self, attempt: Attempt, error: ProviderError) -> Failed:
        attempt.failure = error.failure
        attempt.phase = error.phase
        attempt.error = attempts.failure_of(error)
        attempt.status = "partial" if attempt.passed_on else "failed"
        self.errors.append(error)
        health.note_failure(self.engine.ledger, attempt.model, error, self.engine.now())
        retry_after = error.retry_after_s
        if retry_after is None and error.resets_at is not None:
            retry_after = max(0.0, error.resets_at - self.engine.now())
        return Failed(error.failure, retry_after, error.phase, attempt.passed_on)

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self.engine.now(), UTC)

    def _error(self, verdict: Verdict) -> LlmSwitchError:
        return no_answer(
            verdict,
            self.errors,
            self.passed_over,
            self.over_budget,
            broke_off=self._broke_off(),
            profile=self.engine.profile.name,
            task=self.label.task,
        )

    def _result(self, attempt: Attempt | None, error: LlmSwitchError | None) -> Result:
        answered = attempt is not None and (error is None or attempt.passed_on)
        return Result(
            dispatch_id=self.dispatch_id,
            label=self.label,
            model=attempt.model if attempt and answered else None,
            text=attempt.text if attempt and answered else "",
            finish=attempt.finish if attempt and answered else None,
            attempts=tuple(self.reports),
            total_ms=(time.monotonic() - self.started) * 1000,
            error=error,
        )


def _jitter() -> float:
    """A number in 0..1, without the import of `random` and the hashing it brings."""
    return int.from_bytes(os.urandom(2), "big") / 65_536
