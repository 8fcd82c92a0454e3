"""Fixtures around git: a repository in the test's home."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_git import RealGit, new_repository


@pytest.fixture
def project(home: Path) -> RealGit:
    """A repository with one commit; nothing answers prompts."""
    return new_repository(home, None)
