"""How windows are learnt: rules and length, the last touch, and the score that chooses a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from jaxtyping import Float

from gansmith.engine.batches import Samples
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.modalities.recipe import Plan
from gansmith.modalities.series.window_networks import N_CORNERS, SeriesNetworks, WindowGenerator
from gansmith.modalities.series.windows import Numbers, Values, WindowView
from gansmith.scorecard.features import draws
from gansmith.scorecard.real.two_sample import quick_two_sample_auc

BATCH_SIZE: Final = 128
SAMPLES_SEEN: Final = 512_000
"""Default length: some five minutes on two slow cores for windows of 24 steps and 28 measures."""
MAX_EPOCHS: Final = 100
"""Windows that are seen more often are memorised: after 90 epochs of 2,842 of stock the AUC of trees was
.83, after 180 it was .89 (one seed)."""
N_MORE_LATENTS: Final = 32
"""Noise beside that on the components."""
GAMMA: Final = 10.0
PENALTY_INTERVAL: Final = 4
LEARNING_RATE: Final = 1e-3
TOLERANCE: Final = 0.03
FINISHING_SHARE: Final = 0.05
N_JUDGED: Final = 2_500
"""Windows that trees look at."""
N_MADE: Final = 8_192
"""Windows that are made to find where scores have to go."""


def plan_windows(view: WindowView, n_windows: int, preset: str = "default") -> Plan:
    """Sizes, rules and length.

    Args:
        view: Of the windows.
        n_windows: Training windows.
        preset: "default", or "small" for half the width.
    """
    scale = 2 if preset == "small" else 1
    batch_size = min(BATCH_SIZE, n_windows)
    most = max(MAX_EPOCHS * n_windows, batch_size)
    rules = AdversarialRules(
        batch_size=batch_size,
        n_latents=view.n_scores + N_MORE_LATENTS,
        turns="one_pass",
        full_rate_samples=SAMPLES_SEEN,
        penalties=tuple(PenaltyConfig(name, GAMMA, interval=PENALTY_INTERVAL) for name in ("r1", "r2")),
        generator=PlayerConfig(LEARNING_RATE, 0.0, average_half_life_samples=100 * batch_size),
        discriminator=PlayerConfig(LEARNING_RATE, 0.0),
    )
    networks = SeriesNetworks(
        generator_widths=(256 // scale, 256 // scale), discriminator_widths=(512 // scale, 256 // scale)
    )
    return Plan(
        networks,
        rules,
        min(SAMPLES_SEEN, most),
        most,
        tolerance=TOLERANCE,
        n_judged=N_JUDGED,
        finishing_share=FINISHING_SHARE,
    )


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
    latents = rules.latents(N_MADE, Randomness(seed).stream("calibration"), 0)
    for generator in generators:
        view = generator.view
        ranks = draws(seed).random((len(values), view.n_ranked), dtype=np.float32)
        real = view.scores(torch.from_numpy(values), torch.from_numpy(ranks))
        made = torch.cat([generator.scores(part) for part in latents.split(1024)])
        for corners, scores in ((generator.made, made), (generator.wanted, real)):
            corners.copy_(torch.from_numpy(np.quantile(scores.numpy(), shares, axis=0).T))


def window_score(view: WindowView, seed: int) -> Callable[[Samples, Samples], float]:
    """Boosted trees try to tell made windows from held-out ones: 1 if they cannot, 0 if they always can.

    Windows that overlap with what is learnt from tell nothing: hold out blocks of time, and leave out the
    windows that reach into them.
    """

    def score(fake: Samples, real: Samples) -> float:
        ours, theirs = (seen_by_trees(view.compact(one).cpu()) for one in (fake, real))
        is_category = np.zeros(ours.shape[1], bool)
        return min(1.0, 2 * (1 - quick_two_sample_auc(ours, theirs, is_category, seed=seed)))

    return score


def seen_by_trees(values: Values) -> Float[np.ndarray, "n_windows n_features"]:
    """Numbers and changes of windows, side by side."""
    return torch.cat([values.flatten(1), values.diff(dim=1).flatten(1)], 1).numpy()
