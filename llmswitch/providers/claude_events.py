"""The lines of `claude -p --output-format stream-json --include-partial-messages`, read into our events.

{"type": "system", "subtype": "init", "apiKeySource": "none", …}         once, before anything is sent
{"type": "system", "subtype": "api_retry", "error_status": 529, …}       it would wait and try again
{"type": "stream_event", "event": {the API's own event}, "parent_tool_use_id": null}
{"type": "assistant", "message": {…}, "error": "rate_limit"}             each block again, whole; errors as text
{"type": "rate_limit_event", "rate_limit_info": {…}}
{"type": "result", "is_error": …, "result": …, "usage": …, "total_cost_usd": …, "structured_output": …}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmswitch.conversation import Event, Finish, Notice, Progress, TextDelta, ThinkingDelta, UsageReport
from llmswitch.errors import NetworkError, ProviderError
from llmswitch.providers import claude_failure, claude_quota, claude_usage
from llmswitch.providers.anthropic_messages import FINISH
from llmswitch.providers.call_site import CallSite

API_KEYS = frozenset({"user", "project", "org", "temporary"})
"""Older words of `apiKeySource` for a key; newer ones have "key" in them. A subscription's login is `none` or `oauth`."""


@dataclass(slots=True)
class Answer:
    """The run so far. `plan`: a subscription covers it. `structured`: the answer is the result's JSON, not the text on the
    way to it. `capped`: stop where the output limit cuts the answer off. `complete`: the program has said its last."""

    site: CallSite
    plan: bool
    structured: bool = False
    capped: bool = False
    finish: Finish | None = None
    failure: ProviderError | None = None
    complete: bool = False
    _text: bool = False
    _open: bool = False
    _break: bool = False
    _messages: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _stop_reason: str | None = None
    _error: str = ""
    _rejected: bool = False
    _resets_at: float | None = None
    _extra_usage: bool = False

    def read(self, event: Mapping[str, Any]) -> list[Event]:
        """Our events for one line. Sets `finish` or `failure` at the end; what came with the failure is returned first."""
        match event.get("type"):
            case "stream_event":
                return self._api(_table(event.get("event")), str(event.get("parent_tool_use_id") or ""))
            case "system":
                self._system(event)
            case "assistant":
                self._error = str(event.get("error") or self._error)
            case "rate_limit_event":
                return self._quota(_table(event.get("rate_limit_info")))
            case "result":
                return self._result(event)
        return []

    def _system(self, event: Mapping[str, Any]) -> None:
        if event.get("subtype") == "init":
            source = str(event.get("apiKeySource") or "none")
            if self.plan and (source in API_KEYS or "key" in source.lower()):
                self.failure = claude_failure.bills_the_api(source, self.site)
        elif event.get("subtype") == "api_retry":
            status = event.get("error_status")
            kind = str(event.get("error") or "")
            text = kind.replace("_", " ") if status else "connection error"
            said = claude_failure.Complaint(
                text, status if isinstance(status, int) else None, kind, rejected=self._rejected
            )
            self.failure = claude_failure.failure(said, self.site)

    def _api(self, event: Mapping[str, Any], parent: str) -> list[Event]:
        """One of the API's stream events. `parent` names the tool call a subagent works for: its events only count."""
        own = not parent
        match event.get("type"):
            case "message_start":
                return self._start(_table(event.get("message")), parent)
            case "content_block_start" if own:
                block = _table(event.get("content_block"))
                if block.get("type") == "tool_use" and not self.structured:
                    return [Progress(f"{self.site.provider}: {block.get('name')}", unit="tool")]
            case "content_block_delta" if own:
                return self._delta(_table(event.get("delta")))
            case "message_delta":
                return self._delta_of_message(event, parent)
            case "message_stop" if own:
                self._open = False
        return []

    def _start(self, message: Mapping[str, Any], parent: str) -> list[Event]:
        if not parent and self._open and self._text:
            self.failure = NetworkError(
                f"{self.site.provider}, {self.site.model}: the answer broke off, and `claude` began another",
                provider=self.site.provider,
                model=self.site.model,
            )
            return []
        self._messages[parent] = str(message.get("id") or "")
        if not parent:
            self._open = True
            self._break = self._text and self._stop_reason == "tool_use"
        return self._count(_table(message.get("usage")), parent)

    def _delta(self, delta: Mapping[str, Any]) -> list[Event]:
        text = delta.get("text") or delta.get("thinking") or ""
        match delta.get("type"):
            case "text_delta" if text and not self.structured:
                start = "\n\n" if self._break else ""
                self._text, self._break = True, False
                return [TextDelta(start + str(text))]
            case "thinking_delta" if text:
                return [ThinkingDelta(str(text))]
            case "text_delta" | "input_json_delta" if self.structured:
                return [TextDelta("")]  # a sign of life: the answer itself comes with the result
        return []

    def _delta_of_message(self, event: Mapping[str, Any], parent: str) -> list[Event]:
        counted = self._count(_table(event.get("usage")), parent)
        if not parent:
            self._stop_reason = _table(event.get("delta")).get("stop_reason") or self._stop_reason
            if self.capped and self._stop_reason == "max_tokens":
                self.finish = Finish("length", {"stop_reason": "max_tokens"})
        return counted

    def _count(self, said: Mapping[str, Any], parent: str) -> list[Event]:
        if not said:
            return []
        message = self._messages.get(parent, "")
        self._counts[message] = claude_usage.merged(self._counts.get(message, {}), said)
        return [self._usage(None)]

    def _usage(self, result: Mapping[str, Any] | None) -> UsageReport:
        usage = claude_usage.total(self._counts.values(), result)
        raw: dict[str, Any] = {"messages": dict(self._counts)}
        return UsageReport(usage, raw if result is None else {**raw, "result": dict(result)})

    def _quota(self, info: Mapping[str, Any]) -> list[Event]:
        events: list[Event] = list(claude_quota.reports(info))
        if info.get("status") == "rejected":
            self._rejected = True
            resets_at = info.get("resetsAt")
            self._resets_at = float(resets_at) if isinstance(resets_at, int | float) else self._resets_at
        if self.plan and info.get("isUsingOverage") is True and not self._extra_usage:
            self._extra_usage = True
            events.append(
                Notice(f"{self.site.provider}: the plan's window is used up; this call is billed as extra usage")
            )
        return events

    def _result(self, result: Mapping[str, Any]) -> list[Event]:
        self.complete = True
        events: list[Event] = []
        totals = {} if result.get("is_error") else _table(result.get("usage"))  # a failed run counts zeros
        usage = claude_usage.total(self._counts.values(), totals)
        if self._counts or usage.prompt_tokens or usage.output_tokens:
            events.append(self._usage(totals))
            imputed = self.plan and not self._extra_usage
            if (cost := claude_usage.cost(result.get("total_cost_usd"), usage, imputed=imputed)) is not None:
                events.append(cost)
        stop = str(result.get("stop_reason") or self._stop_reason or "")
        if result.get("is_error") and stop != "refusal":
            said = claude_failure.complaint(result, self._error, rejected=self._rejected, resets_at=self._resets_at)
            self.failure = claude_failure.failure(said, self.site)
            return events
        events += self._rest(result)
        reason = "stop" if stop == "tool_use" else FINISH.get(stop, "other")  # its tools are its own business
        self.finish = Finish(reason, {"stop_reason": stop, "session_id": result.get("session_id")})
        return events

    def _rest(self, result: Mapping[str, Any]) -> list[Event]:
        """The answer as far as it was not streamed: the JSON of a schema, or all of it."""
        if self.structured and result.get("structured_output") is not None:
            return [TextDelta(json.dumps(result["structured_output"], ensure_ascii=False))]
        said = result.get("result")
        if self._text or result.get("is_error") or not isinstance(said, str) or not said:
            return []
        return [TextDelta(said)]


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
