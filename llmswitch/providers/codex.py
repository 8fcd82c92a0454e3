"""GPT through the user's own, unmodified `codex exec`, on the login it has: the way a ChatGPT subscription is used.

- `codex exec` does not stream tokens: each message item comes whole, as one TextDelta, so a long answer is a long silence.
  Reasoning summaries come whole as well. `[providers.codex] timeouts` should be generous.
- The prompt goes through stdin, which is then closed; the system prompt as `developer_instructions`, and in front of the
  prompt where it is too large for an argument. A conversation of several turns is one prompt with tagged turns.
- Nothing of the user's setup runs unasked: config.toml (MCP servers, `notify`, hooks) and rules are ignored, the tools that
  can be switched off are off, what is left runs in a read-only sandbox, nobody is asked for approval, no session is kept.
  `AGENTS.md` in the folder of its own settings is still read. The working directory is empty and private.
- It retries by itself and can't be told not to; at its first "Reconnecting…" the call is ended: the engine decides. A status
  of 5xx it repeats silently for about 3 s before that.
- On a plan's route `codex login status` is asked once: with an API key logged in, calls would be billed, so they are refused.
- It reports no cost, and its quota windows not here. A schema goes as `--output-schema`, in words where it is not strict.
- Not possible: a limit for output tokens, tools of others, temperature, stop sequences.

Options of the provider, in the user's own configuration: `command`, `args` (a list, before the prompt), `env` (a table, applied
last), `cwd`, `effort`, `tools` (true), `sandbox` (with tools: "read-only" or "workspace-write"), `user_settings` (true:
config.toml is read; needed where it says that the login is kept in the keyring). All but the first three can be a model's too.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Event, Notice, Request
from llmswitch.providers import codex_failure
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.client_environment import Variables, configured, inherited, texts
from llmswitch.providers.client_prompt import prompt, schema_instruction
from llmswitch.providers.client_run import MAX_ARGUMENT, ClientRun, Program, check, options_of
from llmswitch.providers.codex_events import Answer
from llmswitch.providers.strict_schema import is_strict

CODEX = Program("codex", "@openai/codex")
VARIABLES = Variables(
    session=("CODEX_",),
    billing=("OPENAI_", "CODEX_API_KEY", "AZURE_OPENAI_"),
    kept=frozenset({"CODEX_HOME", "CODEX_SQLITE_HOME", "CODEX_CA_CERTIFICATE", "CODEX_ACCESS_TOKEN"}),
)
QUIET = ("analytics.enabled=false", "check_for_update_on_startup=false")
NO_TOOLS = (
    *(
        f"features.{name}=false"
        for name in (
            "shell_tool",
            "unified_exec",
            "multi_agent",
            "goals",
            "apps",
            "plugins",
            "hooks",
            "image_generation",
        )
    ),
    'web_search="disabled"',
    "project_doc_max_bytes=0",
    "skills.include_instructions=false",
    "include_permissions_instructions=false",
    "include_environment_context=false",
)
LOGIN_STATUS_S = 15.0


class CodexProvider:
    """The adapter of kind `codex`."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._plan_login = False
        self._asking = asyncio.Lock()

    def missing(self, model: Model) -> str | None:  # noqa: ARG002  # the Protocol's signature
        return CODEX.missing(self._settings)

    async def aclose(self) -> None:
        """Nothing is held between calls: each ends its own process."""

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        site = CallSite(self._settings.name, model.model, CODEX.name)
        check(request, site)
        if request.stop:
            yield Notice(f"{site.provider}: this client has no stop sequences; they are ignored")
        options = options_of(self._settings, model)
        env = self._environment(model)
        if model.plan is not None:
            await self._require_plan_login(site, env)
        async with ClientRun(CODEX, site, options.get("cwd")) as run:
            arguments, text = self._arguments(request, model, options, run)
            await run.start([*CODEX.command(self._settings), *arguments], env, text)
            answer = Answer(site, structured=request.schema is not None)
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
                raise codex_failure.from_stderr(said, site) or death
            run.over()
            yield answer.finish

    def _arguments(
        self, request: Request, model: Model, options: Mapping[str, Any], run: ClientRun
    ) -> tuple[list[str], str]:
        """The command line behind the command, and what goes through stdin."""
        tools = bool(options.get("tools"))
        argv = ["exec", "--json", "--model", model.model, "--skip-git-repo-check", "--ephemeral", "--color", "never"]
        argv += ["--sandbox", str(options.get("sandbox", "read-only")) if tools else "read-only"]
        argv += [] if options.get("user_settings") else ["--ignore-user-config", "--ignore-rules"]
        settings = [*QUIET] if tools else [*QUIET, *NO_TOOLS]
        if effort := options.get("effort"):
            settings.append(f"model_reasoning_effort={_toml(str(effort))}")
        text = prompt(request)
        if request.system:
            system = f"developer_instructions={_toml(request.system)}"
            if len(system.encode("utf-8", "replace")) <= MAX_ARGUMENT:
                settings.append(system)
            else:
                text = f"<instructions>\n{request.system}\n</instructions>\n\n{text}"
        if request.schema is not None:
            if is_strict(request.schema):
                argv += ["--output-schema", str(run.write("schema.json", json.dumps(dict(request.schema))))]
            else:
                text = f"{text}\n\n{schema_instruction(request.schema)}"
        for setting in settings:
            argv += ["-c", setting]
        argv += texts(self._settings.options.get("args", []), f"[providers.{self._settings.name}] options.args")
        return [*argv, "-"], text

    def _environment(self, model: Model) -> dict[str, str]:
        env = inherited(os.environ, VARIABLES, plan=model.plan is not None)
        return env | configured(self._settings.options, self._settings.name)

    async def _require_plan_login(self, site: CallSite, env: Mapping[str, str]) -> None:
        """Ask the program itself whose money it would spend; its token store is not ours to read."""
        async with self._asking:
            if self._plan_login:
                return
            async with ClientRun(CODEX, site, None) as run:
                await run.start([*CODEX.command(self._settings), "login", "status"], env, "")
                status, said = await run.outcome(LOGIN_STATUS_S)
            codex_failure.require_plan_login(status, said, site)
            self._plan_login = True


def _toml(text: str) -> str:
    """`text` as a TOML string: JSON's form is one, but for what JSON leaves bare and TOML does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
