"""What an English word may be an inflection of, by rule and a table of irregular ones."""

from __future__ import annotations

from functools import lru_cache

from llmswitch.cache.guard import english_words

_NO_ADVERBS = english_words.words("hardly lately nearly barely shortly only early reply apply supply family daily")


@lru_cache(maxsize=50_000)
def forms(word: str) -> frozenset[str]:
    """`word` (lower case) and every base it may come from: "taking" → taking, tak, take."""
    found = {word}
    if base := english_words.irregular().get(word):
        found.add(base)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        found.add(word[:-1])
        if word.endswith("es"):
            found.add(word[:-2])
        if word.endswith("ies"):
            found.add(word[:-3] + "y")
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1 and any(vowel in stem for vowel in "aeiouy"):
            found |= {stem, stem + "e"}
            if len(stem) > 2 and stem[-1] == stem[-2]:
                found.add(stem[:-1])
            if stem.endswith("i"):
                found.add(stem[:-1] + "y")
    if word.endswith("ly") and len(word) > 5 and word not in _NO_ADVERBS:
        found.add(word[:-2])
        if word.endswith("ily"):
            found.add(word[:-3] + "y")
    british = {form.replace("isat", "izat") for form in found if "isat" in form}
    british |= {form[:-3] + "ize" for form in found if form.endswith("ise") and len(form) > 5}
    british |= {form[:-3] + "or" for form in found if form.endswith("our") and len(form) > 5}
    british |= {form[:-2] + "er" for form in found if form.endswith("tre")}
    return frozenset(found | british)


@lru_cache(maxsize=50_000)
def concept(word: str) -> str:
    """The name of the group of synonyms that `word` is in, else its shortest base."""
    groups = english_words.synonyms()
    for form in sorted(forms(word), key=len):
        if form in groups:
            return groups[form]
    return word
