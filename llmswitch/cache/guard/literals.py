"""Find what must be equal to the letter: code, quoted text, addresses, paths, file names, flags, versions, numbers, symbols."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Sort = Literal["code", "quoted", "number", "name", "symbol", "word", "gap"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a prompt. `word`: letters still to be read; `gap`: punctuation; anything else is literal."""

    sort: Sort
    text: str


_CJK = "\u3040-\u30ff\u3400-\u9fff々〆ヶー"
_LATIN = "A-Za-z\u00c0-\u024f"

_PATTERN = re.compile(
    rf"""
    (?P<code>```.*?(?:```|\Z) | `[^`\n]+`)
  | (?P<quoted>"[^"\n]*" | “[^”\n]*” | 「[^」\n]*」 | 『[^』\n]*』 | (?<![\w'])'[^'\n]+'(?!\w))
  | (?P<name>
        [a-z]+://[^\s"'<>{_CJK}]+                                  # an address
      | [\w.+-]+@[\w-]+\.[\w.]+                                      # mail
      | (?<![\w/])(?:~|\.{{1,2}})?/(?!/)(?:[\w.*?+%@{{}}$\[\]~-]+/?)*     # /usr, ~/x, ./y, /
      | (?<![\w-])--?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?![{_LATIN}])  # -r, --long-flag
      | [$%][A-Za-z_]\w* | \$\{{\w+\}} | \#\d+
      | (?<![\w.*?\[\]-])(?=[\w.\[\]-]*[*?][\w*?.\[\]-]*[\w*\]])[\w*?.\[\]-]+  # globs
      | \*
      | (?<![\w.])\.[A-Za-z]\w*                                      # .gitignore, .txt
      | [A-Za-z_][\w]*(?:(?:\.|::|->)[A-Za-z_0-9*][\w*-]*)+          # a.b, file.txt, C::d
      | [A-Za-z0-9]*_[A-Za-z0-9_]*                                   # snake_case
      | [A-Za-z][a-z0-9]+(?:[A-Z][a-z0-9]*)+                         # camelCase
      | [A-Za-z]+[+\#]+(?!\w)                                        # C++, C#
      | [A-Za-z]+\d\w*                                               # dir1, sha256
      | [vV]?\d+(?:\.\d+){{2,}}[\w.-]*                               # 1.2.3-rc1
      | \d{{1,4}}[-/]\d{{1,2}}[-/]\d{{1,4}}                          # a date
      | \d+/\d+
    )
  | (?P<time>\d{{1,2}}(?::\d\d)?\s?[AaPp]\.?[Mm]\b\.?)
  | (?P<number>(?<![\w)\]-])-?[$€£¥]?\.?\d[\d,]*(?:\.\d+)?(?::\d\d(?::\d\d)?)?(?:st|nd|rd|th|[A-Za-z%°]+\d*|[€£$¥])?)
  | (?P<digits>\d[\d.,]*\w*)
  | (?P<word>[{_LATIN}]+(?:['’][{_LATIN}]+)* | ['’](?:s|re|ve|ll|d|m|t)\b | [{_CJK}]+)
  | (?P<symbol>!(?=[\w(=]) | [+=<>|&^@\#\\§°€£¥$%{{}}\[\]~/-]+)
  | (?P<foreign>(?u:\w)+)                                            # any other script
  | (?P<gap>[^\w\s])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,  # a name ends where Japanese begins
)


_HYPHENED = re.compile("-[a-z]{3,}")


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of `text` in order, after compatibility forms (full width, ligatures) became plain ones. Of several lines,
    those that look like code are literal as a whole, with their indentation."""
    prose: list[str] = []
    for fenced, block in _blocks(text):
        if fenced or ("\n" in text and _CODE_LINE.search(block)):
            yield from _prose("\n".join(prose))
            prose = []
            yield Piece("code", block.rstrip())
        else:
            prose.append(block)
    yield from _prose("\n".join(prose))


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Fenced blocks as they are (True), and the lines between them (False)."""
    for number, part in enumerate(_FENCE.split(text)):
        if number % 2:
            yield True, part
        else:
            yield from ((False, line) for line in part.split("\n"))


_FENCE = re.compile(r"```[^\n]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_CODE_LINE = re.compile(
    r"^(?:\s{2,}|\t)\S|[{};]\s*$|[\w)\]]\s*[=<>+*|&^!-]?=\s*\S|^\s*[#<@>$|]|\w\(.*\)|^\s*(?:def|class|import|from|return)\s"
)


def _prose(text: str) -> Iterator[Piece]:
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    before = ""
    for match in _PATTERN.finditer(plain):
        sort, found = match.lastgroup, match.group()
        if sort == "name" and before == "number" and _HYPHENED.fullmatch(found):
            sort, found = "word", found[1:]  # 400 -level
        before = sort or ""
        if sort in ("code", "quoted"):
            yield Piece("code" if sort == "code" else "quoted", found.strip("`\"'“”「」『』").strip())
        elif sort == "name":
            yield Piece("name", found.rstrip(".,;:?!"))
        elif sort == "time":
            yield Piece("number", found.replace(".", "").replace(" ", "").lower().lstrip("0"))
        elif sort in ("number", "digits"):
            yield Piece("number", found.rstrip(",").lower())
        elif sort == "symbol":
            yield Piece("gap" if found in ("-", "/", "--", "&") else "symbol", found)
        elif sort == "gap":
            yield Piece(
                "symbol" if unicodedata.category(found) in ("So", "Sk", "Sm") and found != "`" else "gap", found
            )
        elif sort in ("word", "foreign"):
            yield Piece("word", found)
