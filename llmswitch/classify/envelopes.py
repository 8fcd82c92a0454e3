"""What coding tools put around a person's words, by the marks they use. Read from the tools' own requests and sources."""

from __future__ import annotations

import re

BLOCKS = (
    # Claude Code
    "system-reminder",
    "command-message",
    "command-contents",
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "bash-input",
    "bash-stdout",
    "bash-stderr",
    "tool_result",
    "tool_use_result",
    "tool_use_error",
    "function_results",
    "function_result",
    "ide_opened_file",
    "ide_selection",
    "ide_diagnostics",
    "new-diagnostics",
    "task-notification",
    "teammate-message",
    "persisted-output",
    "user-prompt-submit-hook",
    # Codex
    "environment_context",
    "user_instructions",
    "INSTRUCTIONS",
    "permissions",
    "permissions instructions",
    "collaboration_mode",
    "multi_agent_role",
    "multi_agent_mode",
    "skills_instructions",
    "plugins_instructions",
    "apps_instructions",
    "recommended_plugins",
    "subagent_notification",
    "user_shell_command",
    "turn_aborted",
    # Cursor
    "system_reminder",
    "user_info",
    "user_rules",
    "rules",
    "project_layout",
    "git_status",
    "open_and_recently_viewed_files",
    "additional_data",
    "attached_files",
    "agent_transcripts",
    "cursor_commands",
    "timestamp",
    # Cline, Roo Code
    "environment_details",
    "explicit_instructions",
    "task_progress",
    # Copilot
    "environment_info",
    "workspace_info",
    "reminderInstructions",
    "importantReminders",
    "editorContext",
    "conversation-summary",
    "todoList",
    "userMemory",
    "sessionMemory",
    "repoMemory",
    # Gemini CLI
    "session_context",
    "hook_context",
)
"""Tags of blocks that are the tool's."""
ONLY = ("user_query", "userRequest")
"""Where one of these is, nothing outside of it is the person's (Cursor, Copilot)."""
KEPT = ("user_request", "user_message", "task", "feedback", "answer", "my_request")
"""Tags around the person's own words: the tags go, the words stay."""
ATTACHED = ("stdin", "stdin-", "file", "file-", "file_content", "folder_content", "url_content", "git_diff", "document")
"""Tags around what came along: pasted text, not words (Codex, Cline, opencode, llmswitch itself)."""
WHOLE = (
    "This session is being continued from a previous conversation",
    "This is the Gemini CLI. We are setting up the context for our chat.",
    "I have *added these files to the chat*",
    "Here are summaries of some files present in my git repository.",
    "Here are some READ ONLY files, provided for your reference.",
    "[ERROR] You did not use a tool in your previous response!",
    "Stop hook feedback:",
)
"""A message that begins like this is the tool's as a whole (Claude Code, Gemini CLI, aider, Cline)."""
TOOL_RESULT = re.compile(r"\[(?:TASK RESUMPTION\]|[a-z_]+(?: for '[^\n]*')?\] Result:)")
"""How Cline begins a message with the result of a tool: only tagged words in it are the person's."""
TO_THE_END = ("# *SEARCH/REPLACE block* Rules:", "# File editing rules:", "\n--- Content from referenced files ---")
"""What comes from here on is the tool's (aider, Gemini CLI), unless END follows."""
END = "--- End of content ---"
PLACEHOLDER = r"\[(?:Image(?: #\d+|: source: [^\]\n]*)|Pasted text #\d+(?: \+\d+ lines)?)\]"
CALLED = r"^Called the \w+ tool (?:with the following input:|on )[^\n]*\n?"
NOT_A_WISH = (
    "add-dir", "clear", "compact", "config", "context", "cost", "doctor", "effort", "exit", "export", "fast", "help",
    "hooks", "ide", "login", "logout", "mcp", "memory", "model", "permissions", "plugin", "quit", "resume", "rewind",
    "status", "statusline", "theme", "usage", "vim",
)  # fmt: skip
"""Commands of Claude Code that only the program itself obeys."""
MARKS = ("<", "#", "[", "Caveat:", "---", "Called the ", *(begin for begin in WHOLE if begin[0] not in "#[<"))
"""A text with none of these has no envelope."""
