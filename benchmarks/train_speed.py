"""Throughput beside a plain TRL script with the same settings, on the same rows.

    python -m benchmarks.train_speed BASE DATA [--steps 12] [--batch 2] [--length 1024] [--cpu]

The two take turns, so that what else the machine does falls on both. Prints tokens a second of
each turn, the medians and their ratio. On a machine that is busy with other things, `--cpu` counts
seconds of this process on the processor instead of seconds on the wall.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from novelcraft.finetune.data.rows import IGNORED, TrainingData, load_data, prompt_of
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import train_config
from novelcraft.finetune.training.stopping import Stop

WARM = 2
"""First steps, which are not counted."""


def settings(arguments: argparse.Namespace, folder: str) -> TrainConfig:
    return train_config(
        {
            "base_model": arguments.base,
            "data": arguments.data,
            "output": folder,
            "load_in_4bit": False,
            "lora_r": 16,
            "lora_alpha": 16.0,
            "per_device_batch_size": arguments.batch,
            "gradient_accumulation_steps": 1,
            "gradient_checkpointing": False,
            "max_length": arguments.length,
            "over_long": "drop",
            "packing": False,
            "max_steps": arguments.steps,
            "eval_steps": 10_000,
            "save_steps": 10_000,
            "sample_steps": 0,
        }
    )


def clock(now: Callable[[], float]) -> Any:
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        began = 0.0
        before = 0.0
        speed = 0.0

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
            if "loss" not in logs or state.global_step < WARM:
                return
            tokens = float(logs["num_tokens"])
            if state.global_step == WARM:
                self.before, self.began = tokens, now()
            else:
                self.speed = (tokens - self.before) / (now() - self.began)

    return Clock()


def ours(config: TrainConfig, data: TrainingData, now: Callable[[], float]) -> float:
    from novelcraft.finetune.training.train import Run

    run = Run(config, lambda event: None, Stop())
    run.claim(False, data)
    run.prepare()
    watch = clock(now)
    run.trainer.add_callback(watch)
    # Steps alone: neither validates nor saves before its last one.
    run.trainer.train()
    return float(watch.speed)


def plain(config: TrainConfig, data: TrainingData, folder: str, now: Callable[[], float]) -> float:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    decode = data.tokenizer.tokenizer.decode
    texts = [
        {
            "prompt": decode(list(prompt_of(row)), skip_special_tokens=False),
            "completion": decode(
                [label for label in row.labels if label != IGNORED], skip_special_tokens=False
            ),
        }
        for row in data.train
    ]
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        target_modules=list(config.lora_target_modules),
    )
    arguments = SFTConfig(
        output_dir=folder,
        max_length=config.max_length,
        per_device_train_batch_size=config.per_device_batch_size,
        gradient_accumulation_steps=1,
        gradient_checkpointing=False,
        max_steps=config.max_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        bf16=False,
        seed=config.seed,
        data_seed=config.seed,
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(config.base_model, dtype="float32"),
        args=arguments,
        train_dataset=Dataset.from_list(texts),
        processing_class=AutoTokenizer.from_pretrained(config.base_model),
        peft_config=adapter,
    )
    watch = clock(now)
    trainer.add_callback(watch)
    trainer.train()
    return float(watch.speed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("data")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    now = time.process_time if arguments.cpu else time.perf_counter
    speeds: dict[str, list[float]] = {"novelcraft": [], "plain TRL": []}
    for turn in range(arguments.turns):
        with tempfile.TemporaryDirectory() as folder:
            config = settings(arguments, str(Path(folder) / "ours"))
            data = load_data(config)
            runs: dict[str, Callable[[], float]] = {
                "novelcraft": partial(ours, config, data, now),
                "plain TRL": partial(plain, config, data, folder, now),
            }
            # A process grows faster as it goes on, so neither may always be the first.
            for name in sorted(runs, reverse=turn % 2 == 0):
                speeds[name].append(runs[name]())
    for name, found in speeds.items():
        turns = ", ".join(f"{speed:,.0f}" for speed in found)
        print(f"{name:<12} {statistics.median(found):>9,.0f} tokens/s   ({turns})")
    ratio = statistics.median(speeds["novelcraft"]) / statistics.median(speeds["plain TRL"])
    print(f"ratio        {ratio:>9.2f}")


if __name__ == "__main__":
    main()
