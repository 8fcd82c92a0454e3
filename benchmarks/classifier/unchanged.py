"""Whether a change to the classifier's code left its features and labels as they were, to the bit.

    python -m benchmarks.classifier.unchanged keep FILE [--shared FOLDER]    # before the change
    python -m benchmarks.classifier.unchanged compare FILE [--shared FOLDER] # after it

Our own prompts, those of FOLDER, and as many again that were cut, glued together, shouted, attached to each other or noised.
FILE gets a hash a prompt. `compare` shows the prompts that came out differently, and then exits with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from benchmarks.classifier.rows import own, read
from llmswitch.classify.features import features
from llmswitch.classify.linear import Linear
from llmswitch.tokens import estimate_text

SHOWN = 10
NOISE = "a B?。\n\t !:;{}()<>[]|`'\"-+*/=@#→ÀßİK０１あアー漢字…、「」①・〜\u3000\u2028\x0b\x1c\x85\xa0\ud800😀12_$%"


def cases(prompts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(request, attachment): each prompt as it is, and once changed in one of eight ways."""
    random = Random(5)
    for place, prompt in enumerate(prompts):
        yield prompt, ""
        other = prompts[(place * 7919 + 13) % len(prompts)]
        match place % 8:
            case 0:
                yield prompt, other
            case 1:
                yield f"{prompt}\n\n{other}", ""
            case 2:
                yield prompt[: random.randrange(len(prompt) + 1)], ""
            case 3:
                yield prompt.upper(), ""
            case 4:
                yield "", prompt
            case 5:
                lines = f"{prompt}\n{other}".split("\n")
                random.shuffle(lines)
                yield "\n".join(lines), other * 30
            case 6:
                yield "".join(letter + random.choice(["", "", "", random.choice(NOISE)]) for letter in prompt), ""
            case _:
                yield "\n".join(prompts[(place + step * 31) % len(prompts)] for step in range(12)), ""


def hashes(given: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A hash a case: of the features' numbers, the label with its scores, and the estimated tokens."""
    linear = Linear()
    for request, attachment in given:
        found, label = features(request, attachment), linear.label(request, attachment)
        alike = linear.of(found).scores == label.scores
        said = (*found, label.task, label.difficulty, label.confidence, *label.scores.values(), alike)
        yield hashlib.sha256(repr((said, estimate_text(request))).encode()).hexdigest()[:16]


def main() -> int:
    """Keep or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("keep", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--shared", type=Path, help="a folder of JSONL with prompts that are not ours")
    given = parser.parse_args()
    prompts = [row.prompt for row in own()]
    for file in sorted(given.shared.glob("*.jsonl")) if given.shared else ():
        prompts += [entry["prompt"] for entry in read(file)]
    looked_at = list(cases(prompts))
    found = list(hashes(looked_at))
    if given.what == "keep":
        given.file.write_text("\n".join(found), encoding="ascii")
        return 0
    before = given.file.read_text(encoding="ascii").split("\n")
    if len(before) != len(found):
        print(f"{given.file} is of {len(before)} prompts, these are {len(found)}: keep it again from the code before")
        return 1
    other = [case for case, one, two in zip(looked_at, found, before, strict=True) if one != two]
    print(f"{len(other)} of {len(found)} came out differently")
    for request, attachment in other[:SHOWN]:
        print(repr((request[:200], attachment[:60])))
    return bool(other)


if __name__ == "__main__":
    sys.exit(main())
