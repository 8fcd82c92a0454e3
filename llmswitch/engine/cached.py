"""The engine's side of the answer cache: asked between the route and the first attempt, filled after the last one.

It never breaks an answer: whatever goes wrong is one notice, and the dispatch goes on without it (`off` in the ledger). It
holds up an answer for at most `cache.deadline_ms`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from llmswitch.cache.base import Entry, Lookup, Neighbour, Query
from llmswitch.cache.scope import in_scope, scope_of, uncacheable
from llmswitch.catalog import Model
from llmswitch.classify import Label
from llmswitch.conversation import Notice
from llmswitch.engine.candidates import named
from llmswitch.engine.deadline import begin, within
from llmswitch.engine.job import Emit, Hit, Job, NotFromCache
from llmswitch.engine.keepable import Made, new_entry, why_not_kept
from llmswitch.errors import CacheError
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import CacheOutcome
from llmswitch.profile import Profile

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.engine.attempt import Attempt

ANY_TIER = 1_000
"""Where no candidate can be tried, an answer of whatever tier is better than none."""
T = TypeVar("T")


class Repeats(Protocol):
    """The cache proper, as `llmswitch.cache.semantic.SemanticCache` has it. It blocks, and is safe with many threads."""

    def lookup(self, query: Query) -> Lookup:
        """What is kept for this prompt, or why nothing serves."""
        ...

    def nearest(self, query: Query, vector: Vector) -> Neighbour | None:
        """The nearest entry, however far."""
        ...

    def vector(self, prompt: str) -> Vector | None:
        """What `fill` wants for a prompt that no lookup has embedded; None where nothing is embedded."""
        ...

    def fill(self, entry: Entry, vector: Vector | None) -> None:
        """Keep an answer."""
        ...

    def learn(self, entry_id: str, score: float, *, right: bool) -> None:
        """Remember how it was, or would have been, to serve this entry at cosine `score`."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(slots=True)
