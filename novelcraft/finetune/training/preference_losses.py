"""The losses of preference tuning over whole sets of scenes, for validation.

Log-probabilities are those of whole scenes, in nats. Training itself computes its losses in TRL;
a test holds the two equal. Nothing here loads torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from novelcraft.state.train_events import PreferenceScore


@dataclass(frozen=True)
class Scored:
    """A scene's log-probability, now and to the reference."""

    log_prob: float
    reference: float

    @property
    def ratio(self) -> float:
        """The logarithm of how much likelier it has become."""
        return self.log_prob - self.reference


@dataclass(frozen=True)
class ScoredPair:
    """Both scenes of a pair."""

    chosen: Scored
    rejected: Scored
    tokens: int
    """Tokens of the chosen scene."""


def pair_loss(
    pairs: Sequence[ScoredPair], *, beta: float, sft_weight: float
) -> tuple[float, PreferenceScore]:
    """DPO with an SFT term: the loss, and how the pairs are judged.

    The SFT term is the mean over all tokens of the chosen scenes.
    """
    gaps = [beta * (pair.chosen.ratio - pair.rejected.ratio) for pair in pairs]
    learnt = -sum(pair.chosen.log_prob for pair in pairs) / sum(pair.tokens for pair in pairs)
    loss = _mean([-_log_sigmoid(gap) for gap in gaps]) + sft_weight * learnt
    return loss, PreferenceScore(
        chosen=_mean([beta * pair.chosen.ratio for pair in pairs]),
        rejected=_mean([beta * pair.rejected.ratio for pair in pairs]),
        accuracy=sum(gap > 0 for gap in gaps) / len(gaps),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _log_sigmoid(value: float) -> float:
    return min(value, 0.0) - math.log1p(math.exp(-abs(value)))
