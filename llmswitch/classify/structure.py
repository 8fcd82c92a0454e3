"""What the shape of a request says beyond its words: a list of many steps that somebody is told to carry out is a long run,
wherever the list stands, and a mere "go" beside attached text means that text."""

from __future__ import annotations

import re

from llmswitch.classify.follow_up import is_bare
from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.prose import compiled

STEPS = 6
"""Items of a list from which on carrying it out is a long run."""
LOOKED_AT = 20_000
"""Characters of a text in which items are counted."""
WORDS = 400
"""Characters of the request in which the order is looked for: nobody hides it behind a page of text."""
_ITEM = r"^\s{0,8}(?:[-*+•]\s+(?:\[[ xX]\]\s+)?|・\s*|\d{1,3}[.)]\s*|[①-⑳]\s*|(?:step|ステップ|手順)\s*\d+)\S"
_ORDER = (
    r"\b(?:do|execute|carry out|implement|work (?:through|off)|go through|follow|complete|finish|apply|tackle|knock out|start on)\b"
    r"[^.?!\n]{0,40}\b(?:plan|list|to-?dos?(?:\.md)?|checklist|steps|tasks|items|backlog|roadmap)\b|"
    r"(?:計画|プラン|リスト|todo|手順|チェックリスト|タスク|一覧|項目)[^。\uff1f?\n]{0,12}(?:実行|実装|進め|やって|こなし|消化|片付け|対応して)"
)
_JUDGED = (
    r"\?|\b(?:review|check whether|missing|complete enough|summari[sz]e|explain|tell me|feedback|estimate|prioriti[sz]e|rewrite)\b|"
    r"\uff1f|レビュー|確認して|説明|まとめ|見積|抜け|優先"
)
_WORK = ("implement", "refactor", "bugfix", "quickfix", "test")
"""The tasks a long run is taken for when one looks at the words alone."""


def meant(request: str, attachment: str) -> tuple[str, str]:
    """Request and attachment, with the attached text as the request where the words only say to go ahead with it."""
    if attachment and len(request) <= WORDS and is_bare(request):
        return attachment, ""
    return request, attachment


def as_long_run(label: Label, request: str, attachment: str) -> Label:
    """`agentic` instead of a single task where a list of many steps is to be carried out: its chance is then that of both."""
    if label.task not in _WORK or ("\n" not in request and "\n" not in attachment):
        return label
    order = request[:WORDS]
    if compiled(_ORDER, re.IGNORECASE).search(order) is None or compiled(_JUDGED, re.IGNORECASE).search(order):
        return label
    steps = max(_items(request), _items(attachment))
    if steps < STEPS:
        return label
    scores = dict(label.scores)
    scores["agentic"] = scores.get("agentic", 0.0) + scores.get(label.task, 0.0)
    scores[label.task] = 0.0
    said = Opinion("structure", "agentic", scores["agentic"], 0.0, f"a list of {steps} steps to carry out")
    return label._replace(task="agentic", confidence=said.confidence, scores=scores, opinions=(*label.opinions, said))


def _items(text: str) -> int:
    return len(compiled(_ITEM, re.MULTILINE | re.IGNORECASE).findall(text[:LOOKED_AT]))
