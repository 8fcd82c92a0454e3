"""The cells of the fault matrix.

Each class is shown over one protocol. Where protocols differ in how they say it (an error event, a polite end, a garbled
event) `tests/test_provider_contract.py` holds all of them to the same error classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fault_matrix import CannotHappen, Fault, Outcome, Position, Row, Stdout, broke_off, gave_up, replaced
from upstream_wire import BEFORE_MARKER, Reply

from llmswitch.errors import ExitCode, Failure

BEFORE, HEADERS, MIDDLE, END = Position
RETRIES = "trying first (retry 1: nothing else is left)\ntrying first (retry 2: nothing else is left)\n"
LATER = "every candidate is rate-limited or overloaded:\n"
RESET = "the connection broke (peer closed connection without sending complete message body (incomplete chunked read))"
TOLERANT = "[escalate]\nenabled = true\n"
BUFFERED = f"{TOLERANT}buffer = true\n"
NO_PROGRAM = "```python\ndef f(:\n```\n"
NOT_PYTHON = "its python does not parse (invalid syntax (<unknown>, line 1))"


def _refusal(message: str, **more: str) -> str:
    """The body of an HTTP error."""
    return json.dumps({"type": "error", "error": {"message": message, **more}})


def _events(
    failure: Failure,
    adapter: str,
    error: Mapping[str, Any],
    told: str,
    exit_code: ExitCode,
    *,
    source: str = "estimate",
    retried: bool = False,
) -> Iterator[Fault]:
    """An error event in a stream that began with status 200, in all three places."""
    said = f"{RETRIES}{LATER}{told}" if retried else told
    last = gave_up(failure, exit_code, said, source=source, tries=3 if retried else 1)
    what = "an error event before any content"
    yield Fault(
        failure, HEADERS, what, adapter, replaced(failure, source), last, reply=Reply(error_after=0, error=error)
    )
    partial = broke_off(failure, told, source=source)
    what = "an error event after some of the text"
    yield Fault(failure, MIDDLE, what, adapter, partial, partial, reply=Reply(error_after=3, error=error))
    whole = broke_off(failure, told, stdout=Stdout.WHOLE, source=source)
    what = "an error event instead of the final marker"
    yield Fault(failure, END, what, adapter, whole, whole, reply=Reply(error_after=BEFORE_MARKER, error=error))


def _limits() -> Iterator[Fault]:
    """Rate limit, overload, quota: later it would work."""
    kind, exit_code = Failure.RATE_LIMIT, ExitCode.TRY_LATER
    said = f"{RETRIES}{LATER}one, model-one: rate limited (HTTP 429): scripted 429"
    yield Fault(
        kind,
        BEFORE,
        "429 with `retry-after: 0`",
        "anthropic",
        replaced(kind),
        gave_up(kind, exit_code, said, tries=3),
        reply=Reply(status=429, headers={"retry-after": "0"}),
    )
    error = {"type": "rate_limit_error", "message": "try again in 0s"}
    said = "one, model-one: rate limited: try again in 0s"
    yield from _events(kind, "anthropic", error, said, exit_code, retried=True)

    kind = Failure.OVERLOAD
    broken = "one, model-one: overloaded or broken on its side"
    yield Fault(
        kind,
        BEFORE,
        "503",
        "ollama",
        replaced(kind, "free"),
        gave_up(
            kind,
            exit_code,
            f"{RETRIES}{LATER}{broken} (HTTP 503): busy, try again in 0s",
            source="free",
            tries=3,
        ),
        reply=Reply(status=503, body='{"error": "busy, try again in 0s"}'),
    )
    said = f"{broken}: the runner has died, try again in 0s"
    error = {"error": "the runner has died, try again in 0s"}
    yield from _events(kind, "ollama", error, said, exit_code, source="free", retried=True)

    kind = Failure.QUOTA
    used_up = "one, model-one: the quota or credit is used up"
    reply = Reply(status=429, body=_refusal("no credit is left", code="insufficient_quota"))
    last = gave_up(kind, exit_code, f"{used_up} (HTTP 429): no credit is left")
    yield Fault(kind, BEFORE, "429, `insufficient_quota`", "openai-chat", replaced(kind), last, reply=reply)
    error = {"code": "insufficient_quota", "message": "no credit is left"}
    yield from _events(kind, "openai-chat", error, f"{used_up}: no credit is left", exit_code)


def _denials() -> Iterator[Fault]:
    """What no waiting cures: the key, the model, the prompt's size, its content, its form."""
    kind, exit_code = Failure.AUTHENTICATION, ExitCode.AUTHENTICATION
    refused = "one, model-one: the key was refused"
    last = gave_up(kind, exit_code, f"{refused} (HTTP 401): scripted 401")
    yield Fault(kind, BEFORE, "401", "anthropic", replaced(kind), last, reply=Reply(status=401))
    error = {"type": "authentication_error", "message": "it has expired"}
    yield from _events(kind, "anthropic", error, f"{refused}: it has expired", exit_code)

    kind, exit_code = Failure.NOT_FOUND, ExitCode.FAILED
    missing = "one: the model 'model-one' is not installed at http://HOST\n→ ollama pull model-one"
    error = {"error": "model 'model-one' not found"}
    last = gave_up(kind, exit_code, missing, source="free")
    reply = Reply(status=404, body=json.dumps(error))
    yield Fault(kind, BEFORE, "404", "ollama", replaced(kind, "free"), last, reply=reply)
    yield from _events(kind, "ollama", error, missing, exit_code, source="free")

    kind = Failure.CONTEXT_TOO_LONG
    too_long = "one, model-one: the prompt is too long for this model"
    reply = Reply(status=400, body=_refusal("at most 100000 tokens", code="context_length_exceeded"))
    last = gave_up(kind, exit_code, f"{too_long} (HTTP 400): at most 100000 tokens")
    yield Fault(kind, BEFORE, "400, `context_length_exceeded`", "openai-chat", replaced(kind), last, reply=reply)
    error = {"code": "context_length_exceeded", "message": "at most 100000 tokens"}
    yield from _events(kind, "openai-chat", error, f"{too_long}: at most 100000 tokens", exit_code)

    kind = Failure.BAD_REQUEST
    malformed = "one, model-one: the request was refused as malformed"
    last = gave_up(kind, exit_code, f"{malformed} (HTTP 400): scripted 400")
    yield Fault(kind, BEFORE, "400", "openai", replaced(kind), last, reply=Reply(status=400))
    error = {"code": "invalid_request_error", "message": "no such parameter"}
    yield from _events(kind, "openai", error, f"{malformed}: no such parameter", exit_code)


