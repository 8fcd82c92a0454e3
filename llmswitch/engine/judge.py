"""Whether a complete answer is what was asked for, by what can be checked without another model. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

from llmswitch.conversation import FinishReason

CODE_TASKS = frozenset({"implement", "bugfix", "test", "refactor", "quickfix"})
REFUSAL_LENGTH = 400
"""A refusal is short; a long text that begins with an apology is an answer."""

_FENCE = re.compile(
    r"^(?P<mark>```+|~~~+)[ \t]*(?P<language>[\w+-]*)[^\n]*\n(?P<body>.*?)^(?P=mark)[ \t]*$", re.DOTALL | re.MULTILINE
)
_OPENING = re.compile(r"^(?:```+|~~~+)", re.MULTILINE)
_REFUSAL = re.compile(
    r"^\W*(?:I(?:'m| am) (?:sorry|unable|not able)|I can(?:no|')t (?:help|assist|do|provide)|As an AI|Sorry, (?:but )?I"
    r"|申し訳|すみませんが|お手伝いできません|対応できません|お答えできません)",
    re.IGNORECASE,
)


def complaint(text: str, finish: FinishReason | str | None, task: str) -> str | None:
    """Why the answer is not up to the task, or None."""
    if finish == "length":
        return "it was cut off at the token limit"
    if finish == "refusal" or (len(text) < REFUSAL_LENGTH and _REFUSAL.search(text)):
        return "it refuses"
    if len(_OPENING.findall(text)) % 2:
        return "a code block is not closed"
    if task in CODE_TASKS:
        return next((problem for language, body in code_blocks(text) if (problem := _syntax(language, body))), None)
    return None


def code_blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language in lower case, body) of each fenced block."""
    for found in _FENCE.finditer(text):
        yield found["language"].lower(), found["body"]


def _syntax(language: str, body: str) -> str | None:
    """The first syntax error of `body`, for the languages that the standard library can parse. An excerpt with an
    ellipsis or a prompt (`>>>`) is not a program and is left alone."""
    try:
        match language:
            case "python" | "py" if not re.search(r"^\s*(?:\.\.\.|>>>|…)", body, re.MULTILINE):
                import ast

                ast.parse(body)
            case "json":
                json.loads(body)
            case "toml":
                tomllib.loads(body)
    except (SyntaxError, ValueError) as error:
        return f"its {language} does not parse ({str(error).splitlines()[0]})"
    except RecursionError:
        return None  # too deep to judge here
    return None
