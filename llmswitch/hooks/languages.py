"""Which language a line is in, as far as its script tells, and languages by name."""

from __future__ import annotations

import re

_KANA = re.compile("[\u3041-\u30fa]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")

NAMES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
}


def language_of(line: str) -> str | None:
    """`Japanese`, `Korean`, `Chinese`, `Russian`, or None for a script that many languages share."""
    for language, script in (("Japanese", _KANA), ("Korean", _HANGUL), ("Chinese", _HAN), ("Russian", _CYRILLIC)):
        if script.search(line):
            return language
    return None


def named(code: str) -> str:
    """The language of a code (`ja`, `pt-BR`); anything else is taken for a name and stays as it is."""
    return NAMES.get(code.lower().partition("-")[0].partition("_")[0], code)
