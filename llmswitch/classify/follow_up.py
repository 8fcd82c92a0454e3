"""A turn in the middle of a conversation: "yes, do it" has no task of its own, it goes on with the one before."""

from __future__ import annotations

import re

from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.request_text import person_request

SURE = 0.6
"""From this confidence a longer follow-up counts as a change of task."""
SHORT = 60
"""Characters up to which a turn may be a mere answer."""
VERY_SURE = 0.9
"""From this confidence even a short turn counts as a change of task."""

_ASSENT = re.compile(
    r"(?:(?:yes|yeah|yep|yup|ok|okay|k|sure|right|no|nope|go|go ahead|go on|do it|do that|do so|please|pls|continue|proceed|"
    r"next|again|try again|retry|same|same again|both|all|all of them|the (?:first|second|third|last|other|latter)(?: one)?|"
    r"option \w|[a-d]|\d+|and|now|then|just|keep going|sounds good|looks good|lgtm|perfect|great|nice|good|cool|thanks|"
    r"thank you|thx|that's fine|fine|why not|exactly|correct|agreed|done|it|that|this|"
    r"はい|うん|ええ|いいえ|いや|ok|オッケー|おけ|了解|りょ|お願い|お願いします|お願い致します|それで|それでいい|それでお願い|"
    r"続けて|続き|続行|進めて|進めてください|やって|やってください|いいよ|いいです|いいね|そうして|そうしてください|頼む|頼みます|"
    r"次|次へ|もう一回|もう一度|同じく|全部|両方|最初の|後者|前者|で|ください|どうぞ|ありがとう|ありがとうございます)"
    r"[\s,.!。、!…~〜-]*)+",
    re.IGNORECASE,
)


def inherit(previous_task: str | None, label: Label, text: str) -> Label:
    """The label of a turn whose conversation was `previous_task`: the same task, unless `text` clearly asks for another.
    The label found for the turn alone stays among the opinions."""
    if previous_task is None or label.mode in ("size", "flag") or label.task == previous_task:
        return label
    words = person_request(text)
    bare = _ASSENT.fullmatch(words) is not None
    needed = VERY_SURE if len(words) <= SHORT else SURE
    if not bare and label.confidence >= needed:
        return label
    note = "a bare follow-up" if bare else f"{label.task} {label.confidence:.2f} is no clear change"
    carried = Opinion("conversation", previous_task, 1.0 if bare else 1 - label.confidence, 0.0, note)
    return Label(
        previous_task, carried.confidence, label.difficulty, label.mode, label.scores, (*label.opinions, carried)
    )
