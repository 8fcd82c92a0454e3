"""What stands in the disk store's files and was never written by us: refused, made anew, never executed."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cache_entries import DIM, EMBEDDER, a_vector, an_entry

from llmswitch.cache import disk_index
from llmswitch.cache.base import Store
from llmswitch.cache.disk import DiskStore
from llmswitch.cache.index_layout import BLOCK_ROWS, COUNTERS_AT, HEADER_BYTES, Layout, entry_key
from llmswitch.cache.limits import Limits
from llmswitch.errors import CacheError

LAYOUT = Layout(EMBEDDER, DIM)
ENTRIES = 30


class Bomb:
    """Whoever unpickles this leaves a file behind."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache with some entries, closed."""
    store = opened(tmp_path)
    for number in range(ENTRIES):
        store.put(an_entry(str(number)), a_vector(number))
    store.close()
    return tmp_path / "v1"


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Is there once something was executed."""
    return tmp_path / "executed"


def opened(path: Path, embedder: str = EMBEDDER, dim: int = DIM) -> DiskStore:
    return DiskStore(path, embedder=embedder, dim=dim, limits=Limits())


def changed(folder: Path, statement: str, *values: object) -> None:
    """Change the database as somebody else might."""
    with contextlib.closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        connection.execute(statement, values)


def lost(store: Store) -> list[int]:
    """The entries that their own vector does not find."""
    return [
        number
        for number in range(ENTRIES)
        if [each.entry.id for each in store.near("scope-a", a_vector(number), k=1, threshold=0.9, max_tier=9)]
        != [f"id-{number}"]
    ]


def used_throughout(folder: Path) -> None:
    """Do with the cache what there is to do."""
    store = opened(folder.parent)
    store.exact("scope-a", "hash-1", max_tier=9)
    store.near("scope-a", a_vector(1), k=3, threshold=0.1, max_tier=9)
    store.observations("id-1")
    store.touch("id-1")
    list(store.entries())
    store.put(an_entry("1", id="fresh"), a_vector(1))
    store.remove(["id-2", "fresh"])
    store.clear()
    store.close()


def test_a_pickle_as_a_value_is_not_executed(folder: Path, marker: Path) -> None:
    changed(folder, "UPDATE Cache SET mode = 4, value = ?", pickle.dumps(Bomb(marker)))
    used_throughout(folder)
    assert not marker.exists()


def test_a_pickle_as_bytes_is_not_executed(folder: Path, marker: Path) -> None:
    changed(folder, "UPDATE Cache SET value = ?", pickle.dumps(Bomb(marker)))
    used_throughout(folder)
    assert not marker.exists()


def test_a_pickle_in_a_file_of_its_own_is_not_executed(folder: Path, marker: Path) -> None:
    (folder / "bomb.val").write_bytes(pickle.dumps(Bomb(marker)))
    changed(folder, "UPDATE Cache SET mode = 4, value = NULL, filename = 'bomb.val'")
    used_throughout(folder)
    assert not marker.exists()


def test_a_pickle_as_a_key_is_not_executed(folder: Path, marker: Path) -> None:
    changed(folder, "UPDATE Cache SET raw = 0, key = ? WHERE rowid = 1", pickle.dumps(Bomb(marker)))
    used_throughout(folder)
    assert not marker.exists()


def test_a_pickle_as_a_tag_is_not_executed(folder: Path, marker: Path) -> None:
    changed(folder, "UPDATE Cache SET tag = ?", pickle.dumps(Bomb(marker)))
    used_throughout(folder)
    assert not marker.exists()


def test_a_value_that_is_no_record_is_a_miss(folder: Path) -> None:
    changed(folder, "UPDATE Cache SET value = ? WHERE key = ?", b"{}\n", entry_key("id-1"))
    assert opened(folder.parent).exact("scope-a", "hash-1", max_tier=9) is None


def test_the_record_of_another_entry_is_a_miss(folder: Path) -> None:
    other = "(SELECT value FROM Cache WHERE key = ?)"
    changed(folder, f"UPDATE Cache SET value = {other} WHERE key = ?", entry_key("id-2"), entry_key("id-1"))
    assert opened(folder.parent).exact("scope-a", "hash-1", max_tier=9) is None


def test_a_file_that_a_row_names_is_not_deleted(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    changed(folder, "UPDATE Cache SET filename = '../precious'")
    used_throughout(folder)
    assert precious.read_text() == "mine"


def _random(size: int) -> bytes:
    return random.Random(6).randbytes(size)


DATABASE_POISONS: dict[str, Callable[[Path], object]] = {
    "random bytes": lambda file: file.write_bytes(_random(20_000)),
    "a pickle": lambda file: file.write_bytes(pickle.dumps(Bomb(file.with_name("executed")))),
    "cut off": lambda file: os.truncate(file, file.stat().st_size // 3),
    "a setting that we never wrote": lambda file: changed(
        file.parent, "INSERT INTO Settings VALUES ('sqlite_temp_store_directory', 'x')"
    ),
    "a setting of another kind": lambda file: changed(
        file.parent, "UPDATE Settings SET value = x'80' WHERE key = 'size'"
    ),
    "another program's table": lambda file: changed(file.parent, "CREATE TABLE other (x)"),
    "a table of another shape": lambda file: changed(file.parent, "ALTER TABLE Cache RENAME COLUMN mode TO mood"),
    "empty": lambda file: os.truncate(file, 0),
}


@pytest.mark.parametrize("poison", DATABASE_POISONS)
def test_a_database_that_is_not_ours_is_replaced(folder: Path, poison: str) -> None:
    for companion in ("cache.db-wal", "cache.db-shm"):
        (folder / companion).unlink(missing_ok=True)
    DATABASE_POISONS[poison](folder / "cache.db")
    store = opened(folder.parent)
    with contextlib.suppress(CacheError):  # where the damage is met only in use, that one use fails
        list(store.entries())
    store.put(an_entry("after"), a_vector(99))
    near = store.near("scope-a", a_vector(99), k=1, threshold=0.9, max_tier=9)
    assert ([each.entry.id for each in near], (folder / "executed").exists()) == (["id-after"], False)


def test_a_refused_database_is_kept_aside(folder: Path) -> None:
    (folder / "cache.db").write_bytes(b"somebody's notes")
    opened(folder.parent).close()
    assert (folder / "cache.db.refused").read_bytes() == b"somebody's notes"


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", LAYOUT.file_name])
def test_a_link_in_place_of_a_file_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine" * 10_000)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(precious)
    used_throughout(folder)
    assert precious.read_bytes() == b"mine" * 10_000


def _overwrite(file: Path, place: int, piece: bytes) -> None:
    with file.open("r+b") as opened_file:
        opened_file.seek(place)
        opened_file.write(piece)


def _of_another_embedder(file: Path) -> None:
    store = opened(file.parent.parent, embedder="another")
    store.put(an_entry("other"), a_vector(77))
    store.close()
    (file.parent / Layout("another", DIM).file_name).replace(file)


INDEX_POISONS: dict[str, Callable[[Path], object]] = {
    "random bytes": lambda file: file.write_bytes(_random(file.stat().st_size)),
    "a pickle": lambda file: file.write_bytes(pickle.dumps(Bomb(file.with_name("executed")))),
    "empty": lambda file: os.truncate(file, 0),
    "header only": lambda file: os.truncate(file, HEADER_BYTES),
    "cut off": lambda file: os.truncate(file, file.stat().st_size // 2),
    "gone": lambda file: file.unlink(),
    "another embedder's": _of_another_embedder,
    "of another dimension": lambda file: file.write_bytes(
        Layout(EMBEDDER, 64).header() + bytes(HEADER_BYTES - len(Layout(EMBEDDER, 64).header()))
    ),
    "other counters": lambda file: _overwrite(file, COUNTERS_AT, b"\3" * 8),
    "zeros for rows": lambda file: _overwrite(file, HEADER_BYTES, bytes(LAYOUT.block_bytes)),
    "other signs": lambda file: _overwrite(file, LAYOUT.place(0, "bits"), _random(8 * BLOCK_ROWS)),
    "other keys": lambda file: _overwrite(file, LAYOUT.place(0, "key"), _random(8 * ENTRIES)),
    "other scopes": lambda file: _overwrite(file, LAYOUT.place(0, "scope"), _random(4 * ENTRIES)),
    "other codes": lambda file: _overwrite(file, LAYOUT.place(0, "codes"), _random(DIM * ENTRIES)),
    "other ends": lambda file: _overwrite(file, LAYOUT.place(0, "expires"), b"\1" * 4 * ENTRIES),
}


@pytest.mark.parametrize("poison", INDEX_POISONS)
def test_an_index_that_is_not_ours_is_made_again(folder: Path, poison: str) -> None:
    INDEX_POISONS[poison](folder / LAYOUT.file_name)
    store = opened(folder.parent)
    assert (lost(store), (folder / "executed").exists()) == ([], False)


def test_a_large_index_is_made_again_by_a_write_and_not_by_a_lookup(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_index, "MOST_WHILE_ASKED", ENTRIES - 1)
    (folder / LAYOUT.file_name).unlink()
    store = opened(folder.parent)
    before = len(lost(store))
    store.put(an_entry("after"), a_vector(99))
    assert (before, lost(store)) == (ENTRIES, [])


def test_an_index_that_is_replaced_under_an_open_store_is_made_again(folder: Path) -> None:
    store = opened(folder.parent)
    lost(store)
    other = folder / "other"
    other.write_bytes(_random(10_000))
    other.replace(folder / LAYOUT.file_name)
    assert lost(store) == []


def test_an_index_that_lost_its_newest_rows_is_made_again(folder: Path) -> None:
    before = (folder / LAYOUT.file_name).read_bytes()
    store = opened(folder.parent)
    store.put(an_entry("late"), a_vector(50))
    store.close()
    (folder / LAYOUT.file_name).write_bytes(before)
    near = opened(folder.parent).near("scope-a", a_vector(50), k=1, threshold=0.9, max_tier=9)
    assert [each.entry.id for each in near] == ["id-late"]


def test_a_row_whose_entry_never_came_is_met_and_cleared(folder: Path) -> None:
    changed(folder, "DELETE FROM Cache WHERE key = ?", entry_key("id-1"))
    store = opened(folder.parent)
    store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)
    expires = LAYOUT.place(1, "expires")
    assert (folder / LAYOUT.file_name).read_bytes()[expires : expires + 4] == bytes(4)


def test_files_are_private_under_a_lax_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = opened(tmp_path / "cache")
        store.put(an_entry("one", answer="a" * 200_000), a_vector(1))
        store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)
        (tmp_path / "cache" / "v1" / LAYOUT.file_name).unlink()
        store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)
    finally:
        os.umask(before)
    folder = tmp_path / "cache" / "v1"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_a_lax_folder_is_closed(folder: Path) -> None:
    folder.chmod(0o755)
    opened(folder.parent).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(CacheError, match="Not a directory"):
        opened(tmp_path / "cache")
