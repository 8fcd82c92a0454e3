"""How much a store may keep, and how long it may keep its caller waiting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`bytes` of entries, vectors and index together; beyond that, the least recently used go. `busy_s` is how long the disk
    store waits for another process's write; `connect_s` and `operation_s` are what Redis gets to connect and to answer; after
    a failure Redis is left alone for `rest_s`."""

    bytes: int = 512 * 2**20
    busy_s: float = 5.0
    connect_s: float = 0.3
    operation_s: float = 0.5
    rest_s: float = 30.0