def _refusals() -> Iterator[Fault]:
    """The provider's filter."""
    kind, exit_code = Failure.REFUSED, ExitCode.FAILED
    declined = "one, model-one: the provider declined the content"
    reply = Reply(status=400, body=_refusal("not this", code="content_policy_violation"))
    last = gave_up(kind, exit_code, f"{declined} (HTTP 400): not this")
    yield Fault(kind, BEFORE, "400, `content_policy_violation`", "openai", replaced(kind), last, reply=reply)
    reply = Reply(text="", finish="content_filter")
    last = gave_up(kind, exit_code, "first: the provider's filter declined this request", source="list")
    what = "the answer ends as filtered, before any content"
    yield Fault(kind, HEADERS, what, "openai", replaced(kind, "list"), last, reply=reply)
    reply = Reply(error_after=3, error={"code": "content_policy_violation", "message": "not this"})
    partial = broke_off(kind, f"{declined}: not this")
    yield Fault(kind, MIDDLE, "an error event after some of the text", "openai", partial, partial, reply=reply)
    reply = Reply(finish="content_filter")
    cut = Outcome(Stdout.WHOLE, "the provider's filter cut the answer off", ExitCode.OK, (Row("ok", None, "list"),))
    yield Fault(kind, END, "the answer ends as filtered, after its text", "openai", cut, cut, reply=reply)


