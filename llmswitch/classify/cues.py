"""Cheap structural signs of what a prompt is: its shape, its opening and ending, what is pasted, how much is asked.

Each cue is a short name; `features` numbers the names like any n-gram. They carry what n-grams miss: form, and words
that mean the same."""

from __future__ import annotations

import re

from llmswitch.classify.lexicon import GREETINGS, JAPANESE_ENDINGS, JAPANESE_GREETINGS
from llmswitch.classify.meaning import meanings
from llmswitch.classify.prose import Parts, compiled

GREETING_WORDS = frozenset(GREETINGS.split())
_JAPANESE_GREETINGS = tuple(JAPANESE_GREETINGS.split())
_DIGIT = re.compile(r"\d")
_MANY = (
    r"\d\d+,?\d* +(?:file|repo|package|service|test|module|issue|ticket|site|host|server|page|component|table|place|"
    r"endpoint|class|function|error|warning|node|customer|branch|job|script)"
    r"|\d+ ?(?:個|件|本|台|ファイル|リポ|箇所|サービス|ページ|画面|社|店|人)"
)
_SIZE = (
    r"\d[\d,.]* ?(?:k|m|mb|gb|thousand|million)? ?(?:lines?\b|loc\b|pages?\b|tokens?\b|words?\b|mb\b)"
    r"|\d[\d,]* ?[万千]? ?(?:行|ページ|文字|トークン|MB)"
)
_WHOLE = (
    r"(?:whole|entire|full|complete|all of the|all the) (?:\w+ )?(?:repo|code ?base|log|file|book|document|thread|history|dump|"
    r"transcript|source|tree|spec|pdf|manual|archive|export)|全文|ログ全部|全体を読|丸ごと|まるごと|ソース全|全部読|すべて読|全て読|通読|読み込んで|読んだ上|読んで"
)
_PATH = (
    r"[\w-]/[\w./-]*\w\.\w{1,6}\b|"
    r"\b[\w-]+\.(?:py|tsx?|jsx?|go|rs|rb|java|kt|php|cs|cpp|c|h|sql|ya?ml|toml|json|mdc?|sh|html|s?css|vue|tf|swift|dart)\b"
)
_QUOTED = r"\"[^\"\n]{3,}\"|「[^」\n]{2,}」|“[^”]{3,}”|'[^'\n]{6,}'"
_LISTED = r"^\s*(?:\d{1,2}[.)]|[-*・•]|[①-⑳]|#{1,4}\s)\s*\S"
_TRACE = (
    r"Traceback \(most|\n\s*at \S+.*[:(]|panicked at|goroutine \d|\w(?:Error|Exception)\b|\bERR!|error\[E|egmentation|"
    r"exit (?:code|status) [1-9]|stack trace|ORA-\d|errno|FATAL|ECONN"
)
_TRACE_MARKS = (
    "rror", "xception", "Traceback", "\n    at ", "\nat ", "\n\tat ", "\n  at ", "panicked",
    "goroutine", "ERR!", "egmentation", "exit ", "stack trace", "ORA-",
    "errno", "FATAL", "ECONN",
)  # fmt: skip
_WHOLE_MARKS = ("whole", "entire", "full", "complete", "all ", "全", "ごと", "すべて", "読")
_QUOTES = ('"', "「", "“", "'")
_JAPANESE_RUN = "[\u3040-\u9fff]+"
_DOTTED = re.compile(r"\.\w")
_DIFF = r"^(?:diff --git|@@ |\+\+\+ \S)|^-\s*\S.*\n\+\s*\S"
_SYMBOLS = (
    ("doc path", (".md", ".rst", "README", "CHANGELOG", "CONTRIBUTING", ".adoc")),
    ("test path", ("tests/", "test/", "_test.", "test_", ".test.", ".spec.", "__tests__")),
    ("at file", (" @", "\n@")),
    ("url", ("http://", "https://")),
    ("arrow", ("->", "→", "=>")),
)
_ENDINGS = tuple((name, tuple(endings.split())) for name, endings in JAPANESE_ENDINGS.items())
_AFTER_GREETING = "、。,.!! \n"
_QUESTION_MARKS = "?? "
_CLOSING = " \t\n。.!!…、,~〜w笑"


def opening(words: list[str], prose: str) -> list[str]:
    """The first words (English) or characters (Japanese) once greetings are skipped, at most three."""
    start = prose[:60].lstrip()
    if start[:1] > "\u3000":
        for _ in range(3):
            if not start.startswith(_JAPANESE_GREETINGS):
                break
            greeting = next((one for one in _JAPANESE_GREETINGS if start.startswith(one)), None)
            if greeting is None or len(start) <= len(greeting) + 4:
                break
            start = start[len(greeting) :].lstrip(_AFTER_GREETING)
        return [start[:2], start[2:4], start[4:6]]
    spelled = [word for word in words[:12] if word[0] >= "a"]
    first = next((place for place, word in enumerate(spelled) if word not in GREETING_WORDS), 0)
    return spelled[first : first + 3]


