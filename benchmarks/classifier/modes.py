"""What a local model brings: `linear`, `model` and `cascade` on the hand-read prompts.

    python -m benchmarks.classifier.modes --shared ../shared/data/tasks

Asks the Ollama that `OLLAMA_HOST` names about every hand-read prompt (`--model NAME`), or, where there is none, a small model
run by llama.cpp behind Ollama's own protocol (`--gguf FILE`; without it the embedded model is fetched). What it said is kept in
`modes.json`, by the hash of the prompt; `evaluate` reads that file and shows the table with the labels of `linear` that it has made
with each source left out. `--table` makes them here, too, and prints the table (some minutes more).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from benchmarks.classifier.llama_ollama import PARAMETERS, serving
from benchmarks.classifier.rows import Row, shared
from llmswitch.catalog import ProviderSettings
from llmswitch.classify.answer_memory import AnswerMemory
from llmswitch.classify.cascade import combined, taken
from llmswitch.classify.evaluation import Figures, Said, figures
from llmswitch.classify.label import Difficulty, Label, Opinion
from llmswitch.classify.linear import Linear, decide
from llmswitch.classify.local_model import Answer, LocalModel
from llmswitch.classify.model_trial import PATIENCE_MS, sample, trial
from llmswitch.classify.trust import Trust, parameters_of
from llmswitch.ollama_address import address_of
from llmswitch.profile.schema import SECTIONS
from llmswitch.providers import model_fetch, model_file
from llmswitch.tasks import TASKS

ANSWERS = Path(__file__).with_name("modes.json")
SETTINGS = SECTIONS["classifier"]
THRESHOLD = float(cast("float", SETTINGS["threshold"].default))
DEADLINE_MS = int(cast("int", SETTINGS["deadline_ms"].default))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a model said: of the shipped sample (`trust`, `right` of `tried`), and of prompts by their hash."""

    model: str
    parameters: str
    trust: Trust
    right: int
    tried: int
    answers: dict[str, dict[str, Any]]
    made: str

    def answer(self, row: Row) -> Answer | None:
        """What it said of `row`, as it would have come before the deadline; None if it was never asked."""
        said = self.answers.get(key_of(row))
        if said is None:
            return None
        ms = float(said["ms"])
        if ms > DEADLINE_MS:
            return Answer(None, ms=DEADLINE_MS, outcome="late")
        return Answer(said["task"], cast("Difficulty", said["difficulty"]), self.model, ms)


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to use both; `asked` and `late` are shares of all prompts, latencies milliseconds."""

    name: str
    figures: Figures
    asked: float
    late: float
    p50_ms: float
    p95_ms: float


def key_of(row: Row) -> str:
    """The hash a prompt is known by: the prompts are not ours to distribute."""
    return hashlib.sha256(row.prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def record(model: LocalModel, parameters: str, rows: Sequence[Row], *, say: Callable[[str], None]) -> Recorded:
    """Try `model` out, then ask it about every row. Takes the model's time."""
    done = trial(model, sample())
    say(f"{done.model}: {done.right} of {done.asked} of the shipped sample right")
    model.deadline_ms = PATIENCE_MS
    answers: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        said = model.ask(row.prompt)
        answers[key_of(row)] = {"task": said.task, "difficulty": said.difficulty, "ms": round(said.ms)}
        if number % 50 == 0:
            say(f"{number} of {len(rows)}")
    made = time.strftime("%Y-%m-%d", time.gmtime())
    return Recorded(done.model, parameters, done.trust, done.right, done.asked, answers, made)


def save(recorded: Recorded, path: Path) -> None:
    """Write it down."""
    content = {
        "model": recorded.model,
        "parameters": recorded.parameters,
        "made": recorded.made,
        "right": recorded.right,
        "tried": recorded.tried,
        "said": recorded.trust.said,
        "answers": recorded.answers,
    }
    lines = json.dumps(content, ensure_ascii=False).replace('}, "', '},\n"')
    path.write_text(lines + "\n", encoding="utf-8")


def load(path: Path = ANSWERS) -> Recorded | None:
    """What was written down, if anything was."""
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Recorded(
        kept["model"],
        kept["parameters"],
        Trust(kept["said"]),
        kept["right"],
        kept["tried"],
        kept["answers"],
        kept["made"],
    )


