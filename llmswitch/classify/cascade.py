"""`linear` first; the local model only where `linear` is unsure. Both opinions stay on the label."""

from __future__ import annotations

from dataclasses import dataclass

from llmswitch.classify import trust
from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.linear import Linear, decide
from llmswitch.classify.local_model import Answer, LocalModel
from llmswitch.classify.trust import Trust
from llmswitch.tasks import TASKS

ALWAYS = 2.0
"""A threshold that no confidence reaches: mode `model`. The model's word then counts, whatever `linear` thinks."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """Asks `model` when the confidence of `linear` is below `threshold`, and weighs what it says by how far it is to be
    trusted. Without an answer `linear` stands, and the opinion of the model says why in its note."""

    linear: Linear
    model: LocalModel | None
    threshold: float

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label; never raises for any text."""
        first = self.linear.label(request, attachment, tokens)
        if first.mode == "size" or first.confidence >= self.threshold:
            return first
        if self.model is None:
            note = "no local model is configured"
            return first._replace(opinions=(*first.opinions, Opinion("model", first.task, 0.0, 0.0, note, "missing")))
        answer = self.model.ask(request, attachment)
        if answer.task is None:
            silent = Opinion("model", first.task, 0.0, answer.ms, answer.reason, answer.outcome)
            return first._replace(opinions=(*first.opinions, silent))
        known = trust.of(answer.model)
        if self.threshold >= ALWAYS:
            return taken(first, answer, known)
        return combined(first, answer, known, self.linear.weights.header["cost"])


def taken(first: Label, answer: Answer, known: Trust) -> Label:
    """The model's task."""
    task = str(answer.task)
    scores = _scores(first, task, known)
    return Label(task, scores[task], answer.difficulty, "model", scores, (*first.opinions, _opinion(answer, known)))


def combined(first: Label, answer: Answer, known: Trust, cost: list[list[float]]) -> Label:
    """The task with the least expected cost by both opinions: `linear`'s chances times how likely the model's answer is
    under each task. `mode` says whose task it is."""
    scores = _scores(first, str(answer.task), known)
    task = TASKS[decide([scores[task] for task in TASKS], cost)]
    opinions = (*first.opinions, _opinion(answer, known))
    if task == answer.task:
        return Label(task, scores[task], answer.difficulty, "model", scores, opinions)
    return Label(task, scores[task], first.difficulty, "linear", scores, opinions)


def _scores(first: Label, said: str, known: Trust) -> dict[str, float]:
    likely = known.likelihood(said)
    raw = {task: first.scores[task] * likely[task] for task in TASKS}
    total = sum(raw.values())
    return {task: value / total for task, value in raw.items()}


def _opinion(answer: Answer, known: Trust) -> Opinion:
    right = known.right
    confidence = trust.ASSUMED if right is None else right
    return Opinion("model", str(answer.task), confidence, answer.ms, answer.model, answer.outcome)
