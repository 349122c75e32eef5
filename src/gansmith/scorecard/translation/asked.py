"""Whether what was asked for is seen in what was made, by a probe that has learnt on real records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import Linear
from gansmith.scorecard.score import Score
from gansmith.scorecard.translation.card import mean_score
from gansmith.scorecard.translation.content import brought
from gansmith.scorecard.translation.fidelity import Values

SIDE: Final = 16
"""Places along each side that the probe sees of a record."""
N_FOLDS: Final = 5
FEWEST: Final = 10
"""Real records of each target."""

Scores = dict[str, Score]


def seen_as_asked(
    made: Mapping[str, Sequence[Values]], real: Mapping[str, Sequence[Values]], seed: int
) -> tuple[Scores, Scores]:
    """By target, how often a probe sees what was asked for: of what was made, and of real records.

    The probe, logistic regression on coarse records, learns in turn from four fifths of the real ones; the
    other fifth is seen by it as real, and everything that was made by each of the five.

    Args:
        made: By target, what was made for it.
        real: By target, real records of it; of two targets or more.
        seed: Of the folds.

    Returns:
        Nothing, twice, where a target has too few real records.
    """
    if len(real) < 2 or min(map(len, real.values())) < FEWEST:
        return {}, {}
    names = [*real]
    known = np.concatenate([_coarse(real[name]) for name in names])
    labels = np.repeat(np.arange(len(names), dtype=np.float64), [len(real[name]) for name in names])
    folds = draws(seed).permutation(np.arange(len(known)) % N_FOLDS)
    seen, of_real = {name: list[np.ndarray]() for name in names}, np.zeros(len(known))
    no_codes = np.zeros(known.shape[1], bool)
    for fold in range(N_FOLDS):
        is_out = folds == fold
        probe = Linear().classifier(known[~is_out], labels[~is_out], no_codes, seed)
        of_real[is_out] = probe.classes[probe.probabilities(known[is_out]).argmax(1)] == labels[is_out]
        for number, name in enumerate(names):
            said = probe.classes[probe.probabilities(_coarse(made[name])).argmax(1)]
            seen[name].append(said == number)
    ours = {name: _score(np.mean(seen[name], axis=0)) for name in names}
    return ours, {name: _score(of_real[labels == number]) for number, name in enumerate(names)}


def _coarse(records: Sequence[Values]) -> np.ndarray:
    """Records as the probe sees them, shape `(n, n_values)`."""
    found = [
        np.stack([brought(plane.astype(np.float64), (SIDE,) * plane.ndim) for plane in one])
        for one in records
    ]
    return np.stack(found).reshape(len(records), -1)


def _score(values: np.ndarray) -> Score:
    return mean_score(
        values,
        "higher",
        label="seen as asked",
        meaning="How often a probe that has learnt on real records alone sees what was asked for.",
        source="Logistic regression on records of 16 places a side.",
        bounds=(0, 1),
    )
