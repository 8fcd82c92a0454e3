"""The wire formats of the scripted upstream: one generator a protocol, from a `Reply` to the bytes of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_TEXT = "The quick brown fox jumps over the lazy dog."
BEFORE_MARKER = -1
"""As the number of a fault's piece: all of the text was sent, the protocol's final marker was not."""
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the upstream does with one request.

    Content: `text` in `chunks` pieces (default: about six characters each) after `thinking`, then `tools` as
    (name, arguments) pairs; `usage` is the protocol's own object (None leaves it out, "default" is 12 in, 9 out);
    `finish` the protocol's own word; `extra` is merged into the event that carries the usage.

    Faults: `status` >= 400 with `body` and `headers`; `refuse` closes at once; `garbage` sends a page with status 200;
    `plain` sends this JSON with status 200; after that many pieces `drop_after` resets, `stall_after` waits for ever,
    `end_after` ends politely, `garble_after` sends an event that is not JSON and goes on, and `error_after` sends the
    protocol's error event (`error` replaces its object); BEFORE_MARKER is the place after the last piece;
    `hold_after` waits for `Upstream.release()`; `first_delay_s` and `delay_s` (seconds) come before the headers and
    before each piece; `tcp_bytes` cuts the stream into writes of that many bytes.
    """

    text: str = DEFAULT_TEXT
    chunks: int | None = None
    thinking: str = ""
    signature: str = ""
    tools: tuple[tuple[str, Json], ...] = ()
    usage: Json | str | None = "default"
    finish: str | None = None
    extra: Json = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    refuse: bool = False
    garbage: bool = False
    plain: Json | None = None
    drop_after: int | None = None
    stall_after: int | None = None
    end_after: int | None = None
    garble_after: int | None = None
    error_after: int | None = None
    error: Json | None = None
    hold_after: int | None = None
    first_delay_s: float = 0.0
    delay_s: float = 0.0
    tcp_bytes: int | None = None

    def pieces(self) -> list[str]:
        """`text` as it will be streamed."""
        count = max(1, self.chunks or len(self.text) // 6)
        size = max(1, -(-len(self.text) // count))
        return [self.text[at : at + size] for at in range(0, len(self.text), size)]

    def counted(self, default: Json) -> Json | None:
        """The usage object to send, if any."""
        return default if isinstance(self.usage, str) else self.usage


@dataclass(frozen=True)
class Piece:
    """Bytes that carry the next piece of the text (or Chat Completions' late usage): faults are counted in these."""

    data: bytes


Chunk = Piece | bytes


def _sse(payload: Json, event: str | None = None) -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


def anthropic_stream(reply: Reply, model: str, asked: Json) -> Iterator[Chunk]:
    """Messages: each block has an index; the counts of `message_delta` are cumulative."""
    del asked

    def event(kind: str, **fields: Any) -> bytes:
        return _sse({"type": kind, **fields}, kind)

    counts = reply.counted({"input_tokens": 12, "output_tokens": 9})
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
    message |= {"stop_reason": None, "stop_sequence": None}
    if counts is not None:
        message["usage"] = {**counts, "output_tokens": 1}
    yield event("message_start", message=message)
    yield event("ping")
    index = 0
    if reply.thinking:
        yield event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
        yield event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": reply.thinking})
        if reply.signature:
            yield event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": reply.signature})
        yield event("content_block_stop", index=0)
        index = 1
    if reply.text:
        yield event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for piece in reply.pieces():
            yield Piece(event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece}))
        yield event("content_block_stop", index=index)
        index += 1
    for number, (name, arguments) in enumerate(reply.tools):
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
        yield event("content_block_start", index=index, content_block=block)
        for part in _halves(json.dumps(arguments)):
            yield event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": part})
        yield event("content_block_stop", index=index)
        index += 1
    stop = reply.finish or ("tool_use" if reply.tools else "end_turn")
    last: dict[str, Any] = {"delta": {"stop_reason": stop, "stop_sequence": None}}
    if counts is not None:
        last["usage"] = {"output_tokens": counts.get("output_tokens", 9), **reply.extra}
    yield event("message_delta", **last)
    yield event("message_stop")


def chat_stream(reply: Reply, model: str, asked: Json) -> Iterator[Chunk]:
    """Chat Completions; the usage comes in a chunk of its own, if it was asked for."""

    def event(**fields: Any) -> bytes:
        return _sse({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, **fields})

    def delta(finish: str | None = None, **fields: Any) -> bytes:
        return event(choices=[{"index": 0, "delta": fields, "finish_reason": finish}])

    yield b": keep-alive\n\n"
    yield delta(role="assistant", content="")
    if reply.thinking:
        yield delta(reasoning_content=reply.thinking)
    for piece in reply.pieces():
        yield Piece(delta(content=piece))
    for number, (name, arguments) in enumerate(reply.tools):
        first, second = _halves(json.dumps(arguments))
        function = {"name": name, "arguments": first}
        yield delta(tool_calls=[{"index": number, "id": f"call_{number}", "type": "function", "function": function}])
        yield delta(tool_calls=[{"index": number, "function": {"arguments": second}}])
    yield delta(finish=reply.finish or ("tool_calls" if reply.tools else "stop"))
    counts = reply.counted({"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21})
    if counts is not None and (asked.get("stream_options") or {}).get("include_usage"):
        yield Piece(event(choices=[], usage={**counts, **reply.extra}))
    yield b"data: [DONE]\n\n"


def responses_stream(reply: Reply, model: str, asked: Json) -> Iterator[Chunk]:
    """Responses: items inside one response object, which comes back whole at the end."""
    del asked
    numbers = iter(range(1_000_000))

    def event(kind: str, **fields: Any) -> bytes:
        return _sse({"type": kind, "sequence_number": next(numbers), **fields}, kind)

    response: dict[str, Any] = {"id": "resp_1", "object": "response", "created_at": 1, "model": model, "output": []}
    yield event("response.created", response={**response, "status": "in_progress"})
    if reply.thinking:
        where = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        yield event("response.reasoning_summary_text.delta", delta=reply.thinking, **where)
        item: Json = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": reply.signature or None}
        yield event("response.output_item.done", output_index=0, item=item)
    where = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    for piece in reply.pieces():
        yield Piece(event("response.output_text.delta", delta=piece, logprobs=[], **where))
    for number, (name, arguments) in enumerate(reply.tools):
        call = {"id": f"fc_{number}", "type": "function_call", "call_id": f"call_{number}", "name": name}
        call["arguments"] = json.dumps(arguments)
        yield event("response.output_item.done", output_index=2 + number, item=call)
    counts = reply.counted(
        {
            "input_tokens": 12,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 21,
        }
    )
    finish = reply.finish or "completed"
    done = {**response, "status": "completed" if finish == "completed" else "incomplete", "usage": counts}
    if finish != "completed":
        done["incomplete_details"] = {"reason": finish}
    yield event(f"response.{done['status']}", response={**done, **reply.extra})


def ollama_stream(reply: Reply, model: str, asked: Json) -> Iterator[Chunk]:
    """Ollama: one JSON object a line, the last one with `done`."""
    del asked

    def line(message: Json, **fields: Any) -> bytes:
        body = {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", **message}}
        return (json.dumps({**body, "done": False, **fields}, ensure_ascii=False) + "\n").encode()

    if reply.thinking:
        yield line({"content": "", "thinking": reply.thinking})
    for piece in reply.pieces():
        yield Piece(line({"content": piece}))
    if reply.tools:
        calls = [{"function": {"name": name, "arguments": dict(arguments)}} for name, arguments in reply.tools]
        yield line({"content": "", "tool_calls": calls})
    counts = reply.counted({"prompt_eval_count": 12, "eval_count": 9}) or {}
    yield line({"content": ""}, done=True, done_reason=reply.finish or "stop", **counts, **reply.extra)


def error_event(dialect: str, reply: Reply) -> bytes:
    """An error inside a stream that began with status 200."""
    if dialect == "anthropic":
        error = reply.error or {"type": "overloaded_error", "message": "Overloaded"}
        return _sse({"type": "error", "error": error}, "error")
    if dialect == "responses":
        error = reply.error or {"code": "server_error", "message": "The model broke"}
        response = {"id": "resp_1", "object": "response", "created_at": 1, "output": [], "status": "failed"}
        return _sse({"type": "response.failed", "response": {**response, "error": error}}, "response.failed")
    if dialect == "ollama":
        return (json.dumps({"error": (reply.error or {"error": "the runner has died"})["error"]}) + "\n").encode()
    return _sse({"error": reply.error or {"message": "Provider returned error", "code": 502}})


def garbled_event(dialect: str) -> bytes:
    """An event whose payload is no JSON."""
    if dialect == "ollama":
        return b'{"message": {"con\n'
    name = b"event: content_block_delta\n" if dialect == "anthropic" else b""
    return name + b'data: {"choices": [{"del\n\n'


def error_body(dialect: str, reply: Reply) -> str:
    """The body that goes with an error status."""
    if reply.body is not None:
        return reply.body
    message = f"scripted {reply.status}"
    if dialect == "anthropic":
        return json.dumps({"type": "error", "error": {"type": "scripted_error", "message": message}})
    if dialect == "ollama":
        return json.dumps({"error": message})
    return json.dumps({"error": {"message": message, "type": "scripted"}})


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


STREAMS = {
    "anthropic": anthropic_stream,
    "chat": chat_stream,
    "responses": responses_stream,
    "ollama": ollama_stream,
}
