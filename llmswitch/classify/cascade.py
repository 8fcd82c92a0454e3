"""`linear` first; the local model only where `linear` is unsure. Both opinions stay on the label."""

from __future__ import annotations

from dataclasses import dataclass

from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.linear import Linear
from llmswitch.classify.local_model import Answer, LocalModel
from llmswitch.tasks import TASKS

ASSUMED_ACCURACY = 0.75
"""How often the local model is taken to be right: it was not measured, so the value is cautious."""
ALWAYS = 2.0
"""A threshold that no confidence reaches: mode `model`."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """Asks `model` when the confidence of `linear` is below `threshold`. Without an answer `linear` stands, and the
    opinion of the model says why in its note."""

    linear: Linear
    model: LocalModel | None
    threshold: float

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label; never raises for any text."""
        first = self.linear.label(request, attachment, tokens)
        if first.mode == "size" or first.confidence >= self.threshold:
            return first
        if self.model is None:
            return _with(first, Opinion("model", first.task, 0.0, 0.0, "no local model is configured"))
        answer = self.model.ask(request, attachment)
        if answer.task is None:
            return _with(first, Opinion("model", first.task, 0.0, answer.ms, answer.reason))
        return combine(first, answer)


def combine(first: Label, answer: Answer) -> Label:
    """The model's task, with the chance it has given both: `linear`'s chances times how likely the model's answer is
    under each task."""
    others = (1 - ASSUMED_ACCURACY) / (len(TASKS) - 1)
    raw = {task: first.scores[task] * (ASSUMED_ACCURACY if task == answer.task else others) for task in TASKS}
    total = sum(raw.values())
    scores = {task: value / total for task, value in raw.items()}
    task = str(answer.task)
    opinion = Opinion("model", task, ASSUMED_ACCURACY, answer.ms, answer.model)
    return Label(task, scores[task], answer.difficulty, "model", scores, (*first.opinions, opinion))


def _with(label: Label, opinion: Opinion) -> Label:
    return Label(label.task, label.confidence, label.difficulty, label.mode, label.scores, (*label.opinions, opinion))
