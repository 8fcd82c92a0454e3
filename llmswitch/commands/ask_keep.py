"""What an `ask` in a session leaves behind: the prompt and what came of the answer, also of one that was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from llmswitch.catalog import Model
from llmswitch.commands.ask_run import Call
from llmswitch.commands.ask_session import Conversation, conversation, joined
from llmswitch.conversation import Message, Text, TextDelta, Thinking, ThinkingDelta
from llmswitch.engine.dispatch import Attempting, DispatchEvent, Emit, Engine, Job, Labelled, Result
from llmswitch.engine.memory import FollowUp, last_task, origin_of
from llmswitch.ledger import history
from llmswitch.ledger.history import Exchange, counted
from llmswitch.ledger.store import Ledger


@dataclass(slots=True)
class Heard:
    """What came of one dispatch, known at every moment: also of one that was interrupted."""

    task: str | None = None
    model: Model | None = None
    texts: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    thoughts: list[Thinking] = field(default_factory=list)
    result: Result | None = None

    def take(self, event: DispatchEvent) -> None:
        """Take note of an event that is about to be passed on."""
        match event:
            case Labelled(label):
                self.task = label.task
            case Attempting(candidate):
                self.model = candidate.model
                self.texts, self.reasoning, self.thoughts = [], [], []
            case TextDelta(text):
                self.texts.append(text)
            case ThinkingDelta(text, signature):
                self.reasoning.append(text)
                if signature and self.model:  # unsigned reasoning is of no use to anybody later
                    self.thoughts.append(Thinking("".join(self.reasoning), signature, origin_of(self.model)))
                    self.reasoning = []
            case _:
                pass

    def exchange(self, question: Message) -> Exchange | None:
        """`question` with its answer, or None where nothing of an answer came."""
        done = self.result
        text = done.text if done else "".join(self.texts)
        model = done.model if done else self.model
        if model is None or not text.strip():
            return None
        thoughts = self.thoughts if self.model is not None and self.model.name == model.name else []
        return Exchange(
            question,
            Message("assistant", (*thoughts, Text(text))),
            partial=done is None or (done.last is not None and done.last.status == "partial"),
            task=self.task,
            model=model.name,
            provider=model.provider,
            dispatch_id=done.dispatch_id if done else None,
        )


@dataclass
class ListeningEngine(Engine):
    """An engine that remembers what each of its dispatches answered, whoever gets the events."""

    heard: list[Heard] = field(default_factory=list)

    async def run(self, job: Job, emit: Emit) -> Result:
        """As `Engine.run`."""
        heard = Heard()
        self.heard.append(heard)

        async def listen(event: DispatchEvent) -> None:
            heard.take(event)
            await emit(event)

        heard.result = await super().run(job, listen)
        return heard.result


@contextmanager
def session(call: Call, engine: Engine, job: Job, say: Callable[[str], None]) -> Iterator[tuple[Engine, Job]]:
    """`engine` and `job` as parts of the call's session. At the end the prompt is stored with what came of the answer,
    however the call ended. Raises UsageError and ConfigError where there is no such session, or it can't go on."""
    talk = conversation(call, engine.profile, engine.ledger, job.project, job.words)
    if call.continued:
        say(f"continuing session {talk.name} ({counted(talk.turns)})")
    listener = _listening(engine, talk)
    try:
        yield listener, joined(job, talk)
    finally:
        question = job.request.messages[-1]
        _keep(engine.ledger, talk, question, listener.heard, first=call.second_opinion is not None)


def _listening(engine: Engine, talk: Conversation) -> ListeningEngine:
    """`engine` for this conversation: it listens, and a follow-up inherits the task of the turn before."""
    before = last_task(talk.turns)
    classifier = FollowUp(engine.classifier, before) if before else engine.classifier
    return ListeningEngine(engine.profile, engine.ledger, classifier, engine.now, engine.adapters, engine.cache)


def _keep(ledger: Ledger, talk: Conversation, question: Message, heard: Sequence[Heard], *, first: bool) -> None:
    """Store the question and its answer, if one came: the last dispatch's that has one (a repair's rather than what was
    repaired), or the `first` one's (not a second opinion's)."""
    candidates = heard[:1] if first else reversed(heard)
    found = next((exchange for one in candidates if (exchange := one.exchange(question))), None)
    if found is not None:
        pinned = talk.model or (found.model if talk.pin else None)
        history.append(ledger, talk.name, found, project=talk.project, pinned=pinned, automatic=talk.automatic)
