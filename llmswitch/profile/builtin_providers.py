"""Providers every profile knows without naming them. A `[providers.NAME]` table changes one or adds another."""

from __future__ import annotations

from llmswitch.catalog import ProviderSettings, Timeouts

WHOLE_MESSAGES = Timeouts(first_token_s=300, idle_s=300, total_s=1_800)
"""For a client that prints messages whole instead of streaming them."""

BUILTIN_PROVIDERS: dict[str, ProviderSettings] = {
    settings.name: settings
    for settings in (
        ProviderSettings(
            "anthropic",
            kind="anthropic",
            base_url_env="ANTHROPIC_BASE_URL",
            api_key_env="ANTHROPIC_API_KEY",
            price_id="anthropic",
        ),
        ProviderSettings(
            "openai", kind="openai", base_url_env="OPENAI_BASE_URL", api_key_env="OPENAI_API_KEY", price_id="openai"
        ),
        ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST", key_required=False),
        ProviderSettings(
            "openrouter",
            kind="openrouter",
            base_url_env="OPENROUTER_BASE_URL",
            api_key_env="OPENROUTER_API_KEY",
            price_id="openrouter",
        ),
        ProviderSettings(
            "gemini", kind="gemini", base_url_env="GEMINI_BASE_URL", api_key_env="GEMINI_API_KEY", price_id="google"
        ),
        ProviderSettings("claude-code", kind="claude-code", key_required=False, price_id="anthropic"),
        ProviderSettings("codex", kind="codex", key_required=False, price_id="openai", timeouts=WHOLE_MESSAGES),
        ProviderSettings("embedded", kind="embedded", key_required=False),
    )
}

LOCAL_KINDS = frozenset({"ollama", "embedded"})
"""Adapters whose models run on the user's own machine, so that no money can be owed."""
