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


@dataclass(frozen=True)
class ScoredLabel:
    """A judged scene."""

    scene: Scored
    desirable: bool


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


def label_loss(
    labels: Sequence[ScoredLabel],
    mismatched: Sequence[Scored],
    *,
    beta: float,
    desirable_weight: float,
    undesirable_weight: float,
) -> tuple[float, PreferenceScore]:
    """KTO: the loss, and how the scenes are judged.

    Args:
        labels: The judged scenes.
        mismatched: Scenes after prompts that are not theirs: how far the narrator has moved from
            the reference altogether.
        beta, desirable_weight, undesirable_weight: As the settings say.
    """
    moved = max(0.0, _mean([scene.ratio for scene in mismatched]))
    rewards = [beta * (label.scene.ratio - moved) for label in labels]
    losses = [
        (desirable_weight if label.desirable else undesirable_weight)
        * (1 - math.exp(_log_sigmoid(reward if label.desirable else -reward)))
        for label, reward in zip(labels, rewards, strict=True)
    ]
    right = [(reward > 0) == label.desirable for label, reward in zip(labels, rewards, strict=True)]
    return _mean(losses), PreferenceScore(
        chosen=_mean_reward(labels, beta, desirable=True),
        rejected=_mean_reward(labels, beta, desirable=False),
        accuracy=sum(right) / len(right),
    )


def _mean_reward(labels: Sequence[ScoredLabel], beta: float, *, desirable: bool) -> float | None:
    found = [beta * label.scene.ratio for label in labels if label.desirable == desirable]
    return _mean(found) if found else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _log_sigmoid(value: float) -> float:
    return min(value, 0.0) - math.log1p(math.exp(-abs(value)))
