"""A module that is loaded when something of it is used, for a library that imports more than it needs."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in `sys.modules` for the real one until its first use."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def import_later(name: str) -> None:
    """Let an `import NAME` that follows cost nothing until the module is used. One that is loaded already stays."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is not None:
        module = _Later(name)
        module.__spec__ = spec
        sys.modules[name] = module
