"""The task taxonomy: one label a prompt. `docs/tasks.md` defines each by examples at its borders."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """What the person wants to have in their hands when the answer is there."""

    DESIGN = "design"
    REFACTOR = "refactor"
    IMPLEMENT = "implement"
    BUGFIX = "bugfix"
    TEST = "test"
    REVIEW = "review"
    DOCS = "docs"
    QUICKFIX = "quickfix"
    RESEARCH = "research"
    AGENTIC = "agentic"
    LONGCONTEXT = "longcontext"
    CHAT = "chat"


TASKS: tuple[str, ...] = tuple(task.value for task in Task)

MEANING: dict[str, str] = {
    "design": "architecture and weighty decisions",
    "refactor": "restructuring existing code, behaviour kept",
    "implement": "everyday code: a feature, a script, a query",
    "bugfix": "something is broken: find out why, mend it",
    "test": "writing tests, or a plan for them",
    "review": "a judgement on existing code, a diff or a document",
    "docs": "documentation, comments, commit and PR text",
    "quickfix": "typo, rename, import, format: the result is already clear",
    "research": "look up, compare, survey",
    "agentic": "a long autonomous run of many steps over a repository",
    "longcontext": "reading a very large text whole (decided by size)",
    "chat": "everything else: questions, how-tos, small talk",
}
"""One line a label, for people and for a model that is asked to choose."""
