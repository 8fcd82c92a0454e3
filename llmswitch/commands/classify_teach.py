"""`llmswitch classify --learn`, `--unlearn` and `--trust`: what the classifier learns on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from llmswitch.profile import Profile


def learn() -> None:
    """Learn from the corrections, show the before and after, and put it to use. Raises UsageError without any."""
    from llmswitch.classify import corrections, learning, taught

    given, outdated = corrections.corrections(), corrections.outdated()
    if not given:
        if outdated:
            raise UsageError(
                f"there is nothing to learn from: {_count(outdated)} of an earlier version, which looked at other features",
                hint="`llmswitch wrong TASK` corrects the last label",
            )
        raise UsageError("there is nothing to learn from yet", hint="`llmswitch wrong TASK` corrects the last label")
    outcome = learning.learn(given)
    lines = [_count(outcome.count) + (f", {outdated} more of an earlier version left out" if outdated else "")]
    if outcome.held_out_before is not None and outcome.held_out_after is not None:
        lines.append(f"right on corrections held out  {outcome.held_out_before:>4.0%} → {outcome.held_out_after:>4.0%}")
    else:
        lines.append("one correction alone can't be held out: nothing shows yet that others profit from it")
    lines.append(f"right on the shipped sample    {outcome.sample_before:>4.0%} → {outcome.sample_after:>4.0%}")
    taught.save(outcome.delta)
    lines.append("In use from now on; `llmswitch classify --unlearn` undoes it.")
    sys.stdout.write("\n".join(lines) + "\n")


def unlearn() -> None:
    """Undo the last --learn. Raises UsageError when nothing was taught."""
    from llmswitch.classify import taught

    back = taught.undo()
    if back is None:
        raise UsageError("nothing was taught")
    sys.stdout.write(f"back to {back}\n")


def trust(profile: Profile) -> None:
    """Ask the local model about prompts whose task is known, and remember how far it is to be trusted. Raises UsageError
    where the profile names none, NoCandidateError where none can be asked."""
    from llmswitch import classify
    from llmswitch.classify import model_trial
    from llmswitch.classify import trust as trusted
    from llmswitch.terminal.progress import Status

    model = classify.model_of(profile)
    if model is None:
        raise UsageError(
            f"the profile {profile.name} names no local model", hint="`[classifier] model = …` or `models = [...]` does"
        )
    rows = model_trial.sample()
    status = Status(sys.stderr, quiet=False)
    try:
        done = model_trial.trial(
            model, rows, lambda count: status.progress("asking the local model", count, len(rows), "prompts")
        )
    finally:
        status.clear()
    trusted.keep(done.model, done.trust.said or {})
    lines = [
        f"{done.model}: {done.right} of {done.asked} prompts right ({done.right / done.asked:.0%}), {done.median_ms:.0f} ms each",
        "These prompts were written for their task, which makes them easier than what people type.",
    ]
    if done.too_slow:
        lines.append(
            f"{done.too_slow} took longer than deadline_ms = {model.deadline_ms}: then `linear` decides alone."
        )
    if done.trust.why_not(done.model, None):
        lines.append("That is too little to be asked: in a cascade `linear` decides alone.")
    else:
        lines.append("From now on a cascade weighs what it says by what it said here.")
    sys.stdout.write("\n".join(lines) + "\n")


def _count(number: int) -> str:
    return f"{number} correction{'' if number == 1 else 's'}"
