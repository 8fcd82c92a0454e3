"""Every adapter, by name, in one dict. Third parties add theirs through the entry-point group `llmswitch.providers`."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

from llmswitch.catalog import ProviderSettings
from llmswitch.errors import ConfigError
from llmswitch.providers.base import Provider

ENTRY_POINT_GROUP = "llmswitch.providers"

ADAPTERS: dict[str, str] = {
    "anthropic": "llmswitch.providers.anthropic_messages:AnthropicProvider",
    "openai": "llmswitch.providers.openai_responses:OpenAIProvider",
    "openai-chat": "llmswitch.providers.openai_chat:OpenAIChatProvider",
    "ollama": "llmswitch.providers.ollama_chat:OllamaProvider",
    "openrouter": "llmswitch.providers.openrouter:OpenRouterProvider",
    "gemini": "llmswitch.providers.gemini:GeminiProvider",
    "claude-code": "llmswitch.providers.claude_code:ClaudeCodeProvider",
    "codex": "llmswitch.providers.codex:CodexProvider",
    "embedded": "llmswitch.providers.embedded:EmbeddedProvider",
}

SDK: dict[str, str] = {
    "anthropic": "anthropic",
    "openai": "openai",
    "openai-chat": "openai",
    "openrouter": "openai",
    "gemini": "openai",
    "ollama": "ollama",
    "embedded": "xllamacpp",
}
"""The slow import behind an adapter, so that it can be started while the prompt is still being read."""


async def load(kind: str) -> None:
    """Do the slow import behind an adapter, so that it does not count as the provider's silence. An SDK that is missing
    is told by the adapter itself."""
    name = SDK.get(kind)
    if name and name not in sys.modules and find_spec(name) is not None:
        await asyncio.to_thread(import_module, name)


def build(settings: ProviderSettings) -> Provider:
    """The adapter for `settings.kind`. Raises ConfigError where nobody provides that kind."""
    target = ADAPTERS.get(settings.kind)
    if target is None:
        from importlib.metadata import entry_points  # slow, and only for a plug-in

        for entry in entry_points(group=ENTRY_POINT_GROUP):
            if entry.name == settings.kind:
                try:
                    adapter: type[Provider] = entry.load()
                except (ImportError, AttributeError) as error:
                    raise ConfigError(f"the plug-in {entry.value} can't be loaded: {error}") from error
                return adapter(settings)
        known = ", ".join(sorted(ADAPTERS))
        raise ConfigError(
            f"provider {settings.name!r} has the unknown kind {settings.kind!r}", hint=f"known kinds: {known}"
        )
    module, _, name = target.partition(":")
    built: Provider = getattr(import_module(module), name)(settings)
    return built