def compared(
    rows: Sequence[Row], chances: Sequence[Sequence[float]], cost: list[list[float]], recorded: Recorded
) -> list[Mode]:
    """Every mode on `rows`, whose `chances` by `linear` are in the order of TASKS."""
    firsts = [_label(line, cost) for line in chances]
    times = _linear_ms(rows)
    known, unknown = recorded.trust, Trust()
    why_not = known.why_not(recorded.model, parameters_of(recorded.model, recorded.parameters))

    def weighed(by: Trust) -> Callable[[Label, Answer], Label]:
        return lambda first, answer: combined(first, answer, by, cost)

    nobody = 0.0  # a threshold that every confidence reaches
    ways: list[tuple[str, float, Callable[[Label, Answer], Label]]] = [
        ("`linear`", nobody, weighed(known)),
        ("`model`", 2.0, lambda first, answer: taken(first, answer, known)),
        ("`cascade`", nobody if why_not else THRESHOLD, weighed(known)),
        ("`cascade`, if it asked this model all the same", THRESHOLD, weighed(known)),
        ("`cascade`, if it believed any model alike", THRESHOLD, weighed(unknown)),
    ]
    return [_mode(name, rows, firsts, times, threshold, way, recorded) for name, threshold, way in ways]


def _mode(
    name: str,
    rows: Sequence[Row],
    firsts: Sequence[Label],
    times: Sequence[float],
    threshold: float,
    way: Callable[[Label, Answer], Label],
    recorded: Recorded,
) -> Mode:
    said, taken_ms, asked, late = [], [], 0, 0
    for row, first, ms in zip(rows, firsts, times, strict=True):
        label, spent = first, ms
        if first.confidence < threshold and (answer := recorded.answer(row)) is not None:
            asked += 1
            late += answer.outcome == "late"
            label = way(first, answer) if answer.task is not None else first
            spent += answer.ms
        said.append(Said(row.label, label.task, label.confidence))
        taken_ms.append(spent)
    taken_ms.sort()
    count = len(rows)
    p50, p95 = taken_ms[count // 2], taken_ms[count * 95 // 100]
    return Mode(name, figures(said), asked / count, late / count, p50, p95)


def _label(chances: Sequence[float], cost: list[list[float]]) -> Label:
    line = list(chances)
    best = decide(line, cost)
    scores = dict(zip(TASKS, line, strict=True))
    opinion = Opinion("linear", TASKS[best], line[best])
    return Label(TASKS[best], line[best], scores=scores, opinions=(opinion,))


def _linear_ms(rows: Sequence[Row]) -> list[float]:
    """How long the shipped `linear` takes for each; the median of three."""
    linear = Linear()
    runs: list[list[float]] = []
    for _ in range(4):
        run = []
        for row in rows:
            started = time.perf_counter()
            linear.label(row.prompt)
            run.append((time.perf_counter() - started) * 1000)
        runs.append(run)
    return [statistics.median(times) for times in zip(*runs[1:], strict=True)]


@contextmanager
def asked_model(name: str | None, gguf: Path | None, memory: Path) -> Iterator[tuple[LocalModel, str]]:
    """The model to ask, and its size in words: the Ollama model `name`, else llama.cpp's."""
    if name is not None:
        address = address_of(ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST"))
        yield LocalModel(address, [name], DEADLINE_MS, memory=AnswerMemory(memory)), ""
        return
    with serving(gguf or _fetched(memory.parent)) as server:
        os.environ["OLLAMA_HOST"] = server.url
        address = address_of(ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST"))
        yield LocalModel(address, [server.name], DEADLINE_MS, memory=AnswerMemory(memory)), PARAMETERS


def _fetched(folder: Path) -> Path:
    async def fetch() -> None:
        async for _ in model_fetch.fetch(model_file.DEFAULT, folder):
            """Progress, which nobody watches."""

    asyncio.run(fetch())
    return folder / model_file.DEFAULT.name


def _table(given: argparse.Namespace, recorded: Recorded) -> None:
    from benchmarks.classifier.evaluate import Data, left_out_sources
    from benchmarks.classifier.modes_report import table
    from benchmarks.classifier.rows import own
    from benchmarks.classifier.train import COST
    from llmswitch.classify.features import features

    rows = own() + shared(given.shared)
    tested, chances, _ = left_out_sources(Data(rows, [features(row.prompt) for row in rows]), tune=False)
    cost = [list(line) for line in COST]
    print("\n".join(table(compared(tested, chances.tolist(), cost, recorded))))


def main() -> None:
    """Parse the command line, ask, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--model", help="a model of the Ollama at OLLAMA_HOST")
    parser.add_argument("--gguf", type=Path, help="a model file for llama.cpp")
    parser.add_argument("--out", type=Path, default=ANSWERS)
    parser.add_argument("--table", action="store_true", help="print the table, with `linear` trained anew")
    parser.add_argument("--again", action="store_true", help="ask nobody, use what is in --out")
    given = parser.parse_args()
    rows = [row for row in shared(given.shared) if row.kind == "hand"]
    if not given.again:
        with TemporaryDirectory() as folder:
            memory = Path(folder) / "answers.json"
            with asked_model(given.model, given.gguf, memory) as (model, parameters):
                recorded = record(model, parameters, rows, say=lambda text: print(text, flush=True))
            save(recorded, given.out)
    kept = load(given.out)
    if given.table and kept is not None:
        _table(given, kept)


if __name__ == "__main__":
    main()
