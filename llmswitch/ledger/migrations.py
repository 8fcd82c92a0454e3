"""How a ledger file comes to the present shape: named steps, each applied once, each in one transaction.

`PRAGMA user_version` counts the steps a file has had. A step is never edited after a release; a change is a new step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from llmswitch.errors import LedgerError

APPLICATION_ID = 0x6C6C6D73
"""Marks the file as ours in SQLite's header ("llms")."""


def _create_dispatches_and_attempts(connection: sqlite3.Connection) -> None:
    """Instants are microseconds since 1970 UTC. Money is whole 1e-12 dollars in `*_pico`, so that sums are exact and
    fast; the `*_usd` columns show the same as dollars to whoever looks with other tools. NULL is "not known"."""
    _create_dispatches(connection)
    _create_attempts(connection)
    connection.execute("CREATE INDEX attempts_by_time ON attempts (started_at)")
    connection.execute("CREATE INDEX attempts_open ON attempts (started_at) WHERE status = 'open'")
    connection.execute("CREATE INDEX dispatches_by_time ON dispatches (started_at)")
    connection.execute("CREATE INDEX dispatches_open ON dispatches (started_at) WHERE status = 'open'")


def _create_dispatches(connection: sqlite3.Connection) -> None:
    connection.execute("""
        CREATE TABLE dispatches (
            id TEXT PRIMARY KEY,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            kind TEXT NOT NULL,
            task TEXT,
            confidence REAL,
            task_source TEXT,
            profile TEXT,
            project TEXT,
            session TEXT,
            hook TEXT,
            status TEXT NOT NULL DEFAULT 'open',
            cache TEXT NOT NULL DEFAULT 'off',
            prompt_hash TEXT,
            exit_code INTEGER,
            owner TEXT
        ) WITHOUT ROWID""")


def _create_attempts(connection: sqlite3.Connection) -> None:
    connection.execute("""
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            dispatch_id TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            first_token_ms REAL,
            total_ms REAL,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            model_id TEXT NOT NULL,
            tier INTEGER,
            plan TEXT,
            local INTEGER NOT NULL DEFAULT 0,
            status TEXT NOT NULL DEFAULT 'open',
            failure TEXT,
            error TEXT,
            input_tokens INTEGER,
            cache_read_tokens INTEGER,
            cache_write_5m_tokens INTEGER,
            cache_write_1h_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            usage_raw TEXT,
            cost_pico INTEGER,
            imputed_pico INTEGER,
            cost_source TEXT,
            price_version TEXT,
            finish TEXT,
            reserved_pico INTEGER,
            owner TEXT,
            cost_usd REAL GENERATED ALWAYS AS (cost_pico / 1e12) VIRTUAL,
            imputed_usd REAL GENERATED ALWAYS AS (imputed_pico / 1e12) VIRTUAL,
            reserved_usd REAL GENERATED ALWAYS AS (reserved_pico / 1e12) VIRTUAL,
            UNIQUE (dispatch_id, ordinal)
        )""")


def _create_cooldowns_and_quota_windows(connection: sqlite3.Connection) -> None:
    """Instants here are POSIX seconds, as the providers' headers have them. `model` '' is every model of a provider."""
    connection.execute("""
        CREATE TABLE cooldowns (
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            until REAL NOT NULL,
            reason TEXT NOT NULL,
            failure TEXT NOT NULL,
            PRIMARY KEY (provider, model)
        ) WITHOUT ROWID""")
    connection.execute("""
        CREATE TABLE quota_windows (
            scope TEXT NOT NULL,
            "window" TEXT NOT NULL,
            minutes INTEGER,
            utilization REAL,
            status TEXT NOT NULL,
            resets_at REAL,
            seen_at REAL NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (scope, "window")
        ) WITHOUT ROWID""")


def _create_sessions_and_turns(connection: sqlite3.Connection) -> None:
    """What was said, where the person asked for it to be kept. `content` is JSON (`turn_json`). The index over the words
    needs FTS5 with trigrams; an SQLite without it searches the turns themselves."""
    connection.execute("""
        CREATE TABLE sessions (
            name TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            project TEXT,
            pinned_model TEXT,
            automatic INTEGER NOT NULL DEFAULT 0
        )""")
    connection.execute("""
        CREATE TABLE turns (
            id INTEGER PRIMARY KEY,
            session TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            role TEXT NOT NULL,
            content TEXT NOT NULL,
            partial INTEGER NOT NULL DEFAULT 0,
            task TEXT,
            dispatch_id TEXT,
            model TEXT,
            provider TEXT,
            created_at INTEGER NOT NULL,
            UNIQUE (session, ordinal)
        )""")
    try:
        connection.execute("CREATE VIRTUAL TABLE turns_index USING fts5(text, tokenize = 'trigram')")
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):  # module or tokenizer
            raise


