"""Tell a person's words from what was pasted among them: code, diffs, logs, tracebacks, quoted tickets."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

HEAD, TAIL = 1500, 1500
"""Characters of a long text that are looked at, from its beginning and its end."""

_CODE_LINE = r"""^\s*(?:
      [{}()\[\];,]+\s*$
    | (?:diff\ --git|index\ [0-9a-f]{6,}|---\ \S|\+\+\+\ \S|@@\ )
    | [+-]\s{0,12}\S.*[{};:,)=]\s*$
    | (?:import|from)\ [\w.{"'*]+.*(?:import|from|;|$)
    | (?:def|class|fn|func|function|interface|struct
      |enum|impl|trait|module|package|namespace|type|export|public|private|protected
      |static|async|const|let|var|val|return|if|elif|else
      |for|while|switch|case|try|except|catch|finally
      |with|using|defer|go|match|use|mod|pub|end|begin|do|then|fi|done|echo|assert|raise|throw|yield|await|print|puts|require|include
      |SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WHERE|GROUP\ BY|ORDER\ BY|LEFT\ JOIN|JOIN)\b(?:.*[{}();=<>\\]|.*:\s*$)
    | \#(?:include|define|ifdef|ifndef|endif|!)
    | (?:@\w+(?:\(.*\))?|//|/\*|\*/|\#\ ?-|<!--|--\ ).*$
    | </?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>.*$
    | ["'][\w.$@/-]+["']\s*:\s*\S.*$
    | [\w.$\[\]"'-]+\s*(?:[-+*/|&]?=|:=|=>|->|<-)\s*\S.*$
    | [\w.$]+\(.*\)\s*[;{:,]?\s*$
    | .*[;{}]\s*$
    | [A-Za-z_][\w.-]*:\s*(?:\||>|\[.*|\{.*|"[^"]*"|\d[\d.]*|true|false|null)?\s*$
    )"""
_LOG_LINE = r"""^\s*(?:
      \[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d
    | \[?\d\d:\d\d:\d\d
    | \[?(?:INFO|WARN|WARNING|ERROR|DEBUG|FATAL|TRACE|E|W)[\]:\ ]\s*\S
    | Traceback\ \(most\ recent
    | File\ ".+",\ line\ \d+
    | at\ [\w.$<>\[\] ]+\s?\(.*\)
    | at\ \S+:\d+
    | (?:\w+\.)*\w*(?:Error|Exception|Warning|Panic)\b:?(?:\s|$)
    | \S+\.\w{1,5}:\d+(?::\d+)?[:\s]
    | [$%>]\s\S+
    | (?:npm|yarn|pip|error|warning|fatal|panic|thread|goroutine|Caused\ by|E\ \ )\b.*[:!\d\]]
    | \d+\ (?:passed|failed|error)
    | [✓✕✗✘×●]\s
    | (?:PASS|FAIL|FAILED|ok|not\ ok)\s+\S
    | \|.*\|\s*$
    | \d+\s*\|
    )"""
_QUOTED_LINE = r"^\s*[>|]\s?\S"
WORDS = 5
"""Words in a row that make a line a sentence."""
_SENTENCE = rf"(?:\b[A-Za-z][a-z']*[,.)]{{0,2}} \(?){{{WORDS}}}"
_ENDS = ("。", "！", "？", "!", "?")
_MARKUP = " \t\n#*-・>.。"
_ROLES = (
    "you are", "act as", "as a", "as an", "i want you to act", "hi ", "hello", "hey", "あなたは", "役割", "目的", "背景", "前提",
    "お世話", "お疲れ",
)  # fmt: skip
EDGE = 600
SHORT = 7
LONGEST = 160
_FENCE = r"^\s*(?:```|~~~|\"\"\"|''')"
_JAPANESE = r"[ぁ-ゖァ-ヺ一-鿿]"


class Parts(NamedTuple):
    """A request taken apart. `prose` the person's words; `paste` the rest; `fenced`, `code_lines`, `log_lines` and
    `quoted_lines` count what the paste is made of; `length` is that of the whole request, in characters."""

    prose: str
    paste: str
    fenced: int
    code_lines: int
    log_lines: int
    quoted_lines: int
    length: int


@cache
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compiled when a prompt first needs it: most are one line of prose, and all of them take 20 ms."""
    return re.compile(pattern, flags)


def cut(text: str) -> str:
    """The beginning and the end of a long text."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + "\n" + text[-TAIL:]


def take_apart(request: str) -> Parts:
    """The parts of `request`. One line alone is always prose, unless it is plainly an error or a diff."""
    text = cut(request)
    if "\n" not in text:
        reported = len(text) < 400 and compiled(_LOG_LINE, re.VERBOSE).match(text) is not None
        return Parts(text, "", 0, 0, int(reported), 0, len(request))
    prose: list[str] = []
    paste: list[str] = []
    counts = [0, 0, 0, 0]  # fenced, code, log, quoted
    inside = False
    for line in text.split("\n"):
        if compiled(_FENCE).match(line):
            inside = not inside
            counts[0] += 1
            continue
        kind = 0 if inside else _kind(line)
        if kind is None:
            prose.append(line)
        else:
            counts[kind] += 1
            paste.append(line)
    fenced, code, log, quoted = counts
    return Parts("\n".join(prose), "\n".join(paste), fenced, code, log, quoted, len(request))


def headline(prose: str) -> str:
    """The sentences a request most likely stands in: the first that is no greeting, role or heading, and the last."""
    said = [one.strip(_MARKUP) for one in split(prose[:EDGE])]
    first = next((one for one in said if len(one) > SHORT and not one.lower().startswith(_ROLES)), None)
    if first is None:
        return prose.strip()[:LONGEST]
    last = split(prose[-LONGEST:].rstrip(_MARKUP))[-1].strip(_MARKUP)
    if last == first or len(prose) < EDGE // 2 or not last:
        return first[:LONGEST]
    return f"{first[:LONGEST]}\n{last}"


def split(text: str) -> list[str]:
    """`text` cut at line ends and after the marks that end a sentence. (Five times as fast as a regular expression.)"""
    for mark in _ENDS:
        if mark in text:
            text = text.replace(mark, mark + "\n")
    if ". " in text:
        text = text.replace(". ", ".\n")
    return text.split("\n")


def sentences(text: str) -> list[str]:
    """The sentences and lines of `text`, with more than a letter or two."""
    return [one for one in split(text) if len(one.strip()) > 1]


def _kind(line: str) -> int | None:
    """1 code, 2 log, 3 quoted, None prose (a Japanese sentence is prose whatever its brackets)."""
    if not line or line.isspace():
        return None
    line = line[:400]
    if compiled(_QUOTED_LINE).match(line) and not line.lstrip().startswith("|"):
        return 3
    if compiled(_LOG_LINE, re.VERBOSE).match(line):
        return 2
    if line[0] in " \t" and len(line) - len(line.lstrip()) >= 4 and not _japanese(line):
        return 1
    if line.count(" ") >= WORDS and compiled(_SENTENCE).search(line):
        return None
    if compiled(_CODE_LINE, re.VERBOSE).match(line) and not (_japanese(line) and line.rstrip()[-1] not in ";{}),>"):
        return 1
    return None


def _japanese(line: str) -> bool:
    return not line.isascii() and compiled(_JAPANESE).search(line) is not None
