"""Prompt templates: a TOML file each, with `{{variables}}`. The user's own (in the configuration folder) win over the shipped.

    description = "Review Go code"
    task = "review"
    prompt = \"\"\"Review this Go file for {{focus}}. {{input}}\"\"\"
    [defaults]
    focus = "data races"

`{{input}}` is what the person typed; a template without it gets that at its end. Files and piped text follow as ever.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmswitch import paths
from llmswitch.errors import ConfigError, InputError, UsageError
from llmswitch.tasks import TASKS

INPUT = "input"
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_TEXTS = ("description", "prompt", "system", "task", "model")


@dataclass(frozen=True, slots=True)
class Template:
    """What a file says. `defaults` are values for variables that nobody gave."""

    name: str
    prompt: str
    description: str = ""
    system: str | None = None
    task: str | None = None
    model: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable but `input`, in the order of the text."""
        found = _VARIABLE.findall(f"{self.prompt}\n{self.system or ''}")
        return tuple(name for name in dict.fromkeys(found) if name != INPUT)

    def filled(self, typed: str, given: Mapping[str, str]) -> tuple[str, str | None]:
        """The prompt and the system prompt with every variable in place. Raises UsageError for a variable that has no
        value, and for a value that no variable takes."""
        from difflib import get_close_matches

        for name in given:
            if name not in self.variables:
                near = get_close_matches(name, self.variables, 1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                raise UsageError(f"template {self.name!r} has no variable {name!r}{meant}", hint=self._usage())
        values = {**self.defaults, **given, INPUT: typed}
        missing = [name for name in self.variables if name not in values]
        if missing:
            raise UsageError(f"template {self.name!r} needs a value for {', '.join(missing)}", hint=self._usage())
        prompt = _fill(self.prompt, values).strip()
        if typed and INPUT not in _VARIABLE.findall(self.prompt):
            prompt = f"{prompt}\n\n{typed}"
        return prompt, None if self.system is None else _fill(self.system, values).strip()

    def _usage(self) -> str:
        options = [f"[--var {name}=…]" if name in self.defaults else f"--var {name}=…" for name in self.variables]
        return " ".join(["llmswitch ask -t", self.name, *options])


def own_dir() -> Path:
    """Where `template save` writes."""
    return paths.config_dir() / "templates"


def shipped_dir() -> Path:
    """Those that come with llmswitch."""
    return Path(__file__).parent / "shipped_templates"


def names() -> list[str]:
    """The user's own, then the shipped ones that none of them hides."""
    folders = (own_dir(), shipped_dir())
    return list(dict.fromkeys(path.stem for folder in folders for path in sorted(folder.glob("*.toml"))))


def load(name: str) -> Template:
    """The template of that name. Raises UsageError where there is none, ConfigError where its file is wrong."""
    from difflib import get_close_matches

    for folder in (own_dir(), shipped_dir()):
        file = folder / f"{name}.toml"
        if _NAME.fullmatch(name) and file.is_file():
            return read(file)
    near = get_close_matches(name, names(), 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"there is no template {name!r}{meant}", hint="`llmswitch template list` shows them")


def read(file: Path) -> Template:
    """The template in `file`. Raises ConfigError."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}", file=str(file)) from None
    except UnicodeDecodeError:
        raise ConfigError("this is not UTF-8", file=str(file)) from None
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", file=str(file)) from None
    for problem in _problems(data):
        raise ConfigError(problem, file=str(file))
    texts = {key: data[key] for key in _TEXTS if key in data}
    return Template(file.stem, defaults=data.get("defaults", {}), file=file, **texts)


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key == "defaults":
            if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
                yield "[defaults] holds texts, one for a variable"
        elif key not in _TEXTS:
            yield f"unknown key {key!r}; a template has {', '.join(_TEXTS)} and [defaults]"
        elif not isinstance(value, str):
            yield f"{key} must be text"
    if not str(data.get("prompt", "")).strip():
        yield "a template needs a prompt"
    if data.get("task") is not None and data["task"] not in TASKS:
        yield f"{data['task']!r} is not a task; tasks are {', '.join(TASKS)}"


def values_of(assignments: list[str]) -> dict[str, str]:
    """`NAME=VALUE` each; `NAME=@FILE` takes the file's text, `NAME=@@TEXT` a text that begins with @. Raises InputError."""
    values = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"--var {assignment!r} is not NAME=VALUE", hint="as in --var language=Go")
        if name == INPUT:
            raise InputError("{{input}} is what you type as the prompt, not a --var")
        if value.startswith("@@"):
            value = value[1:]
        elif value.startswith("@"):
            try:
                value = Path(value[1:]).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"--var {name}: {value[1:]} can't be read: {error}") from None
        values[name] = value
    return values


def save(template: Template, *, replace: bool = False) -> Path:
    """Write one of the user's own, 0600. Raises UsageError for a name that is none or is taken, ConfigError."""
    if not _NAME.fullmatch(template.name):
        raise UsageError(f"{template.name!r} can't be a template's name", hint="letters, digits, `-`, `_` and `.`")
    file = own_dir() / f"{template.name}.toml"
    if file.exists() and not replace:
        raise UsageError(f"there is a template {template.name!r} of yours already", hint="--force replaces it")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        paths.private_dir(file.parent)
        draft.touch(mode=0o600)
        draft.write_text(as_toml(template), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"can't be written: {error.strerror}", file=str(file)) from None
    return file


def as_toml(template: Template) -> str:
    """The file's text: a prompt of several lines stays readable."""
    lines = [f"{key} = {_toml(value)}" for key in _TEXTS if (value := getattr(template, key))]
    if template.defaults:
        lines += ["[defaults]", *(f"{name} = {_toml(value)}" for name, value in template.defaults.items())]
    return "\n".join([*lines, ""])


def _toml(text: str) -> str:
    plain = all(char.isprintable() or char in "\n\t" for char in text)
    if "\n" in text and plain and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values[found[1]], text)
