"""What one typical prompt of each task costs at list price under the default profile."""

from __future__ import annotations

from datetime import UTC, datetime

from llmswitch.ledger.prices import estimate
from llmswitch.profile import load_profile
from llmswitch.tasks import TASKS

TOKENS_IN, TOKENS_OUT = 2_000, 800


def money_by_task() -> dict[str, float]:
    """Dollars, by the first model of the task's route; what a plan covers counts at list price, local models cost 0."""
    profile = load_profile("default", project=False)
    now = datetime.now(UTC)
    result: dict[str, float] = {}
    for task in TASKS:
        model = profile.model(profile.route(task).models()[0])
        cost = estimate(model, profile.providers[model.provider], TOKENS_IN, TOKENS_OUT, now)
        result[task] = 0.0 if model.local else float(cost.imputed or cost.usd or 0)
    return result
