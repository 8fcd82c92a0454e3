"""Claude through the user's own, unmodified `claude -p`, on the login it has: the way a Claude subscription is used.

- The prompt goes through stdin, which is then closed; the system prompt through a file: neither has a length limit there,
  and neither is seen in the process list. A conversation of several turns is one prompt with tagged turns.
- Nothing of the user's setup runs unasked: no tools, hooks, MCP servers, plug-ins, skills, memory or CLAUDE.md; no session is
  kept; `@file` in a prompt is not read (the program would, tools or not). The working directory is empty and private.
- The program's own retries, its fallback models and its second, non-streaming try are off: the engine decides.
- Its other traffic (a title for the session, telemetry, update checks) is off: the title alone is a second call.
- A schema goes as `--json-schema`: the program answers through a tool then, so the text comes whole, at the end.
- Tokens are capped with CLAUDE_CODE_MAX_OUTPUT_TOKENS; the program would go on in another message where the cap cuts the
  answer off, so the call is ended there (its next request may have left by then; it is broken off).
- Not possible: tools of others, images, temperature, stop sequences.

Options of the provider, in the user's own configuration: `command`, `args` (a list, added at the end), `env` (a table, applied
last), `cwd`, `effort`, `tools` (true, or a list such as ["Read", "Bash(git log *)"]), `user_settings` (true: settings, hooks,
MCP servers and CLAUDE.md as in the user's own sessions). All but the first three can be a model's too.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Event, Notice, Request
from llmswitch.providers import claude_failure
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.claude_events import Answer
from llmswitch.providers.client_environment import Variables, configured, inherited, texts
from llmswitch.providers.client_prompt import prompt, schema_instruction
from llmswitch.providers.client_run import MAX_ARGUMENT, ClientRun, Program, check, options_of

CLAUDE = Program("claude", "@anthropic-ai/claude-code")
VARIABLES = Variables(
    session=("CLAUDECODE", "CLAUDE_"),
    billing=(
        "ANTHROPIC_",
        "AWS_BEARER_TOKEN_BEDROCK",
        "CLAUDE_CODE_USE_",
        "CLAUDE_CODE_SKIP_",
        "CLAUDE_CODE_API_",
        "CLAUDE_CODE_EXTRA_BODY",
    ),
    kept=frozenset(
        {
            "CLAUDE_CONFIG_DIR",
            "CLAUDE_SECURESTORAGE_CONFIG_DIR",
            "CLAUDE_CODE_OAUTH_TOKEN",  # `claude setup-token`: a subscription's
            "CLAUDE_CODE_CERT_STORE",
            "CLAUDE_CODE_CLIENT_CERT",
            "CLAUDE_CODE_CLIENT_KEY",
            "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
        }
    ),
)
QUIET = {
    "CLAUDE_CODE_MAX_RETRIES": "0",
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
    "CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
}
ISOLATED = ("--safe-mode", "--strict-mcp-config", "--setting-sources", "", "--disable-slash-commands")


class ClaudeCodeProvider:
    """The adapter of kind `claude-code`."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings

    def missing(self, model: Model) -> str | None:  # noqa: ARG002  # the Protocol's signature
        return CLAUDE.missing(self._settings)

    async def aclose(self) -> None:
        """Nothing is held between calls: each ends its own process."""

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        site = CallSite(self._settings.name, model.model, CLAUDE.name)
        check(request, site)
        if request.stop:
            yield Notice(f"{site.provider}: this client has no stop sequences; they are ignored")
        options = options_of(self._settings, model)
        async with ClientRun(CLAUDE, site, options.get("cwd")) as run:
            argv = CLAUDE.command(self._settings) + self._arguments(request, model, options, run)
            await run.start(argv, self._environment(request, model, options), prompt(request))
            answer = Answer(
                site,
                plan=model.plan is not None,
                structured=_native_schema(request) is not None,
                capped=request.max_output_tokens is not None,
            )
            async with aclosing(cast("Any", run.events())) as events:
                async for event in events:
                    for out in answer.read(event):
                        yield out
                    if answer.failure is not None:
                        raise answer.failure
                    if answer.finish is not None:
                        break
            if answer.finish is None:
                said, death = await run.death()
                raise claude_failure.from_stderr(said, site) or death
            if answer.complete:
                run.over()
            yield answer.finish

    def _arguments(self, request: Request, model: Model, options: Mapping[str, Any], run: ClientRun) -> list[str]:
        argv = ["-p", "--output-format", "stream-json", "--include-partial-messages", "--verbose"]
        argv += ["--model", model.model, "--no-session-persistence"]
        argv += () if options.get("user_settings") else ISOLATED
        argv += _tools(options.get("tools", False), self._settings.name)
        argv += _system(request, run, replace=not options.get("tools"))
        if (schema := _native_schema(request)) is not None:
            argv += ["--json-schema", schema]
        if effort := options.get("effort"):
            argv += ["--effort", str(effort)]
        return argv + texts(self._settings.options.get("args", []), f"[providers.{self._settings.name}] options.args")

    def _environment(self, request: Request, model: Model, options: Mapping[str, Any]) -> dict[str, str]:
        env = inherited(os.environ, VARIABLES, plan=model.plan is not None) | QUIET
        if not options.get("tools"):
            env["CLAUDE_CODE_DISABLE_ATTACHMENTS"] = "1"  # `@path` in a prompt is text
            env["CLAUDE_CODE_MAX_TURNS"] = "3" if request.schema else "1"
        if request.max_output_tokens is not None:
            env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = str(request.max_output_tokens)
        return env | configured(self._settings.options, self._settings.name)


def _native_schema(request: Request) -> str | None:
    """The schema as an argument, if it fits into one."""
    if request.schema is None:
        return None
    text = json.dumps(dict(request.schema))
    return text if len(text) <= MAX_ARGUMENT else None


def _system(request: Request, run: ClientRun, *, replace: bool) -> list[str]:
    """The flags for the system prompt. Without tools it replaces the program's own, which is about tools: also if there
    is none."""
    system = request.system or ""
    if request.schema is not None and _native_schema(request) is None:
        system = f"{system}\n\n{schema_instruction(request.schema)}".strip()
    if not system:
        return ["--system-prompt", ""] if replace else []
    path = run.write("system-prompt.txt", system)
    return ["--system-prompt-file" if replace else "--append-system-prompt-file", str(path)]


def _tools(asked: object, provider: str) -> list[str]:
    """The flags for the built-in tools: none, all (those that change something still need a permission), or the named
    ones, which are allowed in advance."""
    if asked is True:
        return []
    if not asked:
        return ["--tools", ""]
    rules = texts(asked, f"options.tools of provider {provider!r}")
    names = dict.fromkeys(rule.partition("(")[0] for rule in rules)
    return ["--tools", ",".join(names), "--allowedTools", *rules]
