"""Keys out of text that a person, a log or the ledger will see."""

from __future__ import annotations

import re

_KEYISH = re.compile(
    r"\b(?:sk|rk|pk|gsk|xai|hf|nvapi|csk|fw|pplx|r8|tgp|ghp|glpat)[-_][\w*.\-]{5,}[\w*]"  # the vendors' own prefixes
    r"|\bAIza[\w*\-]{8,}"
    r"|(?i:\bbearer\s+)[\w.*~+/=\-]{8,}"
    r"|(?i:\b(?:api[-_ ]?key|x-api-key|key|token)\s*[=:]\s*)[\"']?[\w.*~+/\-]{12,}"
)


def redact(text: str, secret: str | None = None) -> str:
    """`text` with `secret` itself and whatever looks like a key replaced by `[redacted]`. Vendors echo the key they
    refuse, some with asterisks in it."""
    if secret and len(secret) >= 4:
        text = text.replace(secret, "[redacted]")
    return _KEYISH.sub("[redacted]", text)


def excerpt(text: str, secret: str | None = None, limit: int = 300) -> str:
    """`text` on one line, redacted first (so that no half of a key survives the cut), at most `limit` characters."""
    line = " ".join(redact(text, secret).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
