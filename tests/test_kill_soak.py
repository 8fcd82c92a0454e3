"""A thousand dispatches with faults, cancellations and killed processes: every attempt keeps exactly one row."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
import soak_worker
from soak_worker import RESERVE, Batch, prompt_of
from upstream import BEFORE_MARKER, Reply, Upstream

from llmswitch.ledger.store import Ledger
from llmswitch.tasks import TASKS

SEED = 20_261_123
DISPATCHES = 1_000
WORKERS = 3
BATCH = 80
KILLED = 0.8
LIFE_S = (0.1, 1.5)
"""How long a process that will be killed lives, at least and at most."""
BOUND_S = 240.0

REPLIES: dict[str, Reply] = {
    "good": Reply(),
    "slow": Reply(delay_s=0.03),
    "limited": Reply(status=429, headers={"retry-after": "0"}),
    "busy": Reply(status=503),
    "denied": Reply(status=401),
    "closed": Reply(refuse=True),
    "page": Reply(garbage=True),
    "lost-early": Reply(drop_after=0),
    "lost-late": Reply(drop_after=3),
    "unfinished": Reply(end_after=BEFORE_MARKER),
    "broken-early": Reply(error_after=0),
    "broken-late": Reply(error_after=4),
    "garbled": Reply(garble_after=2),
    "empty": Reply(text=""),
    "silent": Reply(stall_after=0),
    "stalled": Reply(stall_after=2),
}
"""The model id says what the upstream does."""
PROVIDERS = {"chat": ("openai-chat", "/v1"), "messages": ("anthropic", ""), "local": ("ollama", "")}


@dataclass
class Soak:
    """What was done: the journal's lines, and how many processes were killed."""

    journal: list[list[str]] = field(default_factory=list)
    started: int = 0
    killed: int = 0

    def lines(self, word: str) -> list[list[str]]:
        """The lines that begin with `word`, without it."""
        return [line[1:] for line in self.journal if line[0] == word]


@dataclass
class Running:
    """A process, what it was given, how many seconds after its first line it will be killed (None: never), and when it
    wrote that line (monotonic seconds)."""

    process: ForkServerProcess
    batch: Batch
    lives_s: float | None
    began: float | None = None

    def is_due(self) -> bool:
        """Whether it is to be killed now. Its clock starts with its work, however long the machine takes to start it."""
        if self.began is None and self.batch.journal.exists():
            self.began = time.monotonic()
        return self.lives_s is not None and self.began is not None and time.monotonic() > self.began + self.lives_s


