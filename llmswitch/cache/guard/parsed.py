"""What both languages are read into: items that carry meaning, in order, and marks that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["en", "ja"]


@dataclass(frozen=True, slots=True)
class Item:
    """One word or literal. `forms` are the lemmas it may be; `concept` what it stands for (a synonym's shared name, else
    the word); `role` the relation it stands in ("from", "to", "than" …; "" for none). `literal`: a number, name of a file,
    quoted or code text; such an item equals only itself. `name`: written like a proper name. `joined`: nothing stands
    between it and the item before; `listed`: an "and", "or" or comma does; `broken`: more than an article or a form of "be"
    does."""

    raw: str
    concept: str
    forms: frozenset[str]
    role: str = ""
    literal: bool = False
    name: bool = False
    joined: bool = False
    listed: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt, read. `marks` are meanings that aren't things: "not>exam", "only>root", "why", "past" …
    `asks`: a question for things (which, what …), for which a command to list them may stand."""

    language: Language
    items: tuple[Item, ...]
    marks: frozenset[str] = field(default_factory=frozenset)
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two prompts ask the same. `doubtful`: only ordinary words differ, which a table of ours doesn't know."""

    kind: Literal["same", "doubtful", "different"]
    reason: str
