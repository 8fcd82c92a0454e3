"""A turn in the middle of a conversation: "yes, do it" has no task of its own, it goes on with the one before."""

from __future__ import annotations

import re

from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.prose import compiled
from llmswitch.classify.request_text import person_request

SURE = 0.6
"""From this confidence a longer follow-up counts as a change of task."""
SHORT = 60
"""Characters up to which a turn may be a mere answer."""
LEANING = 200
"""Characters up to which a turn may lean on the one before."""
VERY_SURE = 0.75
"""From this confidence even a short turn counts as a change of task."""

_THANKS = (
    r"thanks|thank you|thx|ty|cheers|much appreciated|perfect|great|nice|cool|awesome|that worked|it works(?: now)?|works now|"
    r"ありがとう|ありがとうございます|ありがとうございました|助かりました|助かった|動きました|動いた|完璧|いいね"
)
_NODS = (
    r"y|yes|yeah|yep|yup|n|no|nope|ok|okay|k|kk|sure|right|go|go ahead|go on|go for it|do it|do that|do this|do so|do both|please|"
    r"pls|plz|continue|proceed|next|again|try again|retry|same|same again|both|all|all of them|keep going|carry on|make it so|"
    r"the (?:first|second|third|last|other|latter|former)(?: one)?|option \w|[a-d]|\d+|and|now|then|just|so|"
    r"why|why not|how|how so|really|sounds good|looks good|lgtm|good|fine|that's fine|exactly|correct|agreed|done|it|that|this|one|"
    r"はい|うん|ええ|いいえ|いや|オッケー|おけ|おk|了解|了解です|りょ|お願い|お願いします|お願い致します|それで|それでいい|それでお願い|"
    r"続けて|続けてください|続き|続きを|続行|進めて|進めてください|やって|やってください|やっちゃって|いいよ|いいです|"
    r"そうして|そうしてください|そのまま|頼む|頼みます|次|次へ|もう一回|もう一度|同じく|全部|両方|最初の|後者|前者|で|ください|どうぞ|なぜ|なんで|どうして|本当"
)
_AFTER = r"[\s,.!?。、\uff01\uff1f…~〜-]*"
_ASSENT = rf"(?:(?:{_NODS}|{_THANKS}){_AFTER})+"
_ONLY_THANKS = rf"(?:(?:{_THANKS}){_AFTER})+"
_REFERS = (
    r"\A(?:and |now |also |then |ok,? |yes,? |please |no,? )*(?:"
    r"(?:do |make |apply )?(?:the )?same (?:thing |change |fix |treatment )?(?:for|to|in|with|on|there|here)\b|"
    r"(?:likewise|ditto|as well|too)\b|what about\b|how about\b|"
    r"(?:revert|undo|redo|keep|drop|skip|leave) (?:that|this|it|those|them)\b|"
    r"(?:not|without) (?:that|this|it|like that)\b|the other (?:one|way|file|endpoint)\b)|"
    r"(?:for|in|on|with) .{1,40} (?:too|as well)\W*\Z|"
    r"同じ(?:よう|こと|修正|変更|対応|感じ|方法|やり方)|(?:も|にも|でも)(?:同様|同じ|お願い|頼む|やって|やっといて)|"
    r"\A(?:それ|これ|そっち|こっち|あれ|そこ|さっきの)(?:も|を|は|で|に)|同様に|のほうも|の方も|残りも"
)
"""A turn that leans on the one before: "same for the other endpoint", "そっちも"."""


def is_bare(words: str) -> bool:
    """Whether these words only say to go ahead."""
    return len(words) <= LEANING and compiled(_ASSENT, re.IGNORECASE).fullmatch(words.strip()) is not None


def inherit(previous_task: str | None, label: Label, text: str) -> Label:
    """The label of a turn whose conversation was `previous_task`: the same task, unless `text` clearly asks for another.
    The label found for the turn alone stays among the opinions."""
    if previous_task is None or label.mode in ("size", "flag") or label.task == previous_task:
        return label
    words = person_request(text)
    if len(words) <= LEANING and compiled(_ONLY_THANKS, re.IGNORECASE).fullmatch(words):
        return label  # nothing is asked for: no reason to send it where the work went
    bare = is_bare(words)
    leans = not bare and len(words) <= LEANING and compiled(_REFERS, re.IGNORECASE).search(words) is not None
    needed = VERY_SURE if len(words) <= SHORT else SURE
    if not bare and not leans and label.confidence >= needed:
        return label
    note = "a bare follow-up" if bare else f"{label.task} {label.confidence:.2f} is no clear change"
    note = "leans on the turn before" if leans else note
    carried = Opinion("conversation", previous_task, 1.0 if bare or leans else 1 - label.confidence, 0.0, note)
    return Label(
        previous_task, carried.confidence, label.difficulty, label.mode, label.scores, (*label.opinions, carried)
    )
