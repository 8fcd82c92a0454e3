"""The windows of a Claude plan as `rate_limit_event` tells of them. Pure.

    {"status": "allowed" | "allowed_warning" | "rejected", "rateLimitType": "five_hour", "resetsAt": 1795420436,
     "utilization": 0.93, "overageStatus": …, "isUsingOverage": false,
     "unifiedWindows": {"five_hour": {"utilization": 0.93, "resetsAt": …}, "seven_day": {…}}}

Most fields may be missing, and new types may come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from llmswitch.conversation import QuotaReport

MINUTES = (("five_hour", 300), ("seven_day", 10_080))
"""The length of a window by the beginning of its name: `seven_day_opus` is a week as well."""


def reports(info: Mapping[str, Any]) -> list[QuotaReport]:
    """Every window that `rate_limit_info` tells of. `status` belongs to the one it names."""
    status = _status(info.get("status"))
    kind = info.get("rateLimitType")
    windows = info.get("unifiedWindows")
    found: dict[str, Mapping[str, Any]] = {}
    if isinstance(windows, Mapping):
        found = {str(name): window for name, window in windows.items() if isinstance(window, Mapping)}
    if isinstance(kind, str):
        own = {name: info[name] for name in ("utilization", "resetsAt") if info.get(name) is not None}
        found[kind] = {**own, **found.get(kind, {})}
    elif status != "allowed" and not found:
        found["unknown"] = info
    return [_report(name, window, status if name in (kind, "unknown") else None) for name, window in found.items()]


def _report(
    name: str, window: Mapping[str, Any], status: Literal["allowed", "warning", "rejected"] | None
) -> QuotaReport:
    used = _number(window.get("utilization"))
    if used is not None and used > 2:
        used /= 100  # a percentage
    return QuotaReport(
        window=name,
        status=status or ("rejected" if used is not None and used >= 1 else _status(window.get("status"))),
        utilization=used,
        resets_at=_number(window.get("resetsAt")),
        minutes=next((minutes for start, minutes in MINUTES if name.startswith(start)), None),
    )


def _status(said: object) -> Literal["allowed", "warning", "rejected"]:
    text = str(said or "")
    if "reject" in text:
        return "rejected"
    return "warning" if "warning" in text else "allowed"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
