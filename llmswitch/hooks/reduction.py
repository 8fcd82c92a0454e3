"""Which files a model is only told of: lock files, binaries, generated, minified, vendored and sensitive ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from llmswitch.hooks.changes import FileChange
from llmswitch.hooks.reduced_names import BINARY, GENERATED, GENERATED_HEADER, LOCK_FILE, MINIFIABLE, VENDORED
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.sensitive_names import is_sensitive

HEADER_BYTES = 1024
HEADER_CHECKED = 48
"""Files whose beginning is looked up in the object store; the ones with the longest patches."""
WORTH_CHECKING = 4 * 1024
"""Characters of patch from which on that pays."""
LONG_LINE = 2_000
"""A changed line of this many characters makes a script or a style sheet a minified one."""

_ATTRIBUTES = ("linguist-generated", "linguist-vendored", "diff")
_TRUE = frozenset({b"set", b"true"})
_FALSE = frozenset({b"unset", b"false"})


@dataclass(frozen=True, slots=True)
class Reduction:
    """Says of each file why it is reduced, if it is."""

    repository: Repository

    def by_name(self, files: Sequence[FileChange]) -> Sequence[FileChange]:
        """Before the patches are read: by name, and by `.gitattributes`, which has the last word but for sensitive
        names."""
        attributes = self._attributes(files)
        return [replace(file, reduced=_named(file, attributes.get(file.path, {}))) for file in files]

    def by_content(self, files: Sequence[FileChange]) -> tuple[FileChange, ...]:
        """After it: minified lines, and headers that say that the file is generated."""
        generated = self._generated(files)
        return tuple(
            replace(file, reduced="generated" if file.path in generated else "minified", patch="")
            if file.reduced is None and (file.path in generated or _is_minified(file))
            else file
            for file in files
        )

    def _attributes(self, files: Sequence[FileChange]) -> dict[str, dict[str, bytes]]:
        """What `.gitattributes` says, as it is in the index."""
        if not files:
            return {}
        paths = b"".join(os.fsencode(file.path) + b"\0" for file in files)
        said = self.repository.run("check-attr", "--cached", "-z", "--stdin", *_ATTRIBUTES, stdin=paths)
        parts = said.split(b"\0")
        found: dict[str, dict[str, bytes]] = {}
        for path, name, value in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
            if value != b"unspecified":
                found.setdefault(os.fsdecode(path), {})[name.decode()] = value
        return found

    def _generated(self, files: Sequence[FileChange]) -> set[str]:
        """The paths of long patches whose file says at its beginning that a program wrote it."""
        found = {file.path for file in files if file.reduced is None and _head_of_patch_is_generated(file)}
        open_ = [file for file in files if file.reduced is None and file.path not in found]
        open_ = [file for file in open_ if len(file.patch) >= WORTH_CHECKING and file.status not in ("D", "U")]
        open_ = sorted(open_, key=lambda file: -len(file.patch))[:HEADER_CHECKED]
        return found | {
            file.path for file, head in zip(open_, self._heads(open_), strict=True) if GENERATED_HEADER.search(head)
        }

    def _heads(self, files: Sequence[FileChange]) -> Iterable[bytes]:
        if not files:
            return []
        wanted = "".join(f"{file.new_blob}\n" for file in files).encode()
        answer = self.repository.run("cat-file", "--batch", stdin=wanted)
        heads = []
        at = 0
        for _ in files:
            end = answer.index(b"\n", at)
            about = answer[at:end].split(b" ")
            size = int(about[2]) if len(about) == 3 else 0
            heads.append(answer[end + 1 : end + 1 + min(size, HEADER_BYTES)])
            at = end + 1 + (size + 1 if len(about) == 3 else 0)
        return heads


def _named(file: FileChange, attributes: dict[str, bytes]) -> str | None:
    path = PurePosixPath(file.path)
    if is_sensitive(file.path) or (file.old_path is not None and is_sensitive(file.old_path)):
        return "sensitive name"
    if attributes.get("linguist-generated") in _TRUE:
        return "generated"
    if attributes.get("linguist-vendored") in _TRUE:
        return "vendored"
    if LOCK_FILE.match(path.name):
        return "lock file"
    if attributes.get("diff") in _FALSE or BINARY.search(path.name):
        return "binary"
    if attributes.get("linguist-generated") not in _FALSE and GENERATED.search(path.name):
        return "generated"
    if attributes.get("linguist-vendored") not in _FALSE and VENDORED.search(file.path):
        return "vendored"
    return None


def _head_of_patch_is_generated(file: FileChange) -> bool:
    """Whether the patch shows the file's first lines and they say so."""
    if not file.patch.startswith(("@@ -0,0 +1", "@@ -1 ", "@@ -1,")):
        return False
    return GENERATED_HEADER.search(file.patch[:HEADER_BYTES].encode("utf-8", "replace")) is not None


def _is_minified(file: FileChange) -> bool:
    if not MINIFIABLE.search(file.path):
        return False
    return any(len(line) > LONG_LINE for line in file.patch.split("\n"))