def cues(parts: Parts, attachment: str, words: list[str], meant: set[str]) -> list[str]:
    """Names of the cues that hold (some may come twice). `words` are the person's, in lower case; `meant` the cues of the
    lexicon among them."""
    prose = parts.prose.strip()
    text = prose or parts.paste[:600]
    lower = text.lower()
    found = [*meant]
    found += [name for name, marks in _SYMBOLS if _any(marks, text)]
    found += _patterns(text, lower)
    ends = _ends(prose)
    found += ends
    found += _shape(parts, prose, attachment)
    mood = "?" if "ends question" in ends else "."
    first = opening(words, prose)
    for size in range(1, len(first) + 1):
        found.append("first " + " ".join(first[:size]))
    if first:
        found.append(f"first {first[0]} {mood}")
        found += [f"opens {cue}" for cue in meanings(first[0])]
        found += [f"opens {cue} {mood}" for cue in meanings(first[0])]
    return found


def _patterns(text: str, lower: str) -> list[str]:
    """What regular expressions find; a look for a few letters spares most texts the search."""
    found: list[str] = []
    if _DIGIT.search(lower):
        if compiled(_MANY, re.MULTILINE).search(lower):
            found.append("many of")
        if compiled(_SIZE, re.MULTILINE).search(lower):
            found.append("size")
    if _any(_WHOLE_MARKS, lower) and compiled(_WHOLE, re.MULTILINE).search(lower):
        found.append("whole text")
    if _DOTTED.search(text) and compiled(_PATH, re.MULTILINE).search(text):
        found.append("path")
    if _identifier(text, lower):
        found.append("identifier")
    if _any(_QUOTES, text) and compiled(_QUOTED, re.MULTILINE).search(text):
        found.append("quoted")
    return found


def _identifier(text: str, lower: str) -> bool:
    return (
        ("`" in text and compiled(r"`[^`\n]+`").search(text) is not None)
        or ("()" in text and compiled(r"\w\(\)").search(text) is not None)
        or ("_" in text and compiled(r"\b[a-z]+_[a-z_]+\b").search(text) is not None)
        or (text != lower and compiled(r"\b[a-z]+[A-Z]\w").search(text) is not None)
    )


def _any(marks: tuple[str, ...], text: str) -> bool:
    for mark in marks:  # noqa: SIM110  # `any` starts a generator: twice the time
        if mark in text:
            return True
    return False


def _ends(prose: str) -> list[str]:
    found: list[str] = []
    line = prose[:600].strip().split("\n", 1)[0]
    for prefix, text in (("", prose[-60:]), ("line ", line[-60:])):
        last = text.rstrip(_CLOSING)
        asks = last.endswith(("?", "?"))
        if asks:
            found.append(prefix + "ends question")
            last = last.rstrip(_QUESTION_MARKS)
        if not last.isascii():
            kinds = [f"{prefix}ends {name}" for name, endings in _ENDINGS if last.endswith(endings)]
            found += kinds
            if asks:
                found += [kind + " ?" for kind in kinds]
            if not kinds and last[-1] > "ゟ":
                found.append(prefix + "ends noun")
    if "?" in prose or "?" in prose:
        found.append("question")
    if prose.endswith((":", ":")):
        found.append("ends colon")
    return found


def _shape(parts: Parts, prose: str, attachment: str) -> list[str]:
    size = min(len(prose).bit_length(), 12)
    head = prose[:300]
    japanese = not head.isascii() and len("".join(compiled(_JAPANESE_RUN).findall(head))) * 6 > len(head)
    language = "ja" if japanese else "en"
    found = [f"prose {size}", f"language {language}", f"prose {size // 2} {language}"]
    paste = parts.paste or attachment[:3000]
    if paste:
        found.append(f"paste {min(len(paste).bit_length(), 12) // 2}")
        found.append("paste only" if not prose else f"paste with prose {size // 2}")
        if compiled(_DIFF, re.MULTILINE).search(paste):
            found.append("diff")
    counts = {"fence": parts.fenced, "code": parts.code_lines // 2, "log": parts.log_lines, "quote": parts.quoted_lines}
    found += [f"lines of {name}" for name, count in counts.items() if count]
    if attachment:
        found += ["attachment", f"attachment {min(len(attachment).bit_length(), 24) // 3}"]
    reported = paste or prose
    if _any(_TRACE_MARKS, reported) and compiled(_TRACE, re.MULTILINE).search(reported):
        found += ["trace", "trace in paste" if paste else "trace in prose"]
    if "\n" in prose:
        listed = len(compiled(_LISTED, re.MULTILINE).findall(prose))
        if listed > 1:
            found.append(f"listed {min(listed.bit_length(), 4)}")
    if prose[:1].isupper():
        found.append("capital")
    found.append(f"lines {min((prose.count(chr(10)) + 1).bit_length(), 6)}")
    return found
