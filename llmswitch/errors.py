"""Every error a user can meet, as one tree, with the exit code each ends the program with.

    LlmSwitchError                     1   failed
    ├── UsageError                     2   the call itself is wrong
    │   └── InputError                 2   a prompt, file or pipe that can't be used
    ├── ConfigError                   78   a profile or setting, with file and line
    ├── BudgetError                   79   the budget forbids the call
    ├── LedgerError                    1   the ledger can't be opened or written
    ├── CacheError                     1   the answer cache can't be opened, read or written
    ├── NoCandidateError              69   nothing could be tried, or nothing answered; see `exit_code_of`
    └── ProviderError                  1   one attempt failed; `failure` says how
        ├── RateLimitedError          75   429: too many requests for now
        ├── OverloadedError           75   503, 529: the provider is too busy
        ├── QuotaExhaustedError       75   the window of a plan, or a day's free allowance, is used up
        ├── AuthenticationError       77   401, 403, no key
        ├── NotFoundError              1   the model or URL does not exist there
        ├── ContextTooLongError        1   the prompt is larger than the model's window
        ├── RefusedError               1   the provider's filter declined the content
        ├── BadRequestError            1   400: the request is malformed for this model
        ├── NetworkError              69   no connection, or it broke
        ├── TimeoutExceededError       1   connect, first token, idle or total
        ├── ProtocolError              1   the answer is not what the protocol says
        ├── EmptyAnswerError           1   a complete answer without content
        └── InadequateError            1   a complete answer that is not what was asked for (cut off, does not parse)

`Interrupted` (130) and `ReaderGone` (141) are not failures; they end a run from outside.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What a script can rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BLOCKED = 10
    NO_CANDIDATE = 69
    TRY_LATER = 75
    AUTHENTICATION = 77
    CONFIGURATION = 78
    BUDGET = 79
    INTERRUPTED = 130
    READER_GONE = 141


EXIT_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "answered",
    ExitCode.FAILED: "failed",
    ExitCode.USAGE: "usage: the call itself is wrong",
    ExitCode.BLOCKED: "a hook or a review found what you asked to be stopped for; git is stopped by nothing else of ours",
    ExitCode.NO_CANDIDATE: "no candidate available",
    ExitCode.TRY_LATER: "every candidate rate-limited or overloaded: try later",
    ExitCode.AUTHENTICATION: "authentication: no key, or the provider refused it",
    ExitCode.CONFIGURATION: "configuration: a profile or setting is wrong",
    ExitCode.BUDGET: "budget: the call would exceed it",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.READER_GONE: "the reader of the output went away (a closed pipe)",
}


class Failure(StrEnum):
    """The class of a failed attempt; each has one rule in `engine/fallback.py`."""

    RATE_LIMIT = "rate_limit"
    OVERLOAD = "overload"
    QUOTA = "quota"
    AUTHENTICATION = "authentication"
    NOT_FOUND = "not_found"
    CONTEXT_TOO_LONG = "context_too_long"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    NETWORK = "network"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    EMPTY = "empty"
    INADEQUATE = "inadequate"


class LlmSwitchError(Exception):
    """Base of all. `hint` says what to do next and is printed on its own line."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LlmSwitchError):
    """The call itself is wrong."""

    exit_code = ExitCode.USAGE


class InputError(UsageError):
    """A prompt, file or pipe that can't be used."""


class ConfigError(LlmSwitchError):
    """A profile or setting is wrong. `file` and `line` (1-based) say where, when known."""

    exit_code = ExitCode.CONFIGURATION

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line


class BudgetError(LlmSwitchError):
    """The budget forbids the call."""

    exit_code = ExitCode.BUDGET


class LedgerError(LlmSwitchError):
    """The ledger can't be opened or written."""


class CacheError(LlmSwitchError):
    """The answer cache can't be opened, read or written. A dispatch goes on without it."""


class NoCandidateError(LlmSwitchError):
    """Nothing could be tried, or everything that was tried failed; `exit_code` is set by the engine."""

    exit_code = ExitCode.NO_CANDIDATE

    def __init__(self, message: str, *, hint: str | None = None, exit_code: ExitCode = ExitCode.NO_CANDIDATE) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class ProviderError(LlmSwitchError):
    """One attempt failed. `status` is the HTTP status if there was one; `retry_after_s` seconds until a retry makes
    sense, when the provider said so; `resets_at` the same as a POSIX timestamp; `phase` which timeout ran out,
    or `connect` for a connection that was never made."""

    failure: Failure = Failure.PROTOCOL

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        model: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
        resets_at: float | None = None,
        phase: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.provider = provider
        self.model = model
        self.status = status
        self.retry_after_s = retry_after_s
        self.resets_at = resets_at
        self.phase = phase


class RateLimitedError(ProviderError):
    """Too many requests for now."""

    exit_code = ExitCode.TRY_LATER
    failure = Failure.RATE_LIMIT


class OverloadedError(ProviderError):
    """The provider is too busy, or broken on its side (5xx)."""

    exit_code = ExitCode.TRY_LATER
    failure = Failure.OVERLOAD


class QuotaExhaustedError(ProviderError):
    """The window of a plan, the credit, or a day's free allowance is used up."""

    exit_code = ExitCode.TRY_LATER
    failure = Failure.QUOTA


class AuthenticationError(ProviderError):
    """No key, a wrong key, or one that may not use this model."""

    exit_code = ExitCode.AUTHENTICATION
    failure = Failure.AUTHENTICATION


class NotFoundError(ProviderError):
    """The model or the URL does not exist there."""

    failure = Failure.NOT_FOUND


class ContextTooLongError(ProviderError):
    """The prompt is larger than the model's context window."""

    failure = Failure.CONTEXT_TOO_LONG


class RefusedError(ProviderError):
    """The provider's filter declined the content."""

    failure = Failure.REFUSED


class BadRequestError(ProviderError):
    """The request is malformed for this model."""

    failure = Failure.BAD_REQUEST


class NetworkError(ProviderError):
    """No connection could be made, or it broke."""

    exit_code = ExitCode.NO_CANDIDATE
    failure = Failure.NETWORK


class TimeoutExceededError(ProviderError):
    """A deadline ran out; `phase` is connect, first_token, idle or total."""

    failure = Failure.TIMEOUT


class ProtocolError(ProviderError):
    """The answer is not what the protocol says."""

    failure = Failure.PROTOCOL


class EmptyAnswerError(ProviderError):
    """The answer was complete and had no content."""

    failure = Failure.EMPTY


class InadequateError(ProviderError):
    """The answer was complete and is not what was asked for: cut off, a refusal, code that does not parse."""

    failure = Failure.INADEQUATE
