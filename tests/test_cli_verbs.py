"""Only the verb that is asked for is built."""

from __future__ import annotations

import pytest

from llmswitch.cli import COMMANDS, verbs_of


@pytest.mark.parametrize(
    ("words", "verbs"),
    [
        (["ask", "cost"], ("ask",)),
        (["-P", "cost", "ask"], ("ask",)),
        (["--profile=x", "--no-project", "cost", "--month"], ("cost",)),
        (["--help"], COMMANDS),
        (["--help", "ask"], COMMANDS),
        (["aks"], COMMANDS),
        (["-P"], COMMANDS),
        ([], COMMANDS),
    ],
)
def test_the_verb_is_the_first_word_that_is_no_option(words: list[str], verbs: tuple[str, ...]) -> None:
    assert verbs_of(words) == verbs
