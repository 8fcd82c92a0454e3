"""A provider that answers with the prompt: the smallest one there can be."""

from collections.abc import AsyncIterator

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Event, Finish, Request, TextDelta, Usage, UsageReport
from llmswitch.errors import BadRequestError


class EchoProvider:
    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings  # base_url, api_key_env, options … as the profile has them

    def missing(self, model: Model) -> str | None:
        """Why `model` can't be tried now, without a call; here it always can."""
        return None

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        words = request.messages[-1].text.split()
        if not words:  # every failure is one of llmswitch.errors: its class decides what is tried next
            raise BadRequestError("there is nothing to echo", provider=self.settings.name, model=model.model)
        for word in words:
            yield TextDelta(f"{word.upper()} ")
        yield UsageReport(Usage(input_tokens=len(words), output_tokens=len(words)), raw={"words": len(words)})
        yield Finish("stop")  # always the last event

    async def aclose(self) -> None:
        """Close connections; here there are none."""
