"""What of an earlier conversation goes to which model."""

from __future__ import annotations

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.classify import Label
from llmswitch.conversation import Block, Message, Request, Text, Thinking, ToolResult, ToolUse
from llmswitch.engine import memory
from llmswitch.engine.memory import messages_for
from llmswitch.ledger.history import Turn
from llmswitch.providers.base import origin

OPUS = Model("opus", "anthropic", "claude-opus-4-6")
GLM = Model("glm", "ollama", "glm-4.7")
OWN = Thinking("考える", "sig", "anthropic:claude-opus-4-6")
USE = ToolUse("t1", "検索", {"q": "天気"})
RESULT = ToolResult("t1", "晴れ")


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def assistant(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def test_the_origin_of_thinking_is_what_the_adapters_compare() -> None:
    assert memory.origin_of(OPUS) == origin(ProviderSettings("anthropic", "anthropic"), OPUS)


def test_a_models_own_thinking_goes_back_to_it() -> None:
    turns = (user(Text("設計は?")), assistant(OWN, Text("こうです。")), user(Text("続けて")))
    assert messages_for(turns, OPUS) == turns


def test_thinking_is_dropped_when_the_model_changes() -> None:
    turns = (user(Text("設計は?")), assistant(OWN, Text("こうです。")), user(Text("続けて")))
    assert messages_for(turns, GLM)[1] == assistant(Text("こうです。"))


def test_thinking_of_another_model_of_the_same_provider_is_dropped() -> None:
    sonnet = Model("sonnet", "anthropic", "claude-sonnet-4-6")
    assert messages_for((assistant(OWN, Text("はい")),), sonnet) == (assistant(Text("はい")),)


def test_thinking_without_an_origin_is_dropped() -> None:
    assert messages_for((assistant(Thinking("?", "sig"), Text("はい")),), OPUS) == (assistant(Text("はい")),)


def test_a_turn_that_was_only_foreign_thinking_is_left_out_and_its_neighbours_become_one() -> None:
    turns = (user(Text("一")), assistant(OWN), user(Text("二")))
    assert messages_for(turns, GLM) == (user(Text("一\n\n二")),)


def test_an_answered_tool_use_stays() -> None:
    turns = (user(Text("天気は?")), assistant(USE), user(RESULT), assistant(Text("晴れ")))
    assert messages_for(turns, GLM) == turns


def test_an_unanswered_tool_use_is_dropped_and_the_text_beside_it_stays() -> None:
    turns = (user(Text("天気は?")), assistant(Text("調べます。"), USE), user(Text("やめて")))
    assert messages_for(turns, OPUS)[1] == assistant(Text("調べます。"))


def test_one_of_two_tool_uses_may_be_unanswered() -> None:
    other = ToolUse("t2", "検索", {})
    assert messages_for((assistant(USE, other), user(RESULT)), OPUS) == (assistant(USE), user(RESULT))


def test_turns_of_one_side_that_follow_each_other_become_one() -> None:
    turns = (user(Text("一")), user(RESULT, Text("二")), user(Text("三")))
    assert messages_for(turns, OPUS) == (user(Text("一"), RESULT, Text("二\n\n三")),)


def test_a_request_keeps_everything_but_the_turns() -> None:
    request = Request((assistant(OWN), user(Text("はい"))), system="日本語で", max_output_tokens=7)
    assert memory.request_for(request, GLM) == Request((user(Text("はい")),), system="日本語で", max_output_tokens=7)


def test_an_answer_that_broke_off_is_recalled_with_a_mark() -> None:
    turns = [Turn(1, user(Text("説明して")), 0), Turn(2, assistant(Text("まず")), 0, partial=True)]
    assert [message.text for message in memory.recalled(turns)] == ["説明して", "まず\n\n[the answer broke off here]"]


def test_the_last_task_is_the_newest_one_known() -> None:
    turns = [Turn(1, user(), 0, task="design"), Turn(2, assistant(), 0, task="bugfix"), Turn(3, user(), 0)]
    assert memory.last_task(turns) == "bugfix"


class Says:
    def __init__(self, task: str, confidence: float) -> None:
        self.said = Label(task, confidence)

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        return self.said


def test_a_follow_up_keeps_the_task_of_the_turn_before() -> None:
    assert memory.FollowUp(Says("chat", 0.5), "refactor").label("はい、お願いします").task == "refactor"


def test_a_clearly_different_wish_gets_its_own_task() -> None:
    wish = "Write unit tests for the parser module and run them, covering every error path."
    assert memory.FollowUp(Says("test", 0.95), "design").label(wish).task == "test"
