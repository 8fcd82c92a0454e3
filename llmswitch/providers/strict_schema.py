"""Whether OpenAI's strict mode accepts a JSON Schema; loose mode takes any, and then only tries to obey it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NESTED = ("items", "additionalProperties", "not")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Every object in it must forbid further properties and require all of its own."""
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(schema.get("properties", ())):
            return False
    parts = [schema[key] for key in _NESTED if isinstance(schema.get(key), Mapping)]
    parts += [part for key in _LISTS for part in schema.get(key, ())]
    parts += [part for key in _MAPS for part in (schema.get(key) or {}).values()]
    return all(is_strict(part) for part in parts if isinstance(part, Mapping))
