"""Keys that `llmswitch key set` keeps: in the OS keyring, or in a file of ours (0600) where there is no keyring.

The file says for each provider where its key is, so that whether there is one can be told without asking the keyring,
which takes a tenth of a second to import and may open a dialog:

    {"anthropic": {"in": "keyring"}, "openrouter": {"in": "file", "key": "…"}}
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llmswitch import paths
from llmswitch.errors import ConfigError

SERVICE = "llmswitch"
Place = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a key went; `why_file` says why it is not in the keyring."""

    place: Place
    why_file: str | None = None


def path() -> Path:
    """The file: beside the user's configuration, but never a part of it."""
    return paths.config_dir() / "keys.json"


def place_of(provider: str) -> Place | None:
    """Where the key of `provider` is, None where none was set. Asks no keyring. Raises ConfigError."""
    entry = _read().get(provider)
    return None if entry is None else entry["in"]


def providers() -> dict[str, Place]:
    """Every provider that has a key here."""
    return {name: entry["in"] for name, entry in _read().items()}


def get(provider: str) -> str | None:
    """The key, None where none was set. Raises ConfigError where the keyring can't be asked or lost it."""
    entry = _read().get(provider)
    if entry is None:
        return None
    if entry["in"] == "file":
        return str(entry["key"])
    try:
        key = _keyring().get_password(SERVICE, provider)
    except Exception as error:  # noqa: BLE001 - a backend raises what its system does
        raise _locked(provider, error) from None
    if key is None:
        raise ConfigError(
            f"the keyring no longer has the key of {provider!r}", hint=f"set it again: llmswitch key set {provider}"
        )
    return str(key)


def keep(provider: str, key: str) -> Kept:
    """Store `key` in the keyring, or in the file where there is none. Raises ConfigError."""
    entries = _read()
    why = _without_keyring()
    if why is None:
        try:
            _keyring().set_password(SERVICE, provider, key)
        except Exception as error:  # noqa: BLE001 - a backend raises what its system does
            why = f"the keyring refused it ({type(error).__name__})"
    entries[provider] = {"in": "keyring"} if why is None else {"in": "file", "key": key}
    _write(entries)
    return Kept("keyring" if why is None else "file", why)


def remove(provider: str) -> bool:
    """Forget the key; False where there was none. Raises ConfigError where the keyring can't be asked."""
    entries = _read()
    entry = entries.pop(provider, None)
    if entry is None:
        return False
    if entry["in"] == "keyring":
        _forget_in_keyring(provider)
    _write(entries)
    return True


def _forget_in_keyring(provider: str) -> None:
    keyring = _keyring()
    try:
        if keyring.get_password(SERVICE, provider) is not None:
            keyring.delete_password(SERVICE, provider)
    except Exception as error:  # noqa: BLE001 - a backend raises what its system does
        raise _locked(provider, error) from None


def _locked(provider: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"the keyring can't be asked for the key of {provider!r} ({type(error).__name__})",
        hint="unlock it and try again, or set the provider's own variable",
    )


def _keyring() -> Any:
    import keyring

    return keyring


def _without_keyring() -> str | None:
    """Why there is no usable keyring, or None."""
    keyring = _keyring()
    backend = keyring.get_keyring()
    module = type(backend).__module__
    if module.startswith(("keyring.backends.fail", "keyring.backends.null")):
        return "this system has no keyring that could be used"
    return None


def _read() -> dict[str, dict[str, Any]]:
    file = path()
    try:
        entries = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{file} can't be read: {error.strerror}") from None
    except ValueError:
        raise _garbled(file) from None
    if not isinstance(entries, dict) or not all(_sound(entry) for entry in entries.values()):
        raise _garbled(file)
    return entries


def _sound(entry: object) -> bool:
    return isinstance(entry, dict) and (
        entry.get("in") == "keyring" or (entry.get("in") == "file" and isinstance(entry.get("key"), str))
    )


def _garbled(file: Path) -> ConfigError:
    return ConfigError(
        f"{file} is not what `llmswitch key` wrote", hint="move it away and set the keys again with `llmswitch key set`"
    )


def _write(entries: dict[str, dict[str, Any]]) -> None:
    """Replace the file as a whole, 0600 from its first byte."""
    file = path()
    try:
        folder = paths.private_dir(file.parent)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".keys-")  # mkstemp makes it 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(entries, out, indent=1)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{file} can't be written: {error.strerror}") from None
