"""What a server's last words mean, and what is known to help."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_READ = 200_000
"""Characters of the end of a log that are looked through: the cause stands before the traceback."""


@dataclass(frozen=True)
class Remedy:
    """A known way to die, and what to do about it."""

    name: str
    pattern: str
    """Regular expression over the log."""
    advice: str


REMEDIES = (
    Remedy(
        "port in use",
        r"address already in use|Errno 98\b|Errno 48\b",
        "End what listens at that port, or give the role another one: flags = { port = … } in "
        "your serving.toml.",
    ),
    Remedy(
        "CUDA graphs after an illegal access",
        r"illegal memory access|CUBLAS_STATUS_EXECUTION_FAILED|CUDA error: misaligned address",
        "Capture CUDA graphs in pieces: flags = { compilation-config = { cudagraph_mode = "
        '"PIECEWISE" } } for the role in your serving.toml; if it dies all the same, '
        "enforce-eager = true.",
    ),
    Remedy(
        "memory held by others",
        r"Free memory on device .* is less than desired|less than desired CPU memory utilization",
        "End what else uses the device (nvidia-smi names it), or lower `usable` of the preset in "
        "your serving.toml.",
    ),
    Remedy(
        "out of memory",
        r"out of memory|No available memory for the cache blocks|larger than the available KV cache"
        r"|OutOfMemoryError|DefaultCPUAllocator: can't allocate|Cannot allocate memory",
        "Give the role a shorter context, fewer sequences or a smaller model, or lower `usable` of "
        "the preset, in your serving.toml; novelcraft serve --dry-run shows what each takes.",
    ),
    Remedy(
        "licence to be accepted",
        r"gated repo|Access to model .* is restricted|401 Client Error|403 Client Error",
        "Accept the model's licence on the hub and log in there (hf auth login), or name a folder "
        "that you have downloaded: --model ROLE=DIR.",
    ),
    Remedy(
        "missing weights",
        r"Repository Not Found|not a valid model identifier|does not appear to have a file named"
        r"|Cannot find any model weights|couldn't connect to|LocalEntryNotFoundError"
        r"|Failed to resolve|Invalid repository ID|No such file or directory: .*safetensors",
        "Download the model where there is a network (hf download NAME), or name the folder that "
        "it is in: --model ROLE=DIR.",
    ),
    Remedy(
        "context longer than the model's",
        r"greater than the derived max_model_len",
        "Set a smaller context for the role in your serving.toml.",
    ),
    Remedy(
        "adapter larger than allowed",
        r"LoRA rank \d+ is greater than max_lora_rank|is greater than max_lora_rank",
        "Leave max-lora-rank out of your serving.toml: it is chosen by the adapters.",
    ),
    Remedy(
        "adapter of another base",
        r"is not a supported LoRA|unsupported LoRA weight|expected target modules in"
        r"|does not support LoRA",
        "See that the adapter was trained on this very model, and convert it: novelcraft adapter "
        "convert DIR --to vllm --out DIR.",
    ),
    Remedy(
        "variable that vLLM does not know",
        r"Unknown vLLM environment variable detected",
        "Unset that variable, or take it out of your serving.toml.",
    ),
    Remedy(
        "flag that vLLM does not know",
        r"unrecognized arguments|error: argument --",
        "Correct the flags in your serving.toml.",
    ),
    Remedy(
        "broken environment",
        r"ModuleNotFoundError|ImportError|undefined symbol",
        "Remove the environment's folder, and have it made again by the same command.",
    ),
)
"""Looked for in this order: the cause before what follows from it."""

KILLED = Remedy(
    "killed by the system",
    "",
    "The system ends what takes too much memory: use a smaller model or a shorter context, or end "
    "other programs.",
)


def find_remedy(log: str, status: int) -> Remedy | None:
    """The known cause of a server's death.

    Args:
        log: What it wrote.
        status: Its exit status; negative for the signal that ended it.
    """
    end = log[-MOST_READ:]
    for remedy in REMEDIES:
        if re.search(remedy.pattern, end, re.IGNORECASE):
            return remedy
    return KILLED if status == -9 else None
