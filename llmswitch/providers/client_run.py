"""One call of a vendor's program: its command, its private folder, its JSON lines, and what its death means."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Request
from llmswitch.errors import BadRequestError, NetworkError, NotFoundError, ProtocolError, ProviderError
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.client_environment import texts
from llmswitch.providers.client_process import ClientProcess, LineTooLongError
from llmswitch.providers.redaction import excerpt

MAX_ARGUMENT = 100_000
"""Bytes of one argument; Linux takes 128 KB. What may be longer goes through stdin or a file."""
PATIENCE_S = 1.0
"""How long the program may take to end by itself after its last line."""
_UNKNOWN_FLAG = re.compile(r"unknown option|unexpected argument|unrecognized (?:option|argument)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Program:
    """A vendor's program: the `name` of its command, the npm `package` it comes in."""

    name: str
    package: str

    def command(self, settings: ProviderSettings) -> list[str]:
        """The beginning of the command line: `options.command` (a text or a list), else the name."""
        given = settings.options.get("command", self.name)
        what = f"[providers.{settings.name}] options.command"
        words = shlex.split(given) if isinstance(given, str) else texts(given, what)
        return [str(Path(words[0]).expanduser()) if words[0].startswith("~") else words[0], *words[1:]]

    def missing(self, settings: ProviderSettings) -> str | None:
        """Why it can't be run, or None. Looks at the disk only."""
        command = self.command(settings)[0]
        if shutil.which(command):
            return None
        if command == self.name:
            return f"`{self.name}` is not installed (npm install -g {self.package})"
        return f"`{command}` is not a program that can be run (options.command of provider {settings.name!r})"


def options_of(settings: ProviderSettings, model: Model) -> dict[str, Any]:
    """The provider's options with the model's own over them."""
    return {**settings.options, **model.options}


def check(request: Request, site: CallSite) -> None:
    """Raise BadRequestError for what such a program can't be asked: it runs its own tools and no one else's."""
    if request.tools or request.has_images:
        what = "tools of others" if request.tools else "images"
        raise BadRequestError(
            f"{site.provider}, {site.model}: this client takes no {what}", provider=site.provider, model=site.model
        )


class ClientRun:
    """`async with ClientRun(...) as run:` and then `run.events()`. The private folder (0700) is made at once: `folder`
    may be filled with files before the program starts, and `workplace` inside it is its empty working directory."""

    def __init__(self, program: Program, site: CallSite, cwd: str | None) -> None:
        self.program = program
        self.site = site
        self.seen = 0
        self._over = False
        self._garbage: str | None = None
        self._process: ClientProcess | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="llmswitch-"))
        self.workplace = Path(cwd).expanduser() if cwd else self.folder / "work"
        if cwd is None:
            self.workplace.mkdir(mode=0o700)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._process is not None:
                await self._process.stop(PATIENCE_S if self._over else 0.0)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)  # the program may still be dying in it

    def over(self) -> None:
        """The last line has come: let the program end by itself."""
        self._over = True

    def write(self, name: str, text: str) -> Path:
        """A file of 0600 in the private folder, beside the working directory."""
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    async def start(self, argv: Sequence[str], env: Mapping[str, str], stdin: str) -> None:
        """Run it. Raises NotFoundError where that is impossible."""
        if not self.workplace.is_dir():
            raise self._not_found(f"the working directory {self.workplace} does not exist")
        try:
            self._process = await ClientProcess.start(
                argv, env=env, cwd=self.workplace, stdin=stdin.encode("utf-8", "replace")
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise self._not_found(f"`{argv[0]}` can't be run: {reason}") from None  # the arguments hold the prompt

    def _not_found(self, what: str) -> NotFoundError:
        return NotFoundError(
            f"{self.site.provider}: {what}",
            provider=self.site.provider,
            model=self.site.model,
            hint=f"install or update it: npm install -g {self.program.package}@latest",
        )

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Its JSON objects, one a line. Lines of other kinds are passed over: launchers print warnings there."""
        try:
            async for line in self._running.lines():
                event = _object(line)
                if event is not None:
                    self.seen += 1
                    yield event
                elif line.strip() and self._garbage is None:
                    self._garbage = excerpt(line[:1_000].decode("utf-8", "replace"), limit=120)
        except LineTooLongError:
            raise self.site.protocol("it printed a line without end") from None

    async def death(self) -> tuple[str, ProviderError]:
        """What it said on stderr and the error to raise, if nothing better is known, for a program that ended without
        its last event."""
        await self._running.wait(PATIENCE_S)
        said = self._running.complaint
        return said, self._death(self._running.returncode, excerpt(said[-400:], limit=200))

    async def outcome(self, seconds: float) -> tuple[int | None, str]:
        """For a program that answers with its exit status and a few words: both; the status is None if it runs longer."""
        said: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                said = [line.decode("utf-8", "replace") async for line in self._running.lines()]
                await self._running.wait(seconds)
        return self._running.returncode, "\n".join([*said, self._running.complaint]).strip()

    @property
    def _running(self) -> ClientProcess:
        if self._process is None:
            raise RuntimeError("start comes first")
        return self._process

    def _death(self, code: int | None, said: str) -> ProviderError:
        who: dict[str, Any] = {"provider": self.site.provider, "model": self.site.model}
        start = f"{self.site.provider}, {self.site.model}: `{self.program.name}`"
        end = f": {said}" if said else ""
        if code and _UNKNOWN_FLAG.search(said):
            hint = f"update it: npm install -g {self.program.package}@latest"
            return BadRequestError(f"{start} does not know a flag{end}", **who, hint=hint)
        if self._garbage is not None and not self.seen:
            return ProtocolError(f"{start} printed something else than JSON: {self._garbage}", **who)
        how = f"was ended by signal {-code}" if code and code < 0 else f"ended with exit status {code}"
        if not self.seen:
            return ProtocolError(f"{start} {how} and printed nothing{end}", **who)
        return NetworkError(f"{start} {how} before its answer was complete{end}", **who)


def _object(line: bytes) -> dict[str, Any] | None:
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        decoded = json.loads(line)
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None
