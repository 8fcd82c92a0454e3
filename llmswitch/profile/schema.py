"""Every key a profile may have, with its type and meaning. Validation, `docs/profiles.md` and the environment layer read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from llmswitch.tasks import MEANING, TASKS

Kind = Literal[
    "text", "int", "number", "bool", "texts", "table", "money", "route", "share", "limits", "tasks", "prices",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it holds, what it means, what it is when left out."""

    kind: Kind
    doc: str
    default: Any = None
    choices: tuple[str, ...] = ()
    required: bool = False
    sensitive: bool = False
    """A command, a URL, a key source or a path: never taken from an untrusted project file."""


TOP: dict[str, Key] = {
    "description": Key("text", "One line for `profile list`."),
    "extends": Key("text", "A shipped profile whose values this one starts from."),
    "profile": Key("text", "The profile to use when no flag and no variable names one (user and project files only)."),
    "baseline": Key(
        "text",
        "The model that savings are measured against, as a provider's id at list price.",
        "anthropic/claude-opus-4-6",
    ),
    "history": Key("bool", "Keep prompts and answers of sessions in the ledger.", default=False),
}

_TIMEOUTS: dict[str, Key] = {
    "connect_s": Key("number", "Seconds until a connection stands.", 10.0),
    "first_token_s": Key("number", "Seconds until the first content of the answer.", 120.0),
    "idle_s": Key("number", "Seconds between two pieces of the answer.", 60.0),
    "total_s": Key("number", "Seconds for one attempt in all.", 600.0),
}

_LIMITS: dict[str, Key] = {
    "day_usd": Key("money", "Cash a day."),
    "week_usd": Key("money", "Cash a week, from Monday."),
    "month_usd": Key("money", "Cash a calendar month."),
}
ON_EXCEED = (
    "What happens to a call whose worst case goes beyond what is left: `warn` makes it and says so; `free-only` passes "
    "it over and goes on with what costs nothing (a plan, a free tier, this machine); `block` passes it over and lets "
    "nothing free take its place."
)

SECTIONS: dict[str, dict[str, Key]] = {
    "classifier": {
        "mode": Key(
            "text",
            "`linear` (embedded), `model` (a local model through Ollama), or `cascade`: the model only when `linear` is unsure.",
            "cascade",
            ("linear", "model", "cascade"),
        ),
        "model": Key("text", "The model entry asked for a label; it must be one behind Ollama."),
        "models": Key(
            "texts", "Ollama ids tried instead when `model` is not installed: the first installed one is taken.", ()
        ),
        "deadline_ms": Key("int", "How long the model may take; then the answer of `linear` stands.", 1500),
        "threshold": Key("share", "`cascade` asks the model when the confidence of `linear` is below this.", 0.55),
        "longcontext_tokens": Key("int", "From this many estimated tokens a prompt is `longcontext`.", 120_000),
    },
    "routes": {
        "default": Key("route", "Models for a task that has no route of its own."),
        **{task: Key("route", MEANING[task].capitalize() + ".") for task in TASKS},
    },
    "fallback": {"chain": Key("texts", "Models tried, in order, after a route's own.", ())},
    "timeouts": _TIMEOUTS,
    "cache": {
        "store": Key(
            "text",
            "Where answers are kept for repeats: `disk`, `redis`, or `off`. Left out, a `history = false` turns it off.",
            "disk",
            ("disk", "redis", "off"),
        ),
        "embedder": Key(
            "text",
            "What turns prompts into vectors: `light` (built in), `ollama:MODEL` such as `ollama:nomic-embed-text`, "
            "`sentence-transformers:NAME_OR_PATH`, or `none` (only exact repeats are served).",
            "light",
            sensitive=True,
        ),
        "threshold": Key(
            "share", "Cosine similarity from which two prompts are compared further; left out: the embedder's own."
        ),
        "max_error": Key("share", "The share of wrong answers that doubtful hits may add up to.", 0.01),
        "judge": Key(
            "text",
            "An Ollama model, by its id, that is asked whether a doubtful repeat wants the same answer; left out: a doubt is not "
            "served.",
        ),
        "ttl_s": Key("int", "Seconds an answer is kept; 0 keeps none.", 86_400),
        "limit_mb": Key("int", "The most the store may hold; what was not used for the longest time goes first.", 512),
        "deadline_ms": Key("int", "The longest that the cache may hold an answer up; then it comes without it.", 3000),
        "path": Key("text", "The folder of the `disk` store; left out: `llmswitch cache path`.", sensitive=True),
        "url": Key("text", "Where Redis is.", sensitive=True),
        "tasks": Key(
            "tasks", "Whether a task's answers are kept: `[cache.tasks] review = false`. Left out: all but `agentic`."
        ),
    },
    "ledger": {
        "retain_days": Key(
            "int",
            "Calls that are older than so many days (at least 62) are reduced to their sums, and old sessions go; left out: "
            "everything is kept. docs/ledger.md says what stays.",
        ),
        "url": Key(
            "text",
            "A PostgreSQL database that several machines share, as in `postgresql://db.example/llmswitch`. Only your own "
            "`config.toml` and `LLMSWITCH_LEDGER_URL` may say it; the password belongs into `~/.pgpass` or `PGPASSWORD`.",
            sensitive=True,
        ),
    },
    "budget": {
        **_LIMITS,
        "on_exceed": Key("text", ON_EXCEED, "warn", ("warn", "block", "free-only")),
        "project": Key("limits", "Limits of one project: `[budget.project.NAME] day_usd = 5`; keys as here."),
        "task": Key("limits", "Limits of one task: `[budget.task.review] month_usd = 3`."),
        "model": Key("limits", "Limits of one model entry: `[budget.model.opus] week_usd = 10`."),
        "provider": Key("limits", "Limits of one provider: `[budget.provider.openrouter] month_usd = 15`."),
    },
    "escalate": {
        "enabled": Key(
            "bool", "Let a stronger model take over where a local one is not up to the task.", default=False
        ),
        "to": Key(
            "texts", "Models an escalation goes to; left out: the first model of a stronger tier on the way.", ()
        ),
        "from_tier": Key("int", "Only answers of models of this tier or a weaker one are judged.", 3),
        "buffer": Key("bool", "Hold a local answer back until it is judged (it no longer streams).", default=False),
        "difficulty": Key(
            "texts", "Difficulties for which models of that tier are passed over before the call.", ("hard",)
        ),
    },
    "hooks": {
        "deadline_s": Key("number", "Seconds a git hook may take in all; then git goes on without it.", 10.0),
        "push_deadline_s": Key("number", "Seconds that pre-push may take; left out: `deadline_s`."),
        "style": Key(
            "text",
            "How commit messages are written and what commit-msg holds them to: as the repository's last commits are "
            "(`auto`), Conventional Commits, or plain sentences.",
            "auto",
            ("auto", "conventional", "plain"),
        ),
        "language": Key(
            "text", "The language of messages, such as `en` or `Japanese`; left out: that of the last commits."
        ),
        "subject_length": Key("int", "The longest subject line, in characters.", 72),
        "check": Key(
            "text",
            "What commit-msg does about a poor message: `advise` says so, `block` stops the commit, `off` looks away.",
            "advise",
            ("advise", "block", "off"),
        ),
        "offer": Key(
            "bool", "Whether commit-msg, where it has something to say, offers a better message.", default=True
        ),
        "block_on": Key(
            "text",
            "pre-push stops the push at a finding of this severity or a worse one.",
            "off",
            ("off", "low", "medium", "high", "critical"),
        ),
        "note": Key(
            "bool",
            "Whether post-commit keeps which model wrote a message, and its cost, as a git note (`refs/notes/llmswitch`).",
            default=True,
        ),
        "secrets": Key(
            "text",
            "What a secret in what would be sent means: `local` asks only models on this machine, `stop` asks none.",
            "local",
            ("local", "stop"),
        ),
        "model": Key(
            "text", "The model that writes messages, reviews and descriptions; left out: the route of the task."
        ),
        "diff_tokens": Key("int", "How much of a diff is sent, in tokens, shared fairly over its files.", 12_000),
        "summarize": Key(
            "bool", "Whether the files of a diff far beyond `diff_tokens` are summed up one by one first.", default=True
        ),
    },
}

