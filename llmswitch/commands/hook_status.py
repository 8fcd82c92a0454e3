"""`llmswitch hook status`: which hooks are installed where, and what of that does not work."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from llmswitch.hooks.hook_file import Found
    from llmswitch.hooks.shim import Hook


def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    from llmswitch.hooks import install as installing
    from llmswitch.hooks.repository import Repository

    repository = Repository.here()
    folder = installing.hooks_folder(repository)
    rows = [(hook, found) for hook, found in installing.status(folder.path)]
    passed_over = installing.passed_over(repository, folder)
    if as_json:
        body = {
            "folder": str(folder.path),
            "core.hooksPath": folder.configured,
            "tracked": folder.tracked,
            "passed_over": [str(path) for path in passed_over],
        }
        typer.echo(json.dumps(body | {"hooks": [_row(hook, found) for hook, found in rows]}, ensure_ascii=False))
        return
    scope = f" (core.hooksPath, {folder.configured})" if folder.configured else ""
    typer.echo(f"{folder.path}{scope}")
    width = max(len(hook) for hook, _ in rows)
    for hook, found in rows:
        typer.echo(f"  {hook:<{width}}  {_state(found)}")
    for path in passed_over:
        sys.stderr.write(f"llmswitch: {path} has lines of llmswitch too, but git does not look there\n")


def _state(found: Found) -> str:
    if found.below is None:
        return "another hook, not of llmswitch" if found.foreign else "not installed"
    words = ["installed"]
    if found.foreign:
        words.append("after the hook that was there")
    if not found.executable:
        words.append("but not executable: git passes it over")
    if found.program is None:
        words.append("but its lines are not readable: install it again")
    elif not _there(found):
        words.append(f"but {found.program} is gone: install it again")
    else:
        words.append(f"calls {found.program}")
        words += ["but its lines are of another version: install it again"] * (not found.current)
    return ", ".join(words)


def _there(found: Found) -> bool:
    return found.program is not None and os.access(found.program, os.X_OK)


def _row(hook: Hook, found: Found) -> dict[str, object]:
    ours = found.below is not None
    return {
        "hook": hook,
        "path": str(found.path),
        "installed": ours,
        "other_hook": found.foreign,
        "executable": found.executable,
        "program": str(found.program) if found.program else None,
        "program_exists": _there(found) if ours else None,
        "current": found.current if ours else None,
    }
