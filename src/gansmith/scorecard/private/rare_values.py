"""Rare values of the training records that stand among the synthetic ones."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.private.risk import Attack, Risk, Tally, attack_of, measured_risk
from gansmith.scorecard.seeds import draws

RARE: Final = 5
"""A value that fewer records have than this is rare."""
ALL: Final = "all columns"


def rare_values(fake: Features, train: Features, holdout: Features, *, seed: int) -> Attack:
    """How many rare values of training came through, beyond what fresh records would bring along?

    Rare is a value that fewer than 5 training records have, and no hold-out record; the control group are the
    rare values of as many hold-out records that no training record has. Numbers count by their exact value.
    All columns' values are counted together; the parts show each column by itself.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw.
        seed: Of the draw of as many records of both.

    Returns:
        The risk that a rare value is reproduced, with a caveat where there are none.

    Raises:
        DataError: Different columns, none at all, or an empty set.

    Source:
        The counts are ours; the risk and its interval follow Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    n = min(len(train), len(holdout))
    train, holdout = train.sample(n, rng), holdout.sample(n, rng)
    found = np.zeros((fake.n_columns, 2, 2), dtype=np.int64)  # column, training or hold-out, hits and all
    for column in range(fake.n_columns):
        known, ours, others = (part.values[:, column] for part in (fake, train, holdout))
        for side, rare in enumerate((_rare(ours, others), _rare(others, ours))):
            found[column, side] = np.isin(rare, known).sum(), len(rare)
    parts = {
        name: _risk_of(counts, n_parts=fake.n_columns)
        for name, counts in zip(fake.names, found, strict=True)
        if counts[:, 1].all()
    }
    parts = dict(sorted(parts.items(), key=lambda part: (-part[1].low, -part[1].value)))
    whole = attack_of(
        {ALL: _risk_of(found.sum(axis=0), n_parts=1)},
        label="rare values (risk)",
        meaning="Risk that a value which fewer than 5 training records have comes out again.",
    )
    return Attack(whole.score, ALL, {**whole.parts, **parts})


def _rare(ours: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Values that fewer than 5 of ours and none of the others have."""
    values, counts = np.unique(ours[~np.isnan(ours)], return_counts=True)
    return values[(counts < RARE) & ~np.isin(values, others)]


def _risk_of(counts: np.ndarray, *, n_parts: int) -> Risk:
    main, control = (Tally(int(n_hits), int(n)) for n_hits, n in counts)
    return measured_risk(main, control, None, n_parts=n_parts)
