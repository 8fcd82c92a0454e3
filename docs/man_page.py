"""llmswitch(1), from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from llmswitch.cli import build
from llmswitch.errors import EXIT_MEANING

FILES = (
    (
        "~/.config/llmswitch/config.toml",
        "Your own values over a shipped profile; profiles/NAME.toml beside it are profiles of yours.",
    ),
    (".llmswitch.toml", "A project's own routes; more only after `llmswitch profile trust`."),
    (
        "~/.local/share/llmswitch/ledger.db",
        "The ledger, an SQLite file; `llmswitch ledger path` says where it really is.",
    ),
)
ENVIRONMENT = (
    ("LLMSWITCH_PROFILE", "The profile, as -P does."),
    ("LLMSWITCH_LEDGER", "The ledger's file."),
    ("LLMSWITCH_HOOK", "0 silences the git hooks."),
    ("LLMSWITCH_OFFLINE", "1 forbids fetching the embedded model."),
    ("ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY, GEMINI_API_KEY", "The providers' keys."),
    ("ANTHROPIC_BASE_URL, OPENAI_BASE_URL, OPENROUTER_BASE_URL, OLLAMA_HOST", "Where the providers are."),
    ("NO_COLOR", "Set and not empty: no colours."),
)
PROSE = (
    "Reads a prompt from its arguments, a pipe and files, labels its task, picks a model from a profile, streams the answer to "
    "standard output, falls back when a provider fails, and keeps the bill in a local ledger. Everything but the answer goes to "
    "standard error."
)


def man_page() -> str:
    """The page in man(7) macros."""
    root: Any = typer.main.get_command(build())
    lines = [
        '.TH LLMSWITCH 1 "" "llmswitch" "User Commands"',
        ".SH NAME",
        "llmswitch \\- dispatch prompts to language models",
    ]
    lines += [".SH SYNOPSIS", ".B llmswitch", "[OPTIONS] COMMAND [ARGS]...", ".SH DESCRIPTION", _text(PROSE)]
    lines += [".SH OPTIONS", *_options(root)]
    lines += [".SH COMMANDS", *_commands(root, "llmswitch")]
    lines += [".SH EXIT STATUS", *_tagged((str(int(code)), meaning) for code, meaning in EXIT_MEANING.items())]
    lines += [".SH FILES", *_tagged(FILES), ".SH ENVIRONMENT", *_tagged(ENVIRONMENT)]
    lines += [".SH SEE ALSO", _text("git(1), the pages of docs/ in the source, `llmswitch COMMAND --help`")]
    return "\n".join(lines) + "\n"


def _commands(group: Any, above: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        path = f"{above} {name}"
        yield f".SS {_text(path)}"
        yield _text(" ".join((command.help or "").split()))
        yield from _options(command)
        if hasattr(command, "commands"):
            yield from _commands(command, path)


def _options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if getattr(parameter, "hidden", False):
            continue
        metavar = parameter.metavar or ""
        if parameter.param_type_name == "argument":
            names = metavar or parameter.name.upper()
        else:
            words = ", ".join([*parameter.opts, *parameter.secondary_opts])
            names = words if parameter.is_flag else f"{words} {metavar or parameter.type.name.upper()}"
        yield from _tagged([(names, " ".join((parameter.help or "").split()))])


def _tagged(rows: Any) -> Iterator[str]:
    for tag, text in rows:
        yield from (".TP", f".B {_text(tag)}", _text(text))


def _text(text: str) -> str:
    """Plain text as man(7) takes it."""
    safe = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")
    )
    safe = safe.replace("^", "\\(ha")
    safe = "".join(char if ord(char) < 128 else f"\\[u{ord(char):04X}]" for char in safe)
    return f"\\&{safe}" if safe.startswith(".") or not safe else safe
