"""Money, times and sizes as people read them."""

from __future__ import annotations

from decimal import Decimal

_SMALLEST = Decimal("0.0001")


def money(usd: Decimal) -> str:
    """US dollars: cents from a dollar on, four places below, `<$0.0001` for what rounds to nothing."""
    sign, usd = ("-", -usd) if usd < 0 else ("", usd)
    if 0 < usd < _SMALLEST / 2:
        return f"{sign}<$0.0001"
    return f"{sign}${usd:,.2f}" if usd >= 1 or usd == 0 else f"{sign}${usd:.4f}"


def duration(ms: float) -> str:
    """Milliseconds below a tenth of a second, then seconds, then minutes and seconds."""
    if ms < 100:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    return f"{seconds // 60} min {seconds % 60:02d} s"


def age(seconds: float) -> str:
    """How long ago, in its largest unit: `3 min`, `5 h`, `12 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def megabytes(size: float) -> str:
    """A number of bytes in units of 1,000: `812 KB`, `98.1 MB`, `4.2 GB`."""
    if size < 999_500:
        return f"{size / 1000:.0f} KB"
    return f"{size / 1e6:.1f} MB" if size < 999.95e6 else f"{size / 1e9:.2f} GB"