TABLES: dict[str, dict[str, Key]] = {
    "models": {
        "provider": Key("text", "Who serves it: a provider's name.", required=True),
        "model": Key("text", "The provider's own id of the model.", required=True),
        "tier": Key("int", "0 the strongest … 4 the cheapest.", 2),
        "context": Key("int", "Its context window, in tokens.", 128_000),
        "max_output": Key("int", "The most tokens it may answer with."),
        "images": Key("bool", "Whether it reads images.", default=False),
        "plan": Key("text", "The plan that covers its calls."),
        "free": Key("bool", "Calls cost nothing (a free tier).", default=False),
        "local": Key("bool", "It runs on this machine; left out: true behind `ollama` and `embedded`."),
        "price": Key(
            "prices",
            "Dollars for a million tokens, over the price list: `{ input, output, cache_read, cache_write, cache_write_1h, "
            "reasoning }`, `request` for each call; `from = 2026-11-01`: from that day (UTC) on; `above = 200_000`: for "
            "larger prompts. Several: a list of such tables.",
        ),
        "note": Key("text", "A line for people."),
        "options": Key(
            "table", "The adapter's own: `path` (embedded: a GGUF file), `keep_alive` (ollama) …", sensitive=True
        ),
    },
    "providers": {
        "kind": Key(
            "text", "The adapter: one of the shipped ones, or of an installed plug-in; left out: the provider's name."
        ),
        "base_url": Key("text", "Where it is.", sensitive=True),
        "api_key_env": Key("text", "The environment variable that holds the key.", sensitive=True),
        "api_key_cmd": Key("text", "A command that prints the key.", sensitive=True),
        "key_required": Key("bool", "Whether calls need a key; left out: true only where a key source is named."),
        "price_id": Key("text", "Its id in the price list, where it is not the provider's name."),
        "headers": Key("table", "Headers sent with each request.", sensitive=True),
        "timeouts": Key("table", "As `[timeouts]`, for this provider."),
        "options": Key("table", "The adapter's own.", sensitive=True),
    },
    "plans": {
        "fee_usd": Key("money", "Its monthly fee.", required=True),
        "reserve": Key("share", "The share of each quota window that is kept for the tasks below.", 0.0),
        "reserved_for": Key("texts", "Tasks the reserve is kept for.", ()),
    },
}

BUDGET_LIMITS: dict[str, Key] = {
    **_LIMITS,
    "on_exceed": Key(
        "text", "As in `[budget]`, which holds where it is left out.", None, ("warn", "block", "free-only")
    ),
}
"""The keys of a `[budget.SCOPE.NAME]`."""

PRICE_KEYS = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "request", "from", "above",
)  # fmt: skip
ROUTE_KEYS = ("easy", "normal", "hard", "otherwise")

PROJECT_MAY_SET = (
    "description",
    "profile",
    "routes",
    "fallback",
    "classifier.mode",
    "classifier.threshold",
    "history",
    "hooks.style",
    "hooks.language",
    "hooks.subject_length",
)
"""What an untrusted project file may hold; names it uses must be defined by the user's own layers."""