def _connections() -> Iterator[Fault]:
    """The network, whichever way it breaks."""
    kind, exit_code = Failure.NETWORK, ExitCode.NO_CANDIDATE
    said = "one, model-one: could not connect to http://HOST/v1 (All connection attempts failed)"
    last = gave_up(kind, exit_code, said)
    yield Fault(kind, BEFORE, "nobody listens", "openai-chat", replaced(kind), last, address="nobody")
    said = "one, model-one: the connection broke (Server disconnected without sending a response.)"
    last = gave_up(kind, exit_code, said)
    what = "the connection is closed without a word"
    yield Fault(kind, BEFORE, what, "openai-chat", replaced(kind), last, reply=Reply(refuse=True))
    ways = (
        ("openai-chat", "drop_after", "is reset", RESET),
        ("anthropic", "end_after", "ends", "the answer ended early"),
    )
    for adapter, way, does, reason in ways:
        said = f"one, model-one: {reason}"
        reply = Reply(**{way: 0})  # type: ignore[arg-type]  # a count by either name
        what = f"the stream {does} before any content"
        yield Fault(kind, HEADERS, what, adapter, replaced(kind), gave_up(kind, exit_code, said), reply=reply)
        reply = Reply(**{way: 3})  # type: ignore[arg-type]  # as above
        partial = broke_off(kind, said)
        yield Fault(kind, MIDDLE, f"the stream {does} after some of the text", adapter, partial, partial, reply=reply)
        reply = Reply(**{way: BEFORE_MARKER})  # type: ignore[arg-type]  # as above
        whole = broke_off(kind, said, stdout=Stdout.WHOLE)
        yield Fault(kind, END, f"the stream {does} before its final marker", adapter, whole, whole, reply=reply)


def _silence() -> Iterator[Fault]:
    """Timeouts, each with its own limit."""
    kind, exit_code = Failure.TIMEOUT, ExitCode.FAILED

    def told(what: str, seconds: float, key: str) -> str:
        return f"first: {what} within {seconds:g} s\n→ [timeouts] {key} in the profile sets this limit"

    last = gave_up(kind, exit_code, "one, model-one: no connection was made in time (http://HOST/v1)")
    yield Fault(
        kind,
        BEFORE,
        "the handshake never ends",
        "openai-chat",
        replaced(kind),
        last,
        address="silent",
        timeouts={"connect_s": 0.2},
        detail="connect",
    )
    silences = (
        (BEFORE, "nothing comes", Reply(first_delay_s=3_600)),
        (HEADERS, "no content comes", Reply(stall_after=0)),
    )
    for key, detail, adapter, said in (
        ("first_token_s", "first token", "anthropic", "no answer began"),
        ("total_s", "total", "openai-chat", "the answer was not complete"),
    ):
        last = gave_up(kind, exit_code, told(said, 0.3, key))
        for position, what, reply in silences:
            yield Fault(
                kind, position, what, adapter, replaced(kind), last, reply=reply, timeouts={key: 0.3}, detail=detail
            )
    stalls = (
        (MIDDLE, "silence after some of the text", 3, Stdout.PART),
        (END, "silence before the final marker", BEFORE_MARKER, Stdout.WHOLE),
    )
    for key, detail, adapter, said, seconds, source in (
        ("idle_s", "idle", "ollama", "nothing more came", 0.4, "free"),
        ("total_s", "total", "openai-chat", "the answer was not complete", 2.0, "estimate"),
    ):
        for position, what, pieces, stdout in stalls:
            broken = broke_off(kind, told(said, seconds, key), stdout=stdout, source=source)
            limits = {key: seconds}
            reply = Reply(stall_after=pieces)
            yield Fault(kind, position, what, adapter, broken, broken, reply=reply, timeouts=limits, detail=detail)


