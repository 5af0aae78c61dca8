"""An evaluation, from an adapter's folder to the file in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from novelcraft.finetune.adapters.evaluation_file import EVALUATION_FILE
from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.evaluation.material import Material
from novelcraft.finetune.evaluation.measuring import measure_memory, measure_style, samples_of
from novelcraft.finetune.evaluation.perplexity import perplexities
from novelcraft.finetune.evaluation.probes import run_probes
from novelcraft.finetune.evaluation.prompting import Prompter, Written
from novelcraft.finetune.evaluation.variants import Sides, memory_errors
from novelcraft.finetune.evaluation.writing import Writer, write_samples
from novelcraft.finetune.stack import stack_versions
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.evaluation import EvalSettings, Evaluation, ProbeRun, StyleReport
from novelcraft.state.memory import MemoryReport
from novelcraft.state.stream import OnEvent
from novelcraft.state.train_events import (
    EvalFinished,
    EvalPart,
    EvalProgress,
    EvalStarted,
    TrainEvent,
)
from novelcraft.tools.storage.files import write_atomic


class StoppedError(Exception):
    """The evaluation was asked to stop."""


def evaluate(
    material: Material,
    settings: EvalSettings,
    emit: OnEvent[TrainEvent],
    stop: Stop | None = None,
) -> Evaluation:
    """Evaluate an adapter, and write what was found into its folder.

    An earlier evaluation is replaced only when this one is whole.

    Args:
        material: The adapter and its rows.
        settings: How to evaluate.
        emit: Listens to the events.
        stop: Tells when to stop; None for never.

    Raises:
        StoppedError: It was told to.
        TrainingError: See `Sides`; or it does not fit the memory.
        DiskFullError, ReadOnlyError, ExportError: The evaluation cannot be written.
    """
    with memory_errors():
        found = _Run(material, settings, emit, stop or Stop()).found()
    text = found.model_dump_json(indent=1)
    path = write_atomic(material.adapter.folder / EVALUATION_FILE, f"{text}\n".encode())
    base, tuned = found.style.base.score, found.style.tuned.score
    emit(
        EvalFinished(
            path=str(path),
            perplexity_base=found.perplexity.base,
            perplexity_tuned=found.perplexity.tuned,
            style_base=base and base.overall.score,
            style_tuned=tuned and tuned.overall.score,
            passed=found.memory.passed,
            seconds=found.seconds,
        )
    )
    return found


class _Run:
    def __init__(
        self,
        material: Material,
        settings: EvalSettings,
        emit: OnEvent[TrainEvent],
        stop: Stop,
    ) -> None:
        self._began = time.monotonic()
        self._material = material
        self._settings = settings
        self._emit = emit
        self._stop = stop

    def found(self) -> Evaluation:
        material, settings = self._material, self._settings
        # Of the weights as they are loaded: a run may publish others meanwhile.
        digest = weights_hash(material.adapter.folder)
        sides = Sides(material)
        self._emit(
            EvalStarted(
                adapter=str(material.adapter.folder),
                base_model=material.base_model,
                device=sides.device,
            )
        )
        prompter = Prompter(material)
        writer = Writer(sides, prompter, settings, self._watch)
        read = perplexities(sides, material.data, settings, self._teller("perplexity"))
        written = write_samples(writer, prompter, settings, self._teller("writing"))
        probes: tuple[ProbeRun, ...] = ()
        if settings.probes:
            probes = run_probes(
                writer.narrate, form=material.layout.form, progress=self._teller("probes")
            )
        style, memory, base_memory = self._measured(written)
        return Evaluation(
            adapter_sha256=digest,
            base_model=material.base_model,
            data_hash=material.data.data_hash,
            settings=settings,
            device=sides.device,
            perplexity=read,
            style=style,
            memory=memory,
            base_memory=base_memory,
            samples=samples_of(written),
            probes=probes,
            seconds=time.monotonic() - self._began,
            versions=stack_versions(),
        )

    def _measured(
        self, written: Sequence[Written]
    ) -> tuple[StyleReport, MemoryReport, MemoryReport]:
        material, limits = self._material, self._settings.limits
        tell = self._teller("measuring")
        style = measure_style(written, material)
        tell(1, 3)
        memory = measure_memory(written, "tuned", material, limits)
        tell(2, 3)
        base_memory = measure_memory(written, "base", material, limits)
        tell(3, 3)
        return style, memory, base_memory

    def _watch(self) -> None:
        if self._stop.asked:
            raise StoppedError

    def _teller(self, part: EvalPart) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            self._emit(EvalProgress(part=part, done=done, total=total))
            self._watch()

        return tell