class AnswerCache:
    """The cache of one engine, opened when first asked. `open_repeats` makes it of a profile."""

    open_repeats: Callable[[Profile], Repeats] | None = None
    _opened: Repeats | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def visit(self, profile: Profile, now: Callable[[], float], job: Job, label: Label, emit: Emit) -> Visit:
        """What one dispatch has to do with the cache. Opens nothing yet."""
        why = why_off(profile) or _why_not(profile, job, label)
        return Visit(self, profile, now, job, label, emit, why)

    def opened(self, profile: Profile) -> Repeats:
        """The cache, in whatever thread asks first. Raises CacheError."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open(profile)
            return self._opened

    def _open(self, profile: Profile) -> Repeats:
        if self.open_repeats is not None:
            return self.open_repeats(profile)
        from llmswitch.cache.opening import open_cache

        return open_cache(profile.settings["cache"], profile.providers)

    def close(self) -> None:
        """Let go of it, unless a thread that nobody waits for any more is still at it."""
        if self._opened is not None and self._lock.acquire(blocking=False):
            self._lock.release()
            self._opened.close()
            self._opened = None


def why_off(profile: Profile) -> str | None:
    """Why the profile has no cache, or None. A `history = false` that somebody wrote down turns it off, unless the profile
    asks for a store: who wants no words kept gets none kept by a default."""
    cache = profile.settings["cache"]
    if cache["store"] == "off":
        return 'cache.store = "off"'
    if cache["ttl_s"] == 0:
        return "cache.ttl_s = 0"
    said = ("history",) in profile.origins and not profile.history
    if said and ("cache", "store") not in profile.origins:
        return "history = false, and no cache.store is asked for"
    return None


def _why_not(profile: Profile, job: Job, label: Label) -> str | None:
    if job.cache == "off":
        return "--no-cache"
    if job.local_only:
        return "the prompt may not leave this machine"
    if job.conversation:
        return "it is part of a conversation"
    tasks: Mapping[str, bool] = profile.settings["cache"]["tasks"] or {}
    return uncacheable(job.request, job.words, job.attachment, task=label.task, tasks=tasks)


@dataclass(slots=True)
class Visit:
    """One dispatch at the cache. `why` says why it is off, None where it is not; `lookup` what was found, once asked."""

    cache: AnswerCache
    profile: Profile
    now: Callable[[], float]
    job: Job
    label: Label
    emit: Emit
    why: str | None
    lookup: Lookup | None = None
    _looked: bool = False
    _scope: str | None = None
    _embedding: asyncio.Future[Any] | None = None

    @property
    def outcome(self) -> CacheOutcome:
        """What the ledger says."""
        if self.why is not None:
            return "off"
        return "hit" if self.lookup is not None and self.lookup.entry is not None else "miss"

    @property
    def scope(self) -> str:
        """What must be equal for a hit."""
        if self._scope is None:
            self._scope = self._digested()
        return self._scope

    def _digested(self) -> str:
        job, label = self.job, self.label
        names = [name for name, _ in named(self.profile, label.task, label.difficulty, job.model)]
        models = {f"{model.provider}:{model.model}" for model in map(self.profile.model, names)}
        return scope_of(job.request, job.words, job.attachment, task=label.task, models=models)

    def query(self, model: Model | None) -> Query:
        """What is asked where `model` would be called now."""
        return Query(self.job.words, self.scope, ANY_TIER if model is None else model.tier, self.now())

    async def nearest(self, model: Model | None) -> Neighbour | None:
        """After a `look` in vain: the nearest entry, however far."""
        vector = self.lookup.vector if self.lookup is not None else None
        if vector is None:
            return None
        query = self.query(model)
        return await self._guarded(
            within(self._deadline_s, lambda: self._repeats.nearest(query, vector), "cache nearest")
        )

    async def look(self, model: Model | None) -> Hit | None:
        """An answer at least as strong as one of `model`, the first candidate that would be called now; None where nobody
        can be. Asks once in a dispatch, and says why there is none."""
        if self._looked:
            return None
        self._looked = True
        hit = await self._asked(model)
        if hit is None:
            await self.emit(
                NotFromCache(self.outcome, self.why or (self.lookup.reason if self.lookup else "--refresh"))
            )
        return hit

    async def _asked(self, model: Model | None) -> Hit | None:
        if self.why is not None:
            return None
        if model is not None and reads_files(self.profile, model):
            self.why = f"{model.name} may read files or run tools of its own"
            return None
        if self.job.cache == "refresh":
            return None
        query = self.query(model)
        self.lookup = await self._guarded(within(self._deadline_s, lambda: self._repeats.lookup(query), "cache lookup"))
        found = self.lookup.entry if self.lookup else None
        if found is None or self.lookup is None or self.lookup.how == "miss":
            return None
        if found.scope != query.scope or found.tier > query.max_tier or found.expires_at <= query.now:
            await self._fail(CacheError("the cache gave an answer that does not fit the question"))
            return None
        near = self.lookup.neighbour
        score = near.score if near is not None and self.lookup.how == "semantic" else None
        return Hit(found, self.lookup.how, score, max(0.0, query.now - found.created_at), self._source(found))

    def answering(self) -> None:
        """The answer begins to come: time to embed the prompt, while nothing else is to be done."""
        wanted = self.outcome == "miss" and (self.lookup is None or self.lookup.vector is None)
        if wanted and self._embedding is None:
            self._embedding = begin(lambda: self._repeats.vector(self.job.words), "cache embedding")
            self._embedding.add_done_callback(_retrieve)

    async def fill(self, attempt: Attempt, cost: Cost, dispatch_id: str, lessons: Callable[[str], list[float]]) -> None:
        """Keep the answer of `attempt`, if it is one to be kept. `lessons` knows the cosines at which answers to a prompt
        (by its hash in its scope) were wrong before. A failure is told, and makes the outcome `off`."""
        if self.outcome != "miss" or why_not_kept(attempt, self.job, self.label):
            return
        if reads_files(self.profile, attempt.model):
            return
        ttl_s = self.profile.settings["cache"]["ttl_s"]
        made = Made(self.scope, dispatch_id, self.now(), ttl_s)
        entry = new_entry(attempt, cost, self.job, self.label, made)
        await self._guarded(self._put(entry, lessons))

    async def _put(self, entry: Entry, lessons: Callable[[str], list[float]]) -> None:
        wrong_at = lessons(in_scope(entry.scope, entry.prompt_hash))
        async with asyncio.timeout(self._deadline_s):
            vector = self.lookup.vector if self.lookup else None
            if vector is None and self._embedding is not None:
                vector = await self._embedding
            await begin(lambda: self._keep(entry, vector, wrong_at), "cache fill")

    def _keep(self, entry: Entry, vector: Vector | None, wrong_at: list[float]) -> None:
        self._repeats.fill(entry, vector)
        for score in wrong_at:
            self._repeats.learn(entry.id, score, right=False)

    async def _guarded(self, work: Awaitable[T]) -> T | None:
        """What `work` gives, or None where it failed, which is told."""
        try:
            return await work
        except CacheError as error:
            await self._fail(error)
        except TimeoutError:
            await self._fail(CacheError(f"the cache took longer than {self._deadline_s:g} s (cache.deadline_ms)"))
        except Exception as error:  # noqa: BLE001 - a broken cache is no reason to break an answer
            await self._fail(CacheError(f"the cache is broken: {type(error).__name__}: {error}"))
        return None

    async def _fail(self, error: CacheError) -> None:
        self.why, self.lookup = error.message, None
        hint = f" ({error.hint})" if error.hint else ""
        await self.emit(Notice(f"{error.message}{hint}; going on without the cache"))

    def _source(self, entry: Entry) -> Model:
        """The model that once gave the answer: the profile's entry where it is still that one."""
        known = self.profile.models.get(entry.model)
        if known is not None and (known.provider, known.model) == (entry.provider, entry.model_id):
            return known
        return Model(entry.model, entry.provider, entry.model_id, tier=entry.tier)

    @property
    def _repeats(self) -> Repeats:
        return self.cache.opened(self.profile)

    @property
    def _deadline_s(self) -> float:
        return float(self.profile.settings["cache"]["deadline_ms"]) / 1000


def reads_files(profile: Profile, model: Model) -> bool:
    """Whether the model's program may look at this machine by itself, so that its answer depends on more than the prompt."""
    options = {**profile.providers[model.provider].options, **model.options}
    return bool(options.get("tools") or options.get("user_settings"))


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Look at how it ended, so that a failure that nobody waits for is not complained about."""
    if not future.cancelled():
        future.exception()
