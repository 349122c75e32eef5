"""Is it nearer to the training records than to others? A smoke test, and called one."""

from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws


def nearest_neighbour_share(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 5_000
) -> Score:
    """Share of synthetic records nearer to a training than to a hold-out record: a smoke test.

    This is no evidence of privacy. Well above one half, records are copied with small changes. At one half
    nothing is shown: data that passes has been attacked with success record by record. Ties count one half,
    so that tables of few categories are not flattered. Where training is far larger than hold-out, most
    originals are left out by the equal sizes, and even a full copy stays near one half.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw, none of which is among `fake`.
        seed: Of the draws.
        n_max: Records used of each set, at most; training and hold-out give equally many.

    Returns:
        The share. The error is that of a coin tossed for each real record (did it fall into training or
        hold-out?) and counted as often as synthetic records have it for their nearest: up to twice too large
        where these are many more than the real ones.

    Raises:
        DataError: Different columns, none at all, or an empty set.

    Source:
        What it cannot show: Yao et al. 2025, "The DCR Delusion" (arXiv:2505.01524).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    n_references = min(len(train), len(holdout), n_max)
    fake = fake.sample(n_max, rng)
    train, holdout = train.sample(n_references, rng), holdout.sample(n_references, rng)
    points, train_points, holdout_points = as_points(fake, train, holdout)
    to_train, which_train = nearest(points, train_points)
    to_holdout, which_holdout = nearest(points, holdout_points)
    n = len(points)
    is_tie = np.abs(to_train - to_holdout) <= 1e-9 * (1.0 + np.square(points).sum(axis=1))
    is_train = ~is_tie & (to_train < to_holdout)
    share = float((is_train + 0.5 * is_tie).mean())
    winner = np.where(is_train, which_train, n_references + which_holdout)[~is_tie]
    n_won = np.bincount(winner, minlength=1)  # synthetic records that a real one is nearest to
    coins = 0.25 * float(np.square(n_won).sum()) / n**2
    return Score(
        value=share,
        error=max(float(np.sqrt(coins)), 0.5 / n),
        n=n,
        direction="lower",
        label="nearer to training than to hold-out (smoke test)",
        meaning="Share of records nearer to training than to hold-out; "
        "above 0.5 they are too near, at 0.5 nothing is shown.",
    )