@pytest.mark.timeout(300)
def test_a_thousand_dispatches_keep_one_row_an_attempt(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the fork server of Python 3.11 does not take our path
    for model, reply in REPLIES.items():
        upstream.script(reply, model=model, times=None)
    chance = random.Random(SEED)
    profile, ledger = tmp_path / "soak.toml", tmp_path / "ledger.db"
    profile.write_text(_profile(upstream.url, chance))
    soak = _run(chance, profile, ledger, tmp_path)
    with Ledger.open(ledger):
        pass  # the next start: it sweeps up what the killed ones left
    with closing(sqlite3.connect(ledger)) as connection:
        connection.row_factory = sqlite3.Row
        attempts = [
            dict(row)
            for row in connection.execute(
                "SELECT a.*, d.session FROM attempts a JOIN dispatches d ON d.id = a.dispatch_id"
            )
        ]
        dispatches = [dict(row) for row in connection.execute("SELECT * FROM dispatches")]
    print(
        f"{soak.started} processes, {soak.killed} killed; attempts: {dict(Counter(row['status'] for row in attempts))}"
    )
    assert soak.killed >= 10
    _check_journal(soak, attempts)
    _check_requests(upstream, attempts)
    _check_lost(attempts, dispatches)
    assert {row["status"] for row in attempts} == {"ok", "failed", "cancelled", "partial", "lost"}
    assert len(soak.lines("begin")) == DISPATCHES


def _check_journal(soak: Soak, attempts: list[dict[str, Any]]) -> None:
    """Rows and attempts that were made are the same, one to one; each ended as its row says."""
    rows = Counter((row["session"], str(row["ordinal"]), row["model_id"]) for row in attempts)
    tried = Counter((prompt_of(int(number)), ordinal, model) for number, ordinal, model in soak.lines("try"))
    assert max(rows.values()) == 1, "an attempt has two rows"
    assert max(tried.values()) == 1
    assert not rows - tried, "a row of an attempt that nobody made"
    done = {prompt_of(int(number)) for [number] in soak.lines("done")}
    unopened = {session for session, _, _ in (tried - rows) if session in done}
    cancelled = {row["session"] for row in attempts if row["status"] == "cancelled"}
    assert not {key for key in tried - rows if key[0] in cancelled}, "an attempt was cancelled twice"
    status = {(row["session"], str(row["ordinal"])): row["status"] for row in attempts}
    for number, ordinal, how in soak.lines("end"):
        assert status[prompt_of(int(number)), ordinal] == how
    # an attempt without a row: the process was killed, or the dispatch cancelled, between the announcement and the row
    assert len(tried - rows) <= soak.killed * soak_worker.AT_ONCE + len(unopened)


def _check_requests(upstream: Upstream, attempts: list[dict[str, Any]]) -> None:
    """Every request that arrived has its row, and every row that tells of an answer had its request."""
    arrived: Counter[tuple[str, str]] = Counter()
    for seen in upstream.requests:
        if seen.method == "POST":
            prompt = json.dumps(seen.body).partition("soak-")[2][:6]
            arrived[f"soak-{prompt}", seen.model] += 1
    rows = Counter((row["session"], row["model_id"]) for row in attempts)
    assert not arrived - rows, "a request without a row"
    answered = Counter((row["session"], row["model_id"]) for row in attempts if row["status"] in ("ok", "partial"))
    assert not answered - arrived, "an answer without a request"
    silent = rows - arrived
    # killed, cancelled or out of time before the request was on its way
    stopped = [row for row in attempts if row["status"] in ("lost", "cancelled") or row["failure"] == "timeout"]
    never_sent = Counter((row["session"], row["model_id"]) for row in stopped)
    assert not silent - never_sent, "a row without a request, though nothing stopped it"


def _check_lost(attempts: list[dict[str, Any]], dispatches: list[dict[str, Any]]) -> None:
    """Nothing is open; what a killed process left is lost, its reserve released, with a note that says so."""
    assert not [row for row in (*attempts, *dispatches) if row["status"] == "open"]
    assert not [row for row in attempts if row["reserved_pico"] is not None], "a reserve was not released"
    assert not [row for row in (*attempts, *dispatches) if row["owner"] is not None]
    lost = [row for row in attempts if row["status"] == "lost"]
    assert lost
    for row in lost:
        assert row["error"].endswith(f"${RESERVE:.6f} of reserved budget were released")
        assert row["cost_source"] in ("unknown", "free")
        assert (row["cost_pico"] == 0) is (row["cost_source"] == "free")


def _profile(url: str, chance: random.Random) -> str:
    """Every model of every provider, each on the route of one task."""
    parts = ["[timeouts]\nfirst_token_s = 0.4\nidle_s = 0.4\n"]
    names = []
    for provider, (kind, path) in PROVIDERS.items():
        parts.append(f'[providers.{provider}]\nkind = "{kind}"\nbase_url = "{url}{path}"\n')
        for model in REPLIES:
            names.append(f"{provider}-{model}")
            price = "" if kind == "ollama" else "price = { input = 1, output = 2 }\n"
            parts.append(f'[models.{names[-1]}]\nprovider = "{provider}"\nmodel = "{model}"\n{price}')
    parts.append('[cache]\nstore = "off"\n[routes]\n')
    chance.shuffle(names)
    parts += [f"{task} = {json.dumps(names[number :: len(TASKS)])}\n" for number, task in enumerate(TASKS)]
    parts.append(f"[fallback]\nchain = {json.dumps(['local-slow', 'messages-good', 'chat-slow'])}\n")
    return "".join(parts)


def _run(chance: random.Random, profile: Path, ledger: Path, folder: Path) -> Soak:
    """Start processes and kill them until every dispatch was begun once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["soak_worker"])
    soak, ids, running = Soak(), list(range(DISPATCHES)), list[Running]()
    deadline = time.monotonic() + BOUND_S
    while ids or running:
        assert time.monotonic() < deadline, f"{len(ids)} dispatches were left"
        while ids and len(running) < WORKERS:
            taken, ids = ids[:BATCH], ids[BATCH:]
            journal = folder / f"journal-{soak.started}"
            batch = Batch(tuple(taken), chance.randrange(2**32), tuple(TASKS), profile, ledger, journal)
            process = context.Process(target=soak_worker.run, args=(batch,))
            process.start()
            soak.started += 1
            running.append(Running(process, batch, chance.uniform(*LIFE_S) if chance.random() < KILLED else None))
        wait([one.process.sentinel for one in running], timeout=0.02)
        for one in list(running):
            if not one.process.is_alive():
                running.remove(one)
                ids += _collect(soak, one)
            elif one.is_due():
                one.process.kill()
                one.process.join()
                soak.killed += 1
    return soak


def _collect(soak: Soak, one: Running) -> list[int]:
    """Read the journal of a process that ended; the ids it never came to."""
    assert one.process.exitcode == 0 or one.lives_s is not None, "a process broke by itself"
    assert one.process.exitcode in (0, -9)
    one.process.close()
    lines = [line.split() for line in one.batch.journal.read_text().splitlines()] if one.batch.journal.exists() else []
    soak.journal += lines
    begun = {int(line[1]) for line in lines if line[0] == "begin"}
    return [number for number in one.batch.ids if number not in begun]
