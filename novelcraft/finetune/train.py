"""A training run, from its settings to an adapter.

The folder of a run:

    run.json        what it was started with, by which a resumed run is known to be the same
    checkpoints/    step-000050/ …: the adapter and all that is needed to go on
    samples/        a folder for each brief, a file for each round
    adapter/        the adapter of the best validation, or of the last step without one
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig

from novelcraft.errors import CheckpointError, LossError, TrainingMemoryError
from novelcraft.finetune.adapters import CONFIG_FILE, TRAINING_FILE, WEIGHTS_FILE
from novelcraft.finetune.batches import Collator, items, record
from novelcraft.finetune.callbacks import Progress, Samples, Steps
from novelcraft.finetune.checkpoints import Checkpoints
from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.dataset import TrainingData, load_data
from novelcraft.finetune.models import (
    Machine,
    add_adapter,
    find_machine,
    load_base,
    load_tokenizer,
    trainable,
)
from novelcraft.finetune.refusals import refuse
from novelcraft.finetune.stack import STACK
from novelcraft.finetune.stopping import Stop
from novelcraft.finetune.storage import storage_errors, sync_folder
from novelcraft.finetune.trainer import EVAL_LOSS, Emit, NarratorTrainer
from novelcraft.state.train_events import TrainNotice, TrainStarted, TrainStopped
from novelcraft.tools.export.files import write_atomic

RUN_FILE = "run.json"
CHECKPOINTS, SAMPLES, ADAPTER = "checkpoints", "samples", "adapter"
_FREE = (
    "output",
    "save_steps",
    "keep_checkpoints",
    "sample_steps",
    "samples",
    "sample_tokens",
    "tracker",
)
"""Settings that a resumed run may change: nothing that is learnt depends on them."""


def run_training(
    config: TrainConfig,
    emit: Emit,
    *,
    resume: bool = False,
    stop: Stop | None = None,
    data: TrainingData | None = None,
) -> TrainStopped:
    """Train an adapter.

    Args:
        config: The run's settings.
        emit: Takes what there is to tell, as it happens.
        resume: Go on from the run's last checkpoint.
        stop: Tells when to save and stop; None for never.
        data: The rows; None reads them.

    Returns:
        How it ended, which is also emitted.

    Raises:
        TrainingError, InputError, ProjectError: It cannot start, or cannot go on.
    """
    began = time.monotonic()
    run = Run(config, emit, stop or Stop())
    run.prepare(resume, data)
    ended = run.train(began)
    emit(ended)
    return ended


class Run:
    """A run: prepared, then trained."""

    trainer: NarratorTrainer
    data: TrainingData
    batches: int
    """Rows, or packs of rows, of a pass."""

    def __init__(self, config: TrainConfig, emit: Emit, stop: Stop) -> None:
        refuse(config)
        self._config = config
        self._emit = emit
        self._stop = stop
        self._folder = Path(config.output).expanduser()
        self._checkpoints = Checkpoints(self._folder / CHECKPOINTS)

    def prepare(self, resume: bool, rows: TrainingData | None = None) -> None:
        """Load everything that is needed."""
        config = self._config
        data = rows or load_data(config)
        self._checkpoint = self._checkpoints.require() if resume else None
        self._claim(data, resume)
        machine = find_machine(config)
        for text in (*machine.notices, *data.notices, *_dropped(data)):
            self._emit(TrainNotice(text=text))
        set_seed(config.seed)
        model = load_base(
            config.base_model,
            machine,
            four_bits=config.load_in_4bit,
            attention=config.attention,
        )
        adapted = add_adapter(model, config)
        self.data, self._machine = data, machine
        self.trainer = self._make_trainer(adapted)
        if machine.precision == "fp32":
            # TRL makes the adapter of a model in four bits a 16-bit one.
            for parameter in trainable(adapted):
                parameter.data = parameter.data.float()

    def train(self, began: float) -> TrainStopped:
        """Run to whatever end."""
        trainer, detail = self.trainer, ""
        checkpoint = str(self._checkpoint) if self._checkpoint else None
        self._emit(self._started())
        try:
            trainer.train(resume_from_checkpoint=checkpoint)
            reason = self._steps.reason
        except LossError as error:
            reason, detail = "nan", str(error)
        except torch.OutOfMemoryError as error:
            raise TrainingMemoryError(
                f"Step {trainer.state.global_step + 1} does not fit the accelerator's memory.",
                fix="Set a smaller per_device_batch_size or max_length, or load_in_4bit: true.",
            ) from error
        latest = self._checkpoints.latest()
        best = trainer.state.best_global_step or 0
        adapter = self._publish(best) if trainer.args.should_save else None
        return TrainStopped(
            reason=reason,
            step=trainer.state.global_step,
            best_step=best or (self._checkpoints.steps() or [0])[-1],
            adapter=str(adapter or ""),
            checkpoint=str(latest or ""),
            seconds=time.monotonic() - began,
            detail=detail,
        )

    def _claim(self, data: TrainingData, resume: bool) -> None:
        """Take the run's folder, or see that it is this run's.

        Raises:
            CheckpointError: It is another run's.
        """
        file = self._folder / RUN_FILE
        self._mine = mine = {
            "config": json.loads(self._config.model_dump_json()),
            "data_hash": data.data_hash,
            "tokenizer": data.tokenizer.fingerprint,
        }
        if not resume:
            if self._checkpoints.steps():
                raise CheckpointError(
                    f"{self._folder} holds the checkpoints of a run.",
                    fix="Give --resume to go on with it, or another output folder.",
                )
            write_atomic(file, json.dumps(mine, indent=2).encode())
            return
        theirs = json.loads(file.read_text(encoding="utf-8"))
        changed = _changes(theirs, mine)
        if changed:
            raise CheckpointError(
                f"The run in {self._folder} was started otherwise: {'; '.join(changed)}.",
                fix="Resume with what it was started with, or start a run in another folder.",
            )

    def _make_trainer(self, model: Any) -> NarratorTrainer:
        config, data = self._config, self.data
        made = items(data.train, packing=config.packing, room=config.max_length)
        records = [record(item) for item in made]
        self.batches = len(records)
        columns = {key: [one[key] for one in records] for key in records[0]}
        tokenizer = load_tokenizer(config.base_model)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self._steps = Steps(config, self._stop, validates=bool(data.validation))
        rounds = config.samples and config.sample_steps and data.validation
        sampler = Samples(
            config,
            data.validation,
            lambda tokens: tokenizer.decode(tokens, skip_special_tokens=True),
            self._folder / SAMPLES,
            self._emit,
        )
        return NarratorTrainer(
            model=model,
            args=_arguments(config, self._machine, self._folder, len(records)),
            train_dataset=Dataset.from_dict(columns),
            data_collator=Collator(tokenizer.pad_token_id, config.packing),
            processing_class=tokenizer,
            callbacks=[self._steps, Progress(self._emit), *([sampler] if rounds else [])],
            config=config,
            rows=data.train,
            validation=data.validation,
            checkpoints=self._checkpoints,
            emit=self._emit,
        )

    def _started(self) -> TrainStarted:
        trainer, model = self.trainer, self.trainer.model
        steps = [self._checkpoints.steps()[-1]] if self._checkpoint else [0]
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        return TrainStarted(
            base_model=self._config.base_model,
            device=self._machine.device,
            precision=self._machine.precision,
            steps=_total_steps(self._config, self.batches, trainer.args.world_size),
            resumed_at=steps[0],
            rows=len(self.data.train),
            validation_rows=len(self.data.validation),
            batches=math.ceil(self.batches / self._config.per_device_batch_size),
            trainable=sum(p.numel() for p in trainable(model)),
            weights_bytes=weights,
        )

    def _publish(self, best: int) -> Path | None:
        """Make the best checkpoint's adapter the run's; without a best one, the last's."""
        steps = self._checkpoints.steps()
        if not steps:
            return None
        source = self._checkpoints.path(best if best in steps else steps[-1])
        target = self._folder / ADAPTER
        partial = self._folder / f".writing-{ADAPTER}"
        with storage_errors(target):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            for name in (WEIGHTS_FILE, CONFIG_FILE):
                shutil.copyfile(source / name, partial / name)
            training = {**self._mine, "step": best or steps[-1], "versions": _versions()}
            (partial / TRAINING_FILE).write_text(json.dumps(training, indent=2), encoding="utf-8")
            sync_folder(partial)
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
        return target


