"""Sizes against what other people's servers logged."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from novelcraft.tools.serving.fitting import fit
from novelcraft.tools.serving.planning import plan_servers
from novelcraft.tools.serving.sizes import kv_bytes_per_token
from tests.tools.serving.machines import CATALOG

GIB = 1 << 30
LLAMA_CPP = "https://huggingface.co/dranger003/c4ai-command-r-v01-iMat.GGUF/discussions/6"
"""Caches of 2,048 tokens in 16 bits, in MiB, as llama.cpp allocated them."""
VLLM = "https://github.com/vllm-project/vllm/"
LLAMA = "llama-3.1-8b-instruct"
"""Has the shape of Llama-3-8B, too."""


class Cache(NamedTuple):
    """Tokens that were kept in so many bytes."""

    model: str
    layers: int
    hidden: int
    heads: int
    pairs: int
    size: float
    rounding: float
    """Bytes by which the log rounds."""
    tokens: int
    source: str


def allocated(model: str, layers: int, hidden: int, heads: int, pairs: int, mib: int) -> Cache:
    return Cache(model, layers, hidden, heads, pairs, mib << 20, 0, 2_048, LLAMA_CPP)


CACHES = [
    allocated("Meta-Llama-3-8B-Instruct", 32, 4_096, 32, 8, 256),
    allocated("Meta-Llama-3-70B-Instruct", 80, 8_192, 64, 8, 640),
    allocated("Mixtral-8x7B", 32, 4_096, 32, 8, 256),
    allocated("Qwen1.5-32B-Chat", 64, 5_120, 40, 8, 512),
    allocated("Yi-1.5-34B-Chat", 60, 7_168, 56, 8, 480),
    allocated("c4ai-command-r-v01", 40, 8_192, 64, 64, 2_560),
    Cache(
        "Llama-3.2-11B-Vision",
        *(40, 4_096, 32, 8),
        size=14.65 * GIB,
        rounding=0.005 * GIB,
        tokens=6_001 * 16,
        source=VLLM + "pull/12126",
    ),
]


@pytest.mark.parametrize("logged", CACHES, ids=lambda logged: logged.model)
def test_the_cache_of_a_token_is_what_servers_allocated(logged: Cache) -> None:
    config: dict[str, Any] = {
        "num_hidden_layers": logged.layers,
        "hidden_size": logged.hidden,
        "num_attention_heads": logged.heads,
        "num_key_value_heads": logged.pairs,
    }
    # A log in blocks of 16 tokens has cut off less than one block.
    block = 16 * kv_bytes_per_token(config) if logged.rounding else 0
    least = kv_bytes_per_token(config) * logged.tokens - logged.rounding
    assert least <= logged.size <= least + 2 * logged.rounding + block


@pytest.mark.parametrize(
    ("model", "logged", "within", "source"),
    [
        (LLAMA, 14.96, 0.001, VLLM + "pull/10511"),
        (LLAMA, 14.9889, 0.003, VLLM + "pull/17122"),
        # DeepSeek-R1-Distill-Qwen-14B over two cards, each with what they share.
        ("qwen2.5-14b-instruct", 2 * 13.9476, 0.02, VLLM + "issues/13061"),
    ],
)
def test_the_weights_are_what_servers_loaded(
    model: str, logged: float, within: float, source: str
) -> None:
    assert CATALOG.models[model].weights == pytest.approx(logged * GIB, rel=within), source


def test_all_but_the_cache_is_what_a_server_took() -> None:
    h200 = CATALOG.preset("h200")
    (share,) = fit(
        plan_servers(CATALOG, h200, ["narrator"], models={"narrator": LLAMA}), h200, CATALOG
    ).shares
    # Llama-3-8B, of pull request 10511: what it may use without what is left for the cache.
    assert share.fixed == pytest.approx((71.29 - 53.29) * GIB, rel=0.1)
