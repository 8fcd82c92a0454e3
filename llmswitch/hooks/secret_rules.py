"""Rules of our own beside the library's: keys of model vendors, tokens newer than the library, and key material.

Each value is matched, never kept or shown.
"""

from __future__ import annotations

import re

_RULES = {
    "Private key": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{20}",
    "Anthropic key": r"\bsk-ant-[a-z0-9]{2,10}-[\w-]{16,}",
    "OpenRouter key": r"\bsk-or-(?:v\d-)?[0-9a-f]{32,}",
    "OpenAI key": r"\bsk-(?:proj|svcacct|admin)-[\w-]{20,}|\bsk-[A-Za-z0-9]{32,}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}",
    "GitLab token": r"\bgl(?:pat|dt|rt|ptt|cbt|agent|oas)-[\w-]{20,}",
    "Google key": r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{28}|\bya29\.[\w-]{30,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "Groq key": r"\bgsk_[A-Za-z0-9]{40,}",
    "xAI key": r"\bxai-[A-Za-z0-9]{40,}",
    "PyPI token": r"\bpypi-AgE[\w-]{50,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b|:_authToken\s*=\s*[\w-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}|hooks\.slack\.com/services/\w+/\w+/\w{10,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9]{24,}",
    "DigitalOcean token": r"\bdo[opr]_v1_[a-f0-9]{64}",
    "Databricks token": r"\bdapi[a-f0-9]{32}\b",
    "Telegram token": r"\b\d{8,10}:AA[\w-]{33}\b",
    "Azure storage key": r"AccountKey=[A-Za-z0-9+/=]{40,}",
    "URL with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>{}$%]{1,60}:[^\s/:@'\"<>{}$%*]{3,80}@[\w.-]+",
}
_ASSIGNED = re.compile(
    r"^\s*(?:export\s+|ENV\s+|ARG\s+|-\s+|set\s+)?[A-Z][A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|CREDENTIALS?)"
    r"[A-Z0-9_]*\s*[=:]\s*(?P<value>[^\s$\"'`<{(\[]{8,})\s*$"
)
ASSIGNED = "Assigned secret"
"""The rule of `DB_PASSWORD=…` without quotes, as shells and Dockerfiles have it."""

_ANY = re.compile("|".join(f"(?P<r{number}>{rule})" for number, rule in enumerate(_RULES.values())))
_NAMES = tuple(_RULES)

PLACEHOLDER = re.compile(
    r"example|sample|dummy|fake|mock|placeholder|change.?me|replace|your[-_ ]|my[-_ ]|xxx|\*\*\*|\.\.\.|todo|redacted|test|foo|bar",
    re.IGNORECASE,
)

KEY_MATERIAL = "Key material"
"""The rule of a block of base64 lines: the middle of a key, of which no first line is shown."""
KEY_MATERIAL_LINES = 3
_BASE64_LINE = re.compile(r"^\s*[\"']?[A-Za-z0-9+/]{60,80}={0,2}(?:\\n)?[\"']?[,;]?\s*$")


def own_rule(line: str) -> str | None:
    """The name of the first rule that `line` breaks."""
    found = _ANY.search(line)
    if found and found.lastgroup:
        return _NAMES[int(found.lastgroup[1:])]
    assigned = _ASSIGNED.match(line)
    return ASSIGNED if assigned and looks_random(assigned["value"]) else None


def looks_random(value: str) -> bool:
    """Whether `value` is more than words: letters with digits in them, and no placeholder."""
    if PLACEHOLDER.search(value):
        return False
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)


def is_base64_line(line: str) -> bool:
    """Whether `line` looks like a line of an encoded key: of its length, with digits and letters of both cases."""
    if not _BASE64_LINE.match(line):
        return False
    return any(char.isdigit() for char in line) and any(char.islower() for char in line) and any(map(str.isupper, line))
