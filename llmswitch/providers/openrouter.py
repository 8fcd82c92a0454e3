"""OpenRouter: Chat Completions with its own bill. `usage.cost` is what is owed, to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from llmswitch.catalog import Model
from llmswitch.conversation import CostReport, Request
from llmswitch.providers.openai_chat import OpenAIChatProvider


class OpenRouterProvider(OpenAIChatProvider):
    """The adapter of kind `openrouter`."""

    url_variable: ClassVar[str] = "OPENROUTER_BASE_URL"
    default_url: ClassVar[str] = "https://openrouter.ai/api/v1"
    own_headers: ClassVar[Mapping[str, str]] = {"HTTP-Referer": "llmswitch", "X-Title": "llmswitch"}

    def arguments(self, request: Request, model: Model) -> dict[str, Any]:
        body = super().arguments(request, model)
        ours: dict[str, Any] = {"usage": {"include": True}}
        if request.thinking:
            ours["reasoning"] = {"enabled": True}
        return {**body, "extra_body": {**ours, **body.get("extra_body", {})}}

    def cost_of(self, raw: Mapping[str, Any]) -> CostReport | None:
        """The figure as a decimal string. With a key of the user's own (BYOK) OpenRouter charges nothing: then the bill
        is what the provider behind it charges."""
        cost = _exact(raw.get("cost"))
        details = raw.get("cost_details")
        upstream = _exact(details.get("upstream_inference_cost")) if isinstance(details, Mapping) else None
        owed = upstream if not cost and upstream else cost
        return None if owed is None else CostReport(format(owed, "f"))


def _exact(value: object) -> Decimal | None:
    """A JSON number without the float's artefacts: its shortest form is the one that was sent."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