def _arguments(config: TrainConfig, machine: Machine, folder: Path, batches: int) -> SFTConfig:
    steps = _total_steps(config, batches, int(os.environ.get("WORLD_SIZE", "1")))
    eight = config.optimizer == "adamw_8bit" and not machine.cpu
    return SFTConfig(
        output_dir=str(folder),
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        max_length=None,
        packing=False,
        per_device_train_batch_size=config.per_device_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        gradient_checkpointing=config.gradient_checkpointing,
        num_train_epochs=config.num_epochs,
        max_steps=config.max_steps or -1,
        learning_rate=config.learning_rate,
        lr_scheduler_type=_SCHEDULES[config.lr_scheduler],
        warmup_steps=round(config.warmup_ratio * steps),
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim="adamw_bnb_8bit" if eight else "adamw_torch",
        neftune_noise_alpha=config.neftune_noise_alpha or None,
        router_aux_loss_coef=0.0,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="steps",
        save_steps=config.save_steps,
        metric_for_best_model=EVAL_LOSS,
        greater_is_better=False,
        report_to=config.tracker,
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
        use_cpu=machine.cpu,
        bf16=machine.precision == "bf16",
        fp16=machine.precision == "fp16",
        dataloader_pin_memory=not machine.cpu,
        ddp_find_unused_parameters=False,
    )


_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def _total_steps(config: TrainConfig, batches: int, devices: int) -> int:
    if config.max_steps:
        return config.max_steps
    each = math.ceil(batches / devices / config.per_device_batch_size)
    steps = max(1, math.ceil(each / config.gradient_accumulation_steps))
    return max(1, math.ceil(config.num_epochs * steps))


def _dropped(data: TrainingData) -> Sequence[str]:
    return [
        f"{row.row_id} is left out: it has {row.tokens} tokens, more than max_length."
        for row in data.dropped
    ]


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("novelcraft", *STACK)}


def _changes(theirs: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    changed = []
    if theirs["data_hash"] != mine["data_hash"]:
        changed.append("the rows have changed")
    if theirs["tokenizer"] != mine["tokenizer"]:
        changed.append("the base model's tokenizer has changed")
    for key, value in mine["config"].items():
        was = theirs["config"].get(key)
        if key not in _FREE and was != value:
            changed.append(f"{key} was {was}, and is {value}")
    return changed