def _nonsense() -> Iterator[Fault]:
    """Answers that are none."""
    kind, exit_code = Failure.PROTOCOL, ExitCode.FAILED
    said = "one, model-one: expected an event stream, got text/html from http://HOST/v1"
    last = gave_up(kind, exit_code, said)
    what = "a web page with status 200 (a hotel's network)"
    yield Fault(kind, HEADERS, what, "openai-chat", replaced(kind), last, reply=Reply(garbage=True))
    said = "one, model-one: the answer is not what the protocol says (JSONDecodeError)"
    last = gave_up(kind, exit_code, said)
    what = "an event that is not JSON before any content"
    yield Fault(kind, HEADERS, what, "anthropic", replaced(kind), last, reply=Reply(garble_after=0))
    partial = broke_off(kind, said)
    what = "an event that is not JSON after some of the text"
    yield Fault(kind, MIDDLE, what, "anthropic", partial, partial, reply=Reply(garble_after=3))
    whole = broke_off(kind, said, stdout=Stdout.WHOLE)
    what = "an event that is not JSON before the final marker"
    yield Fault(kind, END, what, "anthropic", whole, whole, reply=Reply(garble_after=BEFORE_MARKER))

    kind = Failure.EMPTY
    last = gave_up(kind, exit_code, "first: the answer was empty", source="list")
    yield Fault(kind, END, "no content at all", "anthropic", replaced(kind, "list"), last, reply=Reply(text=""))
    said = "first: the token limit was used up before any content (by reasoning, as a rule)"
    last = gave_up(kind, exit_code, said, source="list")
    reply = Reply(text="", thinking="Let me see.", finish="length")
    what = "reasoning up to the token limit, and no content"
    yield Fault(kind, END, what, "openai-chat", replaced(kind, "list"), last, reply=reply)

    kind = Failure.INADEQUATE
    said = f"no stronger model could be asked: this is first's answer ({NOT_PYTHON})"
    last = Outcome(Stdout.WHOLE, said, ExitCode.OK, (Row("failed", kind, "free"),))
    what = "code that does not parse; `[escalate]` with `buffer`"
    reply = Reply(text=NO_PROGRAM)
    yield Fault(kind, END, what, "ollama", replaced(kind, "free"), last, reply=reply, profile=BUFFERED)
    said = f"first's answer may not do: {NOT_PYTHON}; -m asks another model"
    shown = Outcome(Stdout.WHOLE, said, ExitCode.OK, (Row("ok", None, "free"),))
    what = "code that does not parse; `[escalate]` without `buffer`: it has been passed on"
    yield Fault(kind, END, what, "ollama", shown, shown, reply=reply, profile=TOLERANT)


FAULTS: tuple[Fault, ...] = (
    *_limits(),
    *_denials(),
    *_refusals(),
    *_connections(),
    *_silence(),
    *_nonsense(),
)

_STANDS = "the connection stands by then"
_BEGUN = "the answer has begun; from here on `idle` counts"
_NOT_BEGUN = "until the first content `first_token` counts"
_COMPLETE = "only a complete answer can be empty; one that stops here is `network` or `timeout`"
_JUDGED = "only a complete answer is judged; one that stops here is `network` or `timeout`"

CANNOT_HAPPEN: tuple[CannotHappen, ...] = (
    CannotHappen(
        Failure.PROTOCOL, BEFORE, "without a byte there is nothing to misread; a connection closed so is `network`"
    ),
    *(CannotHappen(Failure.TIMEOUT, position, _STANDS, "connect") for position in (HEADERS, MIDDLE, END)),
    *(CannotHappen(Failure.TIMEOUT, position, _BEGUN, "first token") for position in (MIDDLE, END)),
    *(CannotHappen(Failure.TIMEOUT, position, _NOT_BEGUN, "idle") for position in (BEFORE, HEADERS)),
    *(CannotHappen(Failure.EMPTY, position, _COMPLETE) for position in (BEFORE, HEADERS)),
    CannotHappen(Failure.EMPTY, MIDDLE, "content has come"),
    *(CannotHappen(Failure.INADEQUATE, position, _JUDGED) for position in (BEFORE, HEADERS, MIDDLE)),
)
