"""What a training run can be told. Where the values come from is `finetune.load`.

The keys are the ones that other trainers use. A field is documented by the string beneath it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from novelcraft.finetune.settings.presets import LINEAR, PresetName
from novelcraft.state.train_events import Method

Count = Annotated[int, Field(ge=1)]
Names = Annotated[tuple[str, ...], Field(strict=False)]

RETIRED: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "serve": ((True, False), "it decides nothing"),
    "use_dora": ((False,), "no server takes an adapter with DoRA"),
    "modules_to_save": (((), []), "no server takes an adapter with layers that are trained whole"),
    "desirable_weight": ((1.0,), "it has no meaning with any method"),
    "undesirable_weight": ((1.0,), "it has no meaning with any method"),
}
"""Keys of earlier versions: the values that change nothing, which files and records may keep, and
the reason why there is no other."""


class TrainConfig(BaseModel):
    """A training run. Unknown keys are refused, and no value is taken for another type's."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    base_model: str = Field(min_length=1)
    """The model to train: its folder, or `owner/name` on the Hugging Face hub."""
    data: str = Field(min_length=1)
    """The data folder, as `novelcraft prep` leaves it, or a folder with `train.jsonl`."""
    output: str = Field(min_length=1)
    """The folder that the run writes to: checkpoints, samples, and the adapter."""
    method: Method = "sft"
    """What to learn from: `sft` from rows, `dpo` from pairs of a better and a worse scene."""
    start_adapter: str = ""
    """The folder of an adapter to go on from; empty to begin with a new one. Preferences are
    measured against it: it is the reference, or else the bare base is."""
    preset: PresetName = "auto"
    """Defaults of a family of models; `auto` takes those that fit the base."""
    device: Literal["auto", "cpu"] = "auto"
    """Where to train: on the accelerator, where there is one (`auto`), or on the processor."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """Numbers to compute in. A processor always takes fp32, which is its fastest."""
    attention: Literal["sdpa", "eager"] = "sdpa"
    """How attention is computed; both keep the documents of a pack apart."""
    load_in_4bit: bool = False
    """Hold the base in four bits a weight (NF4), and train the adapter over it: QLoRA."""

    lora_r: int = Field(default=64, ge=1, le=1024)
    """Rank of the adapter: what it can hold, and what it costs."""
    lora_alpha: float = Field(default=64.0, gt=0)
    """Strength of the adapter, over its rank."""
    lora_dropout: float = Field(default=0.0, ge=0, le=0.9)
    """Share of the adapter's inputs that are left out at random."""
    lora_target_modules: Names = LINEAR
    """The linear layers that are given an adapter, by the end of their names."""
    lora_target_parameters: Names = ()
    """Parameters that are no layers of their own and are given an adapter: fused experts."""
    use_rslora: bool = False
    """Divide the strength by the root of the rank, not by the rank."""

    beta: float = Field(default=0.1, gt=0)
    """Of `dpo`: the strength of the KL term, which holds the narrator to the reference."""
    sft_weight: float = Field(default=0.2, ge=0)
    """Of `dpo`: weight of the loss on the better scenes, learnt as rows are. Without it, the
    better scene may become less likely as long as the other one becomes so even more."""

    learning_rate: float = Field(default=1e-4, gt=0, le=1)
    """The highest learning rate."""
    lr_scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls, after it has risen."""
    warmup_ratio: float = Field(default=0.05, ge=0, le=0.5)
    """Share of all steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0)
    """AdamW's decoupled weight decay: each step takes this share of a weight, times the learning
    rate, off it."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """The norm that gradients are clipped to."""
    optimizer: Literal["adamw", "adamw_8bit"] = "adamw"
    """The optimiser; the second holds its state in eight bits, and needs an accelerator."""
    num_epochs: float = Field(default=3.0, gt=0)
    """Passes over the rows."""
    max_steps: int = Field(default=0, ge=0)
    """Steps after which to stop, whatever the passes; 0 for no such limit."""
    per_device_batch_size: Count = 1
    """Rows, or packs of rows, that a device takes at once."""
    gradient_accumulation_steps: Count = 8
    """Batches to a step of the optimiser."""
    gradient_checkpointing: bool = True
    """Compute the forward pass twice and hold less of it."""
    neftune_noise_alpha: float = Field(default=0.0, ge=0)
    """Strength of noise on the embeddings; 0 for none."""

    max_length: Count = 4_096
    """Tokens of the longest row, and of a pack. Nothing is ever cut to it."""
    over_long: Literal["refuse", "drop"] = "refuse"
    """What to do about longer rows: train nothing, or leave them out and say which."""
    packing: bool = True
    """Fill batches with several rows each, none of which sees another. Pairs are never packed."""

    eval_steps: Count = 10
    """Steps between two validations."""
    early_stopping: bool = True
    """Stop when validation no longer gets better. The best checkpoint is kept in any case."""
    early_stopping_patience: Count = 3
    """Validations without a better result that are waited for."""
    save_steps: Count = 50
    """Steps between two checkpoints. One is also made of every best result."""
    keep_checkpoints: Count = 2
    """Checkpoints to keep, beside the best."""
    sample_steps: int = Field(default=200, ge=0)
    """Steps between two rounds of samples; 0 for none."""
    samples: int = Field(default=2, ge=0)
    """Briefs of the validation rows that a sample is written for, the same each time."""
    sample_tokens: Count = 400
    """Tokens of a sample."""
    tracker: Literal["none", "tensorboard", "mlflow", "trackio", "wandb"] = "none"
    """Where the run's figures go besides its own events; the package has to be installed."""
    evaluate: bool = True
    """Evaluate the adapter after training; the gate lets none through that was not."""
    evaluation_words: int = Field(default=6_000, ge=100)
    """Words that base and tuned model write for it, each: a style score needs 5,000."""
    evaluation_probes: Literal["auto", "always", "never"] = "auto"
    """When it runs the probes, which take the most time; `auto` leaves them out on a processor."""
    base_licence: str = ""
    """The base's licence, for the adapter's card; empty takes what the base's own card says."""
    books_licence: str = ""
    """The books' licence, for the adapter's card."""
    seed: int = Field(default=1, ge=0)
    """Decides the order of rows, the adapter's first weights, dropout and noise."""

    @model_validator(mode="before")
    @classmethod
    def _without_retired(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {key: v for key, v in values.items() if v not in RETIRED.get(key, ((), ""))[0]}

    @classmethod
    def from_record(cls, values: Mapping[str, Any]) -> Self:
        """The settings that a run of this or of an earlier version noted beside its adapter.

        Raises:
            ValueError: They are none.
        """
        known = {key: value for key, value in values.items() if key in cls.model_fields}
        if known.get("method") == "kto":
            known["method"] = "dpo"
        return cls.model_validate_json(json.dumps(known))

    @property
    def rows_per_step(self) -> int:
        """Rows, or packs, to a step of the optimiser on one device."""
        return self.per_device_batch_size * self.gradient_accumulation_steps
