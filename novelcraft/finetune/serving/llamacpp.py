"""What llama.cpp says comes next.

Runs as `python -m novelcraft.finetune.serving.llamacpp` in a child process.

Reads a `Question` from standard input, writes one object of log-probabilities by token for each
prompt to standard output, and ends; the engine's threads end with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from novelcraft.errors import EngineError

_PATIENCE = 600
"""Seconds that the engine is given to load its files and to answer."""


@dataclass(frozen=True)
class Question:
    """What to ask which model."""

    model: str
    """The base, a GGUF file."""
    adapter: str
    """The adapter, a GGUF file; empty for none."""
    prompts: list[list[int]]
    """Token ids of each prompt."""
    top: int
    """How many of the likeliest next tokens to tell of each."""


def next_tokens(
    model: Path, adapter: Path | None, prompts: Sequence[Sequence[int]], top: int
) -> list[dict[int, float]]:
    """The likeliest next tokens of each prompt, with the logarithms of their probabilities.

    Raises:
        EngineError: The engine could not load the model or the adapter, or did not answer in time.
    """
    asked = [list(prompt) for prompt in prompts]
    question = Question(str(model), str(adapter or ""), asked, top)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "novelcraft.finetune.serving.llamacpp"],
            input=json.dumps(asdict(question)),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"llama.cpp has not answered for {adapter or model} in {_PATIENCE} seconds.",
            fix="Close what else is at work on this machine, or give a smaller GGUF base.",
        ) from error
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"]
        raise EngineError(
            f"llama.cpp cannot load {adapter or model}: {words[-1]}",
            fix="See that adapter and base belong together.",
        )
    told = json.loads(done.stdout)
    return [{int(token): value for token, value in each.items()} for each in told]


def main() -> None:
    """Answer the question on standard input."""
    question = Question(**json.load(sys.stdin))
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        answers = _ask(question, _serve(question))
    except RuntimeError as error:
        sys.exit(str(error))
    json.dump(answers, out)
    out.close()
    # The native threads of the server do not take part in an orderly end of the interpreter.
    os._exit(0)


def _serve(question: Question) -> Any:
    import xllamacpp

    longest = max(len(prompt) for prompt in question.prompts)
    params = xllamacpp.CommonParams()
    params.model.path = question.model
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.verbosity = 2
    params.fit_params = False
    params.n_ctx = longest + 16
    params.n_parallel = 1
    params.warmup = False
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    if question.adapter:
        loaded = xllamacpp.CommonAdapterLoraInfo()
        loaded.path, loaded.scale = question.adapter, 1.0
        params.lora_adapters = [loaded]
    return xllamacpp.Server(params)


def _ask(question: Question, server: Any) -> list[dict[int, float]]:
    import httpx2 as httpx

    answers = []
    with httpx.Client(base_url=server.listening_address, timeout=_PATIENCE) as client:
        for prompt in question.prompts:
            body: dict[str, Any] = {
                "prompt": prompt,
                "n_predict": 1,
                "n_probs": question.top,
                "temperature": 0.0,
                "cache_prompt": False,
            }
            if question.adapter:
                body["lora"] = [{"id": 0, "scale": 1.0}]
            reply = client.post("/completion", json=body)
            if reply.is_error:
                raise RuntimeError(reply.text)
            (first,) = reply.json()["completion_probabilities"][:1]
            answers.append({one["id"]: one["logprob"] for one in first["top_logprobs"]})
    return answers


if __name__ == "__main__":
    main()
