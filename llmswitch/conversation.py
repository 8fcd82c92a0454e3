"""The canonical request and the events of an answer: what the engine speaks, whoever is on either side.

Adapters translate it to a vendor's protocol and back. Nothing here knows a vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "assistant"]
FinishReason = Literal["stop", "length", "refusal", "tool_use", "other"]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text of either side."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the user: `media_type` such as `image/png`, and its raw bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model's reasoning. `signature` is opaque and valid only for the provider and model id in `origin`."""

    text: str
    signature: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call the model asks for; `input` is the decoded JSON object."""

    id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the call `tool_use_id`."""

    tool_use_id: str
    content: str
    is_error: bool = False


Block = Text | Image | Thinking | ToolUse | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: Role
    content: tuple[Block, ...]

    @property
    def text(self) -> str:
        """All text blocks, joined."""
        return "".join(block.text for block in self.content if isinstance(block, Text))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; `input_schema` is JSON Schema."""

    name: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a model. `schema` (JSON Schema) asks for an answer of that shape; `thinking` for visible
    reasoning; `max_output_tokens` None means the model's own limit."""

    messages: tuple[Message, ...]
    system: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    schema: Mapping[str, Any] | None = None
    thinking: bool = False

    @property
    def has_images(self) -> bool:
        """Whether any turn carries an image."""
        return any(isinstance(block, Image) for message in self.messages for block in message.content)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in disjoint buckets; None where the provider did not say, which is not 0.

    `input_tokens` is fresh input (neither read from nor written to a prompt cache); `reasoning_tokens` is a part of
    `output_tokens`, not an addition to it.
    """

    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def cache_write_tokens(self) -> int | None:
        """Both cache write buckets together."""
        return _sum(self.cache_write_5m_tokens, self.cache_write_1h_tokens)

    @property
    def prompt_tokens(self) -> int | None:
        """Everything that went in: fresh, read from and written to the prompt cache."""
        return _sum(self.input_tokens, self.cache_read_tokens, self.cache_write_tokens)


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """The next piece of visible reasoning; `signature` comes with the last piece, where the vendor signs."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete tool call of the model."""

    id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The usage so far: it replaces an earlier report, it is never added to it. `raw` is the vendor's own object."""

    usage: Usage
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CostReport:
    """The provider's own figure in US dollars, as a decimal string. `imputed` marks a figure that nobody has to pay
    because a plan covers the call."""

    usd: str
    imputed: bool = False


@dataclass(frozen=True, slots=True)
class QuotaReport:
    """One quota window as the provider reported it: `utilization` in 0..1 or None, `resets_at` POSIX seconds or None,
    `minutes` its length or None, `status` one of allowed, warning, rejected."""

    window: str
    status: Literal["allowed", "warning", "rejected"]
    utilization: float | None = None
    resets_at: float | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should read on stderr; never a part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A slow preparation under way (a download, a model load): `done` and `total` in `unit`, total None if unknown."""

    label: str
    done: int = 0
    total: int | None = None
    unit: str = "bytes"


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete; always the last event of a successful stream."""

    reason: FinishReason = "stop"
    raw: Mapping[str, Any] = field(default_factory=dict)


Event = TextDelta | ThinkingDelta | ToolCall | UsageReport | CostReport | QuotaReport | Notice | Progress | Finish
