"""What must be equal before one prompt's answer may serve another, and what is never kept. Pure, but for a look whether a
named file exists.

A scope is a digest of everything but the typed words: two prompts meet in the cache only within the same scope, and there
the words decide.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping

from llmswitch.cache.volatile import volatile
from llmswitch.conversation import Image, Request, ToolResult, ToolUse

VERSION = 1
"""Part of every digest: a change of what a scope holds leaves older entries behind."""
LONGEST_WORDS = 20_000
"""Characters of typed words beyond which nothing is kept: that long a text is a document, and hardly comes twice."""
LONGEST_ANSWER = 1_000_000

_SECRET = re.compile(
    r"(?i)\b(?:sk|rk|pk|gsk|xai|ghp|gho|glpat|hf|npm)[-_][\w-]{16,}|\bAIza[\w-]{30,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bbearer\s+[\w.~+/=-]{20,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
)
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3040-\u30ff\uff66-\uff9f]"),
    ("ko", r"[\uac00-\ud7af\u1100-\u11ff]"),
    ("zh", r"[\u3400-\u4dbf\u4e00-\u9fff]"),
    ("cyrillic", r"[\u0400-\u04ff]"),
    ("greek", r"[\u0370-\u03ff]"),
    ("hebrew", r"[\u0590-\u05ff]"),
    ("arabic", r"[\u0600-\u06ff]"),
    ("indic", r"[\u0900-\u0dff]"),
    ("thai", r"[\u0e00-\u0e7f]"),
)
_LETTER = re.compile(r"\w")


def scope_of(request: Request, words: str, attachment: str, *, task: str, models: Collection[str]) -> str:
    """The digest (32 hex digits) of all that is not the typed words. `models` are those that could answer, as
    `PROVIDER:ID`: an answer never serves a route that it could not have come from."""
    parts = {
        "version": VERSION,
        "task": task,
        "language": language_of(words),
        "system": request.system,
        "attachment": _digest(attachment),
        "images": [_digest(image.data) for image in _images(request)],
        "more": _beyond(request, words, attachment),
        "schema": request.schema,
        "max_output_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "stop": request.stop,
        "thinking": request.thinking,
        "models": sorted(models),
    }
    return _digest(json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str))[:32]


def uncacheable(
    request: Request, words: str, attachment: str = "", *, task: str = "", tasks: Mapping[str, bool] | None = None
) -> str | None:
    """Why this request is neither answered from the cache nor kept in it, or None. `tasks` are the profile's
    `[cache.tasks]`."""
    if not (tasks or {}).get(task, task not in NEVER_BY_DEFAULT):
        return f"[cache.tasks] {task} = false"
    if len(request.messages) != 1 or request.messages[0].role != "user":
        return "it is part of a conversation"
    if request.tools or any(isinstance(block, ToolUse | ToolResult) for block in request.messages[0].content):
        return "it may call tools"
    if len(words) > LONGEST_WORDS:
        return f"it is long ({len(words):,} characters; attached files may be)"
    attached = bool(attachment.strip()) or request.has_images
    if not attached and len(_LETTER.findall(words)) < 2:
        return "it is too short to say what is asked for"
    if looks_secret(words):
        return "it holds what looks like a key"
    return volatile(words, attached=attached, exists=os.path.exists)


NEVER_BY_DEFAULT = frozenset({"agentic"})
"""Tasks whose answers rest on the state of a whole repository: kept only where `[cache.tasks]` says so."""


def in_scope(scope: str, prompt_hash: str) -> str:
    """A hash of a prompt in its scope, for what is known of it without an entry."""
    return _digest(f"{scope}:{prompt_hash}")


def unfit_answer(text: str) -> str | None:
    """Why a complete answer is not kept, as far as its text says, or None."""
    if len(text) > LONGEST_ANSWER:
        return f"it is long ({len(text):,} characters)"
    if not text.strip():
        return "it is empty"
    return "it holds what looks like a key" if looks_secret(text) else None


def looks_secret(text: str) -> bool:
    """Whether a key or token seems to stand in it."""
    return _SECRET.search(text) is not None


def language_of(text: str) -> str:
    """The writing of the prompt: `ja` with any kana, else the first other script found, else `latin`. Languages of one
    script are told apart by the guard's words, not here."""
    return next((name for name, chars in _SCRIPTS if re.search(chars, text)), "latin")


def _beyond(request: Request, words: str, attachment: str) -> str | None:
    """A digest of what the request says beyond words and attachment: a template of some door around them. None: nothing."""
    text = request.messages[-1].text if request.messages else ""
    known = "\n\n".join(part for part in (words, attachment) if part.strip())
    return None if text == known else _digest(text)


def _images(request: Request) -> list[Image]:
    return [block for message in request.messages for block in message.content if isinstance(block, Image)]


def _digest(data: str | bytes) -> str:
    """The SHA-256 of it; of text in UTF-8, lone surrogates included."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()
