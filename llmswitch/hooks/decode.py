"""Bytes of a file as text, whatever encoding it is in."""

from __future__ import annotations

import re

LEGACY = ("euc_jp", "cp932")
"""Japanese encodings tried where UTF-8 does not fit; the text must hold kana, since Latin-1 often decodes as either."""
_KANA = re.compile("[\u3041-\u30fa]{2}")


def decoded(data: bytes) -> str:
    """`data` as text; a byte that fits no encoding becomes U+FFFD."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in LEGACY:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _KANA.search(text):
            return text
    return data.decode("utf-8", "replace")
