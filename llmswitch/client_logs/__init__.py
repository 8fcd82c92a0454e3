"""What other programs wrote down about their own calls: the session logs of Claude Code and Codex, read and never changed."""
