"""How windows are learnt: rules and length, the last touch, and the score that chooses a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Samples
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.modalities.recipe import Plan
from gansmith.modalities.series.window_networks import N_CORNERS, WindowGenerator, WindowNetworks
from gansmith.modalities.series.windows import Numbers, WindowView
from gansmith.scorecard.features import draws
from gansmith.scorecard.real.two_sample import quick_two_sample_auc

BATCH_SIZE: Final = 128
N_MORE_LATENTS: Final = 32
"""Noise beside that on the components."""
GAMMA: Final = 10.0
PENALTY_INTERVAL: Final = 4
LEARNING_RATE: Final = 5e-4
N_MADE: Final = 8_192
"""Windows that are made to find where scores have to go."""


def plan_windows(view: WindowView, n_windows: int) -> Plan:
    """Sizes, rules and length.

    Args:
        view: Of the windows.
        n_windows: Training windows.
    """
    batch_size = min(BATCH_SIZE, n_windows)
    rules = AdversarialRules(
        batch_size=batch_size,
        n_latents=view.n_scores + N_MORE_LATENTS,
        turns="one_pass",
        penalties=tuple(PenaltyConfig(name, GAMMA, interval=PENALTY_INTERVAL) for name in ("r1", "r2")),
        generator=PlayerConfig(LEARNING_RATE, 0.0, average_half_life_samples=100 * batch_size),
        discriminator=PlayerConfig(LEARNING_RATE, 0.0),
    )
    networks = WindowNetworks(generator_widths=(256, 256), discriminator_widths=(512, 256))
    return Plan(networks, rules, samples_seen=8_000 * batch_size)


@torch.no_grad()
def calibrate_windows(
    generators: Sequence[WindowGenerator], rules: AdversarialRules, values: Numbers, seed: int
) -> None:
    """Move the scores of each finished generator to the margins of the training windows.

    Args:
        generators: On the CPU; their lines change.
        rules: That they have learnt by.
        values: Training windows.
        seed: Of the latents, and of the ranks of numbers that are equal.
    """
    shares = np.linspace(0, 1, N_CORNERS)
    for generator in generators:
        view = generator.view
        ranks = draws(seed).random((len(values), view.n_ranked), dtype=np.float32)
        real = view.scores(torch.from_numpy(values), torch.from_numpy(ranks))
        latents = rules.latents(N_MADE, Randomness(seed).stream("calibration"), 0)
        made = torch.cat([generator.scores(part) for part in latents.split(1024)])
        for corners, scores in ((generator.made, made), (generator.wanted, real)):
            corners.copy_(torch.from_numpy(np.quantile(scores.numpy(), shares, axis=0).T))


def window_score(view: WindowView, seed: int) -> Callable[[Samples, Samples], float]:
    """Boosted trees try to tell made windows from held-out ones: 1 if they cannot, 0 if they always can."""

    def score(fake: Samples, real: Samples) -> float:
        ours, theirs = (seen_by_trees(view.compact(one).cpu()) for one in (fake, real))
        is_category = np.zeros(ours.shape[1], bool)
        return min(1.0, 2 * (1 - quick_two_sample_auc(ours, theirs, is_category, seed=seed)))

    return score


def seen_by_trees(values: Tensor) -> Float[np.ndarray, "n_windows n_features"]:
    """Numbers and changes of windows, side by side."""
    return torch.cat([values.flatten(1), values.diff(dim=1).flatten(1)], 1).numpy()
