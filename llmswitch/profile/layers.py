"""The layers of a profile, lowest first: shipped profile, user config, project file, environment. Each value keeps its origin."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmswitch import paths
from llmswitch.errors import ConfigError
from llmswitch.profile import toml_lines
from llmswitch.profile.schema import SECTIONS, TOP, Key
from llmswitch.profile.validate import forbidden_to_project, nearest, problems

PROJECT_FILE = ".llmswitch.toml"
KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: `layer` (shipped, user, project, environment, flag), `source` a file or a variable."""

    layer: str
    source: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values, validated on its own."""

    name: str
    source: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path` stands in this layer."""
        return Origin(self.name, self.source, toml_lines.line_of(dict(self.lines), path))


def shipped_dir() -> Path:
    """The shipped profiles: inside the installed package, or the top-level folder of a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "shipped_profiles"
    return installed if installed.is_dir() else package.parent / "profiles"


def shipped_names() -> list[str]:
    """Names of the shipped profiles."""
    return sorted(path.stem for path in shipped_dir().glob("*.toml"))


def user_names() -> list[str]:
    """Names of the user's own profiles, files in the `profiles` folder of the configuration directory."""
    return sorted(path.stem for path in (paths.config_dir() / "profiles").glob("*.toml"))


def find(name: str) -> Path:
    """The file of the profile `name`: a path wins, then the user's own profiles, then the shipped ones."""
    if "/" in name or name.endswith(".toml") or Path(name).is_file():
        path = Path(name).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"there is no profile file {name!r}", hint="`llmswitch profile list` shows the profiles by name"
            )
        return path
    for folder in (paths.config_dir() / "profiles", shipped_dir()):
        if (path := folder / f"{name}.toml").is_file():
            return path
    known = [*user_names(), *shipped_names()]
    raise ConfigError(
        f"there is no profile {name!r}{nearest(name, known)}", hint="`llmswitch profile list` shows them all"
    )


def read(path: Path, layer: str) -> Layer:
    """The layer in `path`. Raises ConfigError with file and line for anything the schema does not allow."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", file=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", file=str(path)) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", file=str(path)) from None
    lines = toml_lines.locate(text)
    for key, message in problems(data):
        raise ConfigError(
            message, file=str(path), line=toml_lines.line_of(lines, key), hint="docs/profiles.md has every key"
        )
    return Layer(layer, str(path), data, lines)


def base_layers(path: Path) -> list[Layer]:
    """The profile in `path`, after the one that it extends (which may extend another)."""
    chain: list[Layer] = []
    seen: set[Path] = set()
    while True:
        if path.resolve() in seen:
            raise ConfigError(f"extends itself, by way of {path.stem!r}", file=str(path))
        seen.add(path.resolve())
        layer = read(path, "shipped" if path.parent == shipped_dir() else "profile")
        chain.insert(0, layer)
        parent = layer.data.get("extends")
        if not parent:
            return chain
        path = find(parent)


def user_layer() -> Layer | None:
    """The user's own configuration file, if there is one."""
    path = paths.user_config_file()
    return read(path, "user") if path.is_file() else None


