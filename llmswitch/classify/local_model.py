"""Ask a small local model behind Ollama which task a prompt is. Standard library only, one hard deadline for everything.

Whatever goes wrong comes back as a reason in words and an outcome that can be counted; nothing is raised.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, cast

from llmswitch.classify import trust
from llmswitch.classify.answer_memory import AnswerMemory, key_of
from llmswitch.classify.label import Difficulty, Outcome
from llmswitch.classify.model_prompt import INSTRUCTION, UnusableAnswerError, body_of, cut, read
from llmswitch.classify.request_text import person_request
from llmswitch.ollama_address import Address

CONNECT_S = 0.25
"""How long a connection may take: Ollama on this machine answers in a millisecond or is not there."""
LOADING_S = 300.0
"""How long a connection is kept open for a model that is only being loaded."""
LARGEST_ANSWER = 4_000_000
"""Bytes; a list of hundreds of installed models is some hundred thousand."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, or `reason`: why it said nothing. `ms` is the time it took in all."""

    task: str | None
    difficulty: Difficulty = "normal"
    model: str = ""
    ms: float = 0.0
    reason: str | None = None
    outcome: Outcome = "answered"


class _UnansweredError(Exception):
    """No answer: the message says why, `outcome` how it is counted."""

    def __init__(self, reason: str, outcome: Outcome) -> None:
        super().__init__(reason)
        self.outcome = outcome


class _Installed(NamedTuple):
    """A model Ollama has, and its number of parameters if that is known."""

    name: str
    parameters: float | None


@dataclass(slots=True)
class LocalModel:
    """A local model that labels. `models` are Ollama's names in order of preference: the first installed one is asked.
    `only_trusted`: one that is known, or likely, to guess is not asked."""

    address: Address
    models: Sequence[str]
    deadline_ms: int = 1500
    headers: Mapping[str, str] = field(default_factory=dict)
    memory: AnswerMemory = field(default_factory=AnswerMemory)
    only_trusted: bool = False

    @property
    def too_slow(self) -> str:
        """The reason when the deadline ran out."""
        return f"no answer within {self.deadline_ms} ms"

    def ask(self, request: str, attachment: str = "") -> Answer:
        """The model's answer within the deadline; a remembered one at once. A model that is only being loaded is left to it:
        Ollama gives up loading when the connection closes, and would never come to have it ready."""
        started = time.monotonic()
        text = cut(person_request(request) or attachment)
        if not text.strip():
            return Answer(None, reason="nothing to read", outcome="unusable")
        call = _Call(self, text, started + self.deadline_ms / 1000)
        worker = threading.Thread(target=call.run, name="local classifier", daemon=True)
        worker.start()
        worker.join(self.deadline_ms / 1000)
        answer = call.answer
        if answer is None and call.loading:
            answer = Answer(None, reason=f"{call.loading} is being loaded, {self.too_slow}", outcome="loading")
        elif answer is None:
            call.give_up()
            answer = Answer(None, reason=self.too_slow, outcome="late")
        ms = (time.monotonic() - started) * 1000
        return Answer(answer.task, answer.difficulty, answer.model, ms, answer.reason, answer.outcome)


@dataclass(slots=True)
class _Call:
    """One question, in a thread of its own; `give_up` closes its connection, which also stops Ollama's work on it. `loading`
    names the model while it is not in memory yet."""

    asker: LocalModel
    text: str
    deadline: float
    answer: Answer | None = None
    connection: HTTPConnection | None = None
    loading: str | None = None
    given_up: bool = False

    def run(self) -> None:
        """Set `answer`, whatever happens."""
        try:
            self.answer = self._answer()
        except _UnansweredError as error:
            self.answer = Answer(None, reason=str(error), outcome=error.outcome)
        except UnusableAnswerError as error:
            self.answer = Answer(None, reason=str(error), outcome="unusable")
        except TimeoutError:
            late = self._late()
            reason = self.asker.too_slow if late else "Ollama does not answer"
            self.answer = Answer(None, reason=reason, outcome="late" if late else "away")
        except (OSError, HTTPException, ValueError, AttributeError) as error:
            # AttributeError: http.client on a connection that `give_up` closed under it
            self.answer = Answer(None, reason=f"Ollama can't be reached ({type(error).__name__})", outcome="away")
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Close the connection, if there is one, also under a read that waits on it."""
        self.given_up = True
        if self.connection is not None:
            if self.connection.sock is not None:
                with suppress(OSError):
                    self.connection.sock.shutdown(socket.SHUT_RDWR)
            self.connection.close()

    def _answer(self) -> Answer:
        self._connect()
        model, parameters = self._installed()
        if self.asker.only_trusted and (why := trust.of(model).why_not(model, parameters)):
            raise _UnansweredError(why, "untrusted")
        memory, key = self.asker.memory, key_of(model, INSTRUCTION, self.text)
        if remembered := memory.get(key):
            task, difficulty = remembered
            return Answer(task, cast("Difficulty", difficulty), model, outcome="remembered")
        self.loading = None if self._is_loaded(model) else model
        said = self._request("POST", "/api/chat", json.dumps(body_of(model, self.text)).encode())
        task, difficulty = read(said)
        memory.put(key, task, difficulty)
        return Answer(task, difficulty, model)

    def _connect(self) -> None:
        address = self.asker.address
        kind = HTTPSConnection if address.secure else HTTPConnection
        self.connection = kind(address.host, address.port, timeout=min(CONNECT_S, self._left()))
        self.connection.connect()

    def _installed(self) -> _Installed:
        """The first model of the list that is installed. Raises _UnansweredError."""
        known = {entry["name"]: entry for entry in self._models("/api/tags")}
        for wanted in self.asker.models:
            for name in (wanted, f"{wanted}:latest"):
                if name in known:
                    details = known[name].get("details")
                    told = details.get("parameter_size") if isinstance(details, dict) else None
                    return _Installed(name, trust.parameters_of(name, told))
        names = ", ".join(self.asker.models) or "the configured models"
        raise _UnansweredError(f"none of {names} is installed", "missing")

    def _is_loaded(self, model: str) -> bool:
        """Whether Ollama has the model in memory; one too old to tell is taken to have it."""
        try:
            return any(entry["name"] == model for entry in self._models("/api/ps"))
        except _UnansweredError:
            return True

    def _models(self, path: str) -> list[dict[str, Any]]:
        listed = self._request("GET", path, None).get("models")
        return [one for one in listed if isinstance(one, dict) and "name" in one] if isinstance(listed, list) else []

    def _request(self, method: str, path: str, body: bytes | None) -> Mapping[str, Any]:
        connection = self.connection
        if connection is None or self.given_up:
            raise _UnansweredError(self.asker.too_slow, "late")
        if connection.sock is None:  # the server closes after each answer
            connection.connect()
        connection.sock.settimeout(LOADING_S if self.loading else self._left())
        headers = {"content-type": "application/json", **self.asker.headers}
        connection.request(method, self.asker.address.path + path, body, headers)
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER)
        if response.status != 200:
            raise _UnansweredError(f"Ollama answered {response.status}", "unusable")
        try:
            parsed = json.loads(content)
        except ValueError:
            raise _UnansweredError("Ollama's answer is not JSON", "unusable") from None
        if not isinstance(parsed, dict):
            raise _UnansweredError("Ollama's answer is not a JSON object", "unusable")
        return parsed

    def _late(self) -> bool:
        return time.monotonic() >= self.deadline - 0.01

    def _left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.001)