def _create_imports_and_repricings(connection: sqlite3.Connection) -> None:
    """Calls that were read from other programs' logs: `imported.id` is the call's key, `import_files.id` stands for a
    file's path (`logged_call.key_of`). A key without an attempt is of a call that was deleted here and must not come
    back. `repricings` keeps what a call cost before it was priced again."""
    connection.execute("CREATE TABLE imported (id INTEGER PRIMARY KEY, attempt_id INTEGER)")
    connection.execute("CREATE INDEX imported_by_attempt ON imported (attempt_id)")
    connection.execute("""
        CREATE TABLE import_files (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            size INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            read_to INTEGER NOT NULL,
            state TEXT
        )""")
    connection.execute("CREATE INDEX dispatches_imported ON dispatches (session) WHERE kind = 'import'")
    connection.execute("""
        CREATE TABLE repricings (
            attempt_id INTEGER NOT NULL,
            repriced_at INTEGER NOT NULL,
            cost_pico INTEGER,
            imputed_pico INTEGER,
            cost_source TEXT,
            price_version TEXT,
            PRIMARY KEY (attempt_id, repriced_at)
        ) WITHOUT ROWID""")


def _create_sums_and_cache_hits(connection: sqlite3.Connection) -> None:
    """What reports of large ledgers read instead of every row: see `rollup`. The ids of dispatches sort by time, so an
    index of their times is not worth its 58 bytes a row."""
    from llmswitch.ledger import rollup  # not at the top: every call opens a ledger, and hardly any makes this step

    rollup.create(connection)
    connection.execute("CREATE INDEX dispatches_hits ON dispatches (started_at) WHERE cache = 'hit'")
    connection.execute("DROP INDEX IF EXISTS dispatches_by_time")


def _add_what_a_cache_hit_saved(connection: sqlite3.Connection) -> None:
    """Of a dispatch that the cache answered: which entry, how (`exact`, `semantic`) and how near (cosine); what the call
    that made the entry had cost and taken (NULL: not known); and whether the user called it wrong: then `prompt_hash` is
    that of the kept prompt in its scope."""
    for column in (
        "cache_entry TEXT",
        "cache_how TEXT",
        "cache_score REAL",
        "saved_pico INTEGER",
        "saved_imputed_pico INTEGER",
        "saved_ms INTEGER",
        "cache_wrong INTEGER",
    ):
        connection.execute(f"ALTER TABLE dispatches ADD COLUMN {column}")
    connection.execute("CREATE INDEX dispatches_wrong_hits ON dispatches (prompt_hash) WHERE cache_wrong = 1")


def _keep_sums_of_old_calls(connection: sqlite3.Connection) -> None:
    """Calls that are old go, and their part in the sums stays: see `retention`."""
    from llmswitch.ledger import rollup  # as above

    rollup.keep_sums(connection)


def _add_what_came_of_asking_the_local_model(connection: sqlite3.Connection) -> None:
    """Of a dispatch about whose task a local model was asked: what came of it (`classify.label.Outcome`); else NULL."""
    connection.execute("ALTER TABLE dispatches ADD COLUMN local_label TEXT")
    connection.execute("CREATE INDEX dispatches_local_label ON dispatches (id) WHERE local_label IS NOT NULL")


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [
    _create_dispatches_and_attempts,
    _create_cooldowns_and_quota_windows,
    _create_sessions_and_turns,
    _create_imports_and_repricings,
    _create_sums_and_cache_hits,
    _add_what_a_cache_hit_saved,
    _keep_sums_of_old_calls,
    _add_what_came_of_asking_the_local_model,
]

LATEST = len(MIGRATIONS)


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One reading transaction, so that several statements see the same state of the file."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.rollback()  # nothing was written; does nothing where SQLite has ended it already


def version_of(connection: sqlite3.Connection, path: str) -> int:
    """How many steps this file has had, 0 for an empty one. Raises LedgerError for a newer version's file and for a
    database of another program; sqlite3.DatabaseError for a file that is broken."""
    with _snapshot(connection):  # another process may be making the file right now
        tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if tables and mark != APPLICATION_ID:
        raise LedgerError(
            f"{path} is an SQLite database of another program, not a ledger",
            hint="name another file in LLMSWITCH_LEDGER",
        )
    if version > LATEST:
        raise LedgerError(
            f"{path} was written by a newer llmswitch (ledger version {version}, this one knows {LATEST})",
            hint="upgrade llmswitch, or name another file in LLMSWITCH_LEDGER; nothing was changed",
        )
    return version


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Apply every step that is missing. Safe when several processes do it at once: each step looks again at the
    version once it holds the write lock."""
    for number, step in enumerate(MIGRATIONS, start=1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection, path) < number:
                step(connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()  # a full disk has ended the transaction already; its own error is the one to tell
            raise
