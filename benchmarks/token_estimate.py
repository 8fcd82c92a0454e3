"""How near the estimate of a prompt's tokens is to real counts, by kind of text.

    LLMSWITCH_TEST_GGUF=model.gguf python benchmarks/token_estimate.py [--vocabulary NAME=FILE ...]

Counts come from the GGUF's tokenizer (through llama.cpp's server), from GPT's `o200k_base` where the package `bpe-openai`
is installed, which ships it, and from vocabulary files: a Hugging Face `tokenizer.json` (needs `tokenizers`), a `.tiktoken`
file of Qwen or a `tekken*.json` of Mistral (need `tiktoken`). Figures are estimate / count; below 1 it is too low.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import importlib
import json
import os
import random
import sys
import sysconfig
import urllib.request
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from llmswitch.tokens import estimate_text

Count = Callable[[str], int]
ROOT = Path(__file__).parent.parent
LARGEST = 60_000
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def samples() -> dict[str, str]:
    """Kinds of text, from this repository, from Python itself, or made up with a fixed seed."""
    from pydoc_data import topics

    chance = random.Random(1)
    engine = [path.read_text() for path in sorted((ROOT / "llmswitch" / "engine").glob("*.py"))]
    headers = sorted(Path(sysconfig.get_path("include")).glob("*.h"))
    records = [_record(chance, number) for number in range(150)]
    prompts = (ROOT / "benchmarks" / "classifier" / "prompts").glob("ja-*.jsonl")
    japanese = "\n".join(json.loads(line)["prompt"] for path in sorted(prompts) for line in path.open(encoding="utf-8"))
    kinds = {
        "English prose": "\n\n".join(topics.topics.values()),
        "Markdown": (ROOT / "README.md").read_text() + (ROOT / "docs" / "tasks.md").read_text(),
        "Python": "".join(engine),
        "C": "".join(path.read_text() for path in headers),
        "diff": "".join(_diffs(engine)),
        "JSON, compact": json.dumps(records, separators=(",", ":")),
        "JSON, indented": json.dumps(records, indent=2),
        "server log": "".join(_log_line(chance) for _ in range(300)),
        "Japanese": japanese,
        "Russian": "Программа читает запрос, выбирает модель и печатает ответ; ошибки видны в журнале. " * 30,
        "base64": base64.b64encode(chance.randbytes(6_000)).decode(),
        "emoji": "🦊🎉👍 ok ✅ 🚀 " * 100,
    }
    kinds["mixed"] = "\n\n".join(text[5_000:9_000] for name, text in kinds.items() if name != "base64")
    return {name: text[:LARGEST] for name, text in kinds.items() if text}


def _record(chance: random.Random, number: int) -> dict[str, Any]:
    usage = {"input_tokens": chance.randrange(10_000), "cost_usd": f"{chance.random():.6f}"}
    return {"id": number, "key": f"{chance.getrandbits(128):032x}", "model": "claude-opus-4-6", "usage": usage}


def _log_line(chance: random.Random) -> str:
    clock = f"2026-11-{chance.randrange(1, 29):02} 12:{chance.randrange(60):02}:{chance.randrange(60):02}"
    return f"{clock},{chance.randrange(1000):03} INFO worker-{chance.randrange(9)} GET /api/items/{chance.randrange(10**5)} 200\n"


def _diffs(files: list[str]) -> list[str]:
    """Unified diffs between neighbours: hunks of real code."""
    return [
        "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "a/x.py", "b/x.py", lineterm=""))
        for old, new in pairwise(files)
    ]


def counters(vocabularies: list[str]) -> dict[str, Count]:
    """Whatever real tokenizers are at hand."""
    found: dict[str, Count] = {}
    try:
        o200k = importlib.import_module("bpe_openai").get_encoding("o200k_base")
        found["GPT o200k"] = lambda text: len(list(o200k.encode(text)))
    except ImportError:
        print("bpe-openai is not installed: no count of GPT's", file=sys.stderr)
    for given in vocabularies:
        name, _, file = given.partition("=")
        found[name] = _vocabulary(Path(file))
    if path := os.environ.get("LLMSWITCH_TEST_GGUF"):
        found["GGUF"] = _llama(path)
    return found


def _vocabulary(path: Path) -> Count:
    if path.suffix == ".tiktoken":
        lines = (line.split() for line in path.read_bytes().splitlines() if line)
        return _tiktoken(QWEN, {base64.b64decode(token): int(rank) for token, rank in lines})
    body = json.loads(path.read_text(encoding="utf-8"))
    if "vocab" in body and "config" in body:
        size = body["config"]["default_vocab_size"] - body["config"]["default_num_special_tokens"]
        ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in body["vocab"][:size]}
        return _tiktoken(body["config"]["pattern"], ranks)
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(str(path))
    return lambda text: len(tokenizer.encode(text).ids)


def _tiktoken(pattern: str, ranks: dict[bytes, int]) -> Count:
    tiktoken = importlib.import_module("tiktoken")
    encoding = tiktoken.Encoding("own", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


def _llama(path: str) -> Count:
    """The GGUF's own tokenizer, asked through llama.cpp's server, which lives as long as the counter."""
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel = path, 512, 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    server = xllamacpp.Server(params)

    def count(text: str) -> int:
        url = f"{str(server.listening_address).rstrip('/')}/tokenize"
        asked = urllib.request.Request(
            url, json.dumps({"content": text}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked) as answer:
            return len(json.load(answer)["tokens"])

    return count


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", action="append", default=[], metavar="NAME=FILE")
    found = counters(parser.parse_args().vocabulary)
    names = list(found)
    print("| text | chars | " + " | ".join(names) + " |\n|---|---|" + "---|" * len(names))
    for kind, text in samples().items():
        estimate = estimate_text(text)
        ratios = [f"{estimate / count(text):.2f}" for count in found.values()]
        print(f"| {kind} | {len(text):,} | " + " | ".join(ratios) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
