"""What a sentence asks for: the form of the wish ("can you", "how do I", an imperative), its verb, and what the verb is about.

"Review this error" wants the error gone and "review this class" wants a judgement: a bag of words can't tell them apart,
a verb with the meaning of its object can. Japanese says it at the sentence's end: the last letters before the polite ending,
and what stands before を."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from llmswitch.classify.cues import GREETING_WORDS
from llmswitch.classify.meaning import meanings
from llmswitch.classify.prose import compiled, sentences

HEAD, TAIL = 600, 400
"""Characters of the prose that are read, from its beginning and its end."""
MOST = 6
"""Wishes of one sentence that are looked at."""
REACH = 7
"""Words after a verb among which its object is."""
OBJECTS = 3
MANY = 5

_TOKEN = re.compile(r"[a-z][a-z'_-]*|[?,:]")
_MARKS = frozenset("?,:")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_FORMS = {
    "ask": "can_you could_you would_you will_you can_u can_we could_we help_me tell_me",
    "want": "want_to need_to like_to want_you need_you like_you have_to able_to",
    "try": "trying_to",
    "how": "how_do how_can how_to how_would how_could",
    "how should": "how_should",
    "should": "should_i should_we",
    "is there": "is_there are_there",
    "yes or no": "do_we does_this does_it is_it is_this is_the are_the does_the do_i",
    "do": "go_ahead",
    "state": "supposed_to",
    "why": "why_is why_does why_do why_are why_did",
    "plan": "going_to",
}
_FORM = {tuple(words.split("_")): form for form, both in _FORMS.items() for words in both.split()}
_ONE_WORD = {"please": "do", "pls": "do", "let's": "let us", "lets": "let us", "why": "why"}
_JOINING = frozenset((",", "and", "then"))
_BEGINS = frozenset((*[first for first, _ in _FORM], *_ONE_WORD, *_JOINING))
"""Words after which a verb may be wanted: few words of a sentence are."""
_NO_VERB = _words(
    "the a an this that it i we you he she they my our your there here when if in on at for from with after before since while "
    "as by to of or not no yes what why how which who where is are was were do does did has have had can could should would "
    "will i'm it's i'd we're we've i've these those each every all some any one both same still already maybe also now then "
    "so but and given because although once using let's lets how's what's nothing everything something nobody"
)
_ASIDE = _words(
    "please just also then kindly now simply quickly maybe only first actually really possibly pls plz you me us to help try go "
    "ahead and be able either"
)
_SUBJECT = _words("i we you one someone it this that the they he")
_WITH_SUBJECT = frozenset(("how", "how should", "should", "want", "why", "yes or no", "is there"))
_POLITE = (
    r"(?:お願い(?:いた|致)?します|お願い|ください|下さい|もらえますか|もらえる|いただけますか|頂けますか|くれますか|くれる|くれ|"
    r"(?:欲し|ほし)い(?:です)?|ますか|ですか|でしょうか|ちょうだい|[?？。!！、w笑~〜…\s])+$"
)


class Act(NamedTuple):
    """A wish: its form, its verb, what the verb may mean and what its objects may mean (cues of the lexicon)."""

    form: str
    verb: str
    meanings: tuple[str, ...]
    objects: tuple[str, ...]


def act_names(prose: str) -> set[str]:
    """The names of the features of the wishes in `prose`."""
    text = prose if len(prose) <= HEAD + TAIL else f"{prose[:HEAD]}\n{prose[-TAIL:]}"
    said = sentences(text)
    names: set[str] = set()
    acts = [act for one in said for act in english(one)]
    for act in acts:
        names.update(_about(act))
    names.add(f"count {min(len(acts), MANY)}")
    if acts:
        names.update(_placed("first", acts[0]))
        names.update(_placed("last", acts[-1]))
    if not text.isascii():
        names.update(_japanese([one.strip() for one in said]))
    return names


def english(sentence: str) -> list[Act]:
    """The wishes of one sentence (in any case)."""
    words = _TOKEN.findall(sentence.lower())
    places: list[tuple[str, int]] = []
    start = 0
    while start < len(words) and (words[start] in GREETING_WORDS or words[start] == ","):
        start += 1
    if start < len(words) and words[start] not in _NO_VERB and words[start] not in _MARKS:
        places.append(("do", start))
    for place, (one, two) in enumerate(pairwise(words)):
        if one not in _BEGINS:
            continue
        if form := _FORM.get((one, two)):
            places.append((form, place + 2))
        elif one in _ONE_WORD:
            places.append((_ONE_WORD[one], place + 1))
        elif one in _JOINING and places and two not in _NO_VERB and meanings(two):
            places.append(("and", place + 1))
    return [_act(form, words, place) for form, place in places[:MOST]]


def _act(form: str, words: list[str], place: int) -> Act:
    subjects = form in _WITH_SUBJECT
    while place < len(words) and (words[place] in _ASIDE or (subjects and words[place] in _SUBJECT)):
        place += 1
    if place >= len(words) or words[place] in _MARKS:
        return Act(form, "", (), ())
    objects: list[str] = []
    for word in words[place + 1 : place + 1 + REACH]:
        if word in _MARKS or len(objects) >= OBJECTS:
            break
        objects += meanings(word)
    return Act(form, words[place], meanings(words[place]), tuple(objects))


def _about(act: Act) -> list[str]:
    form, verb, meant, objects = act
    if not verb:
        return [form]
    names = [form, f"{verb}|", f"{form} {verb}|"]
    for meaning in meant or ("other",):
        names += (f"<{meaning}>", f"{form} <{meaning}>")
    for thing in objects:
        names += (f"{form} of {thing}", f"{verb}| of {thing}")
        names += [f"<{meaning}> of {thing}" for meaning in meant or ("other",)]
    return names


def _placed(where: str, act: Act) -> list[str]:
    names = [f"{where} {act.form}", f"{where} {act.verb}|"]
    for meaning in act.meanings:
        names += [f"{where} <{meaning}>", f"{where} {act.form} <{meaning}>"]
    return names


def _japanese(said: list[str]) -> set[str]:
    names: set[str] = set()
    last = len(said) - 1
    for number, sentence in enumerate(said):
        if sentence.isascii():
            continue
        verb = compiled(_POLITE).sub("", sentence)
        polite = sentence[len(verb) :].strip()[:8]
        ends = [f"ends {verb[-size:]}" for size in range(2, min(len(verb), 5) + 1)]
        ends.append(f"polite {polite}")
        if len(verb) > 2:
            ends.append(f"ends {verb[-2:]} {polite}")
        names.update(ends)
        if number == 0:
            names.update(["first " + end for end in ends])
        if number == last:
            names.update(["last " + end for end in ends])
        before, found, after = verb.rpartition("を")
        if found and before:
            names.update((f"を {before[-2:]}", f"を {before[-3:]}", f"を {before[-2:]} {after[:2]}"))
            names.update((f"verb {after[:2]}", f"verb {after[:3]}"))
    return names
