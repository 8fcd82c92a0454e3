"""Where the ledger is: a file of this user, or a PostgreSQL database that several machines share.

The first that says so: `LLMSWITCH_LEDGER_URL`, `LLMSWITCH_LEDGER` (a file), `[ledger] url` in the user's own config.toml, the file
in the data folder. No profile and no project has a say: every command must see the same ledger.
"""

from __future__ import annotations

import os
import tomllib
from urllib.parse import urlsplit

from llmswitch import paths
from llmswitch.errors import ConfigError, LedgerError

SCHEMES = ("postgresql", "postgres")


def url() -> str | None:
    """The database's URL, None where the ledger is a file. Raises ConfigError."""
    if named := os.environ.get("LLMSWITCH_LEDGER_URL", ""):
        return _checked(named, "LLMSWITCH_LEDGER_URL")
    if os.environ.get("LLMSWITCH_LEDGER", ""):
        return None
    file = paths.user_config_file()
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("ledger", {})
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # also what is not TOML, and not UTF-8
        raise ConfigError(f"can't be read: {error}", file=str(file)) from None
    named = found.get("url", "") if isinstance(found, dict) else ""
    if not named:
        return None
    if not isinstance(named, str):
        raise ConfigError("ledger.url must be text", file=str(file))
    if urlsplit(named).password:
        raise ConfigError(
            "ledger.url holds a password, and configuration is no place for one",
            file=str(file),
            hint="put it into ~/.pgpass, PGPASSWORD or LLMSWITCH_LEDGER_URL",
        )
    return _checked(named, f"ledger.url in {file}")


def _checked(named: str, where: str) -> str:
    parts = urlsplit(named)
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise ConfigError(f"{where} is no PostgreSQL URL", hint="as in postgresql://db.example/llmswitch")
    return named


def shown() -> str:
    """The file's path, or the URL without what is secret in it."""
    named = url()
    return str(paths.ledger_file()) if named is None else without_secret(named)


def without_secret(named: str) -> str:
    """The URL as it may be shown: no user, no password, no parameters."""
    parts = urlsplit(named)
    host = parts.hostname or "localhost"
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{host}{port}{parts.path}"


def exists() -> bool:
    """Whether there is anything to read yet. A database counts as there."""
    return url() is not None or paths.ledger_file().exists()


def only_a_file(what: str) -> None:
    """Raise LedgerError where the ledger is a database, for what only makes sense with a file."""
    if (named := url()) is not None:
        raise LedgerError(
            f"{what} is for a ledger in a file; this one is {without_secret(named)}",
            hint="a database is cared for with its own tools (pg_dump, psql); LLMSWITCH_LEDGER=FILE names a file",
        )