def project_file(start: Path) -> Path | None:
    """The project's file: in `start` or above it, up to the root of the git repository; without one only in `start`."""
    folders = [start, *start.parents]
    top = next((index for index, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    return next((folder / PROJECT_FILE for folder in folders[: top + 1] if (folder / PROJECT_FILE).is_file()), None)


def project_layer(start: Path) -> Layer | None:
    """The project's layer. Untrusted input: what it may not set is an error until the user trusts this very content."""
    path = project_file(start)
    if path is None:
        return None
    layer = read(path, "project")
    forbidden = next(iter(forbidden_to_project(layer.data)), None)
    if forbidden and not is_trusted(path):
        raise ConfigError(
            f"a project may not set {'.'.join(forbidden)!r} before you trust it",
            file=str(path),
            line=toml_lines.line_of(dict(layer.lines), forbidden),
            hint="read the file, then run `llmswitch profile trust`; or ignore it once with `--no-project`",
        )
    return layer


def _trust_file() -> Path:
    return paths.config_dir() / "trusted.json"


def _trusted() -> dict[str, str]:
    try:
        loaded = json.loads(_trust_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ConfigError("is not valid JSON", file=str(_trust_file()), hint="delete it to trust nothing") from None
    return loaded if isinstance(loaded, dict) else {}


def is_trusted(path: Path) -> bool:
    """Whether the user trusted this file with exactly this content."""
    return _trusted().get(str(path.resolve())) == hashlib.sha256(path.read_bytes()).hexdigest()


def trust(path: Path) -> None:
    """Remember that the user trusts `path` as it is now; a changed file has to be trusted again."""
    known = _trusted() | {str(path.resolve()): hashlib.sha256(path.read_bytes()).hexdigest()}
    paths.private_dir(_trust_file().parent)
    fresh = _trust_file().with_suffix(".new")
    fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(_trust_file())


def environment_layer() -> Layer | None:
    """`LLMSWITCH_SECTION_KEY=value` for every key of a section, `LLMSWITCH_KEY` for a top-level one; lists by commas."""
    data: dict[str, Any] = {}
    for variable, path, key in environment_keys():
        if raw := os.environ.get(variable):
            value = _parse(variable, raw, key)
            if len(path) == 1:
                data[path[0]] = value
            else:
                data.setdefault(path[0], {})[path[1]] = value
    for path, message in problems(data):
        raise ConfigError(message, file=f"${variable_of(path)}")
    return Layer("environment", "environment", data, {}) if data else None


def environment_keys() -> Iterator[tuple[str, KeyPath, Key]]:
    """Every variable that is a profile's value: its name, the path it sets, the key."""
    for name, key in TOP.items():
        if name not in ("profile", "description", "extends"):
            yield variable_of((name,)), (name,), key
    for section, keys in SECTIONS.items():
        for name, key in keys.items():
            if key.kind not in ("limits", "tasks"):
                yield variable_of((section, name)), (section, name), key


def variable_of(path: KeyPath) -> str:
    """The environment variable of a value."""
    return "_".join(("LLMSWITCH", *path)).upper()


def _parse(variable: str, raw: str, key: Key) -> Any:
    try:
        match key.kind:
            case "int":
                return int(raw)
            case "number" | "share":
                return float(raw)
            case "bool":
                return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[raw.lower()]
            case "texts" | "route":
                return [part.strip() for part in raw.split(",") if part.strip()]
    except (ValueError, KeyError):
        wanted = {"int": "a whole number", "bool": "true or false"}.get(key.kind, "a number")
        raise ConfigError(f"must be {wanted}, not {raw!r}", file=f"${variable}") from None
    return raw


def merge(layers: list[Layer]) -> tuple[dict[str, Any], dict[KeyPath, Origin]]:
    """The values of all layers, the later ones over the earlier, and the origin of every leaf."""
    data: dict[str, Any] = {}
    origins: dict[KeyPath, Origin] = {}
    for layer in layers:
        _merge_table(data, layer.data, (), layer, origins)
    return data, origins


_WHOLE = {
    "price",
    "headers",
    "options",
    "timeouts",
}  # inline tables that replace, rather than mix with, a lower layer's


def _merge_table(
    into: dict[str, Any], table: Mapping[str, Any], path: KeyPath, layer: Layer, origins: dict[KeyPath, Origin]
) -> None:
    for name, value in table.items():
        here = (*path, name)
        if is_leaf(here, value):
            into[name] = value
            origins[here] = _variable_origin(here) if layer.name == "environment" else layer.origin(here)
        else:
            below = into.get(name)
            nested: dict[str, Any] = dict(below) if isinstance(below, Mapping) else {}
            into[name] = nested
            _merge_table(nested, value, here, layer, origins)


def is_leaf(path: KeyPath, value: Any) -> bool:
    """Whether `value` is one value to the layers, rather than a table whose keys are merged."""
    return (
        not isinstance(value, Mapping)
        or (path[0] == "routes" and len(path) == 2)
        or (len(path) > 2 and path[-1] in _WHOLE)
    )


def _variable_origin(path: KeyPath) -> Origin:
    return Origin("environment", f"${variable_of(path)}")
