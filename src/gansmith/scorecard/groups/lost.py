"""Groups whose target is predicted worse by models that learnt from synthetic records than by real ones."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Bool

from gansmith.scorecard.chance import DOUBT, KINDS, adjusted, chance_beyond
from gansmith.scorecard.groups.cells import Groups
from gansmith.scorecard.groups.relations import MAX_NAMED, Deviation
from gansmith.scorecard.useful import Contest, how_well

LOST: Final = 0.1
"""Share of what real records reach, beyond what all groups lose, from which a group is named."""
SMALLEST_LOSS: Final = 0.05
"""AUC, or R2, that a group loses at least: where little can be reached, any share of it is little."""
FEWEST: Final = 10
"""Test records of a class within a group."""
_MAX_CURVES: Final = 400
_MUCH_THE_SAME: Final = 0.5


def groups_lost(
    groups: Groups,
    members: Bool[np.ndarray, "n_groups n_test"],
    of: Contest,
    said: tuple[np.ndarray, np.ndarray],
) -> list[Deviation]:
    """Groups of test records that models of synthetic records predict worse than those of real ones.

    Both models are asked about the same records, once, and judged by group. The error of the difference is
    that of two independent ones: it is too large for records that both have seen, which leaves room for
    what another draw of the training records would do.

    Args:
        groups: That are looked at.
        members: Which of the test records belong to them.
        of: What was predicted.
        said: What models say that learnt from synthetic, and from real records (`Lesson.said`).

    Returns:
        The surest first, three at most, none of which holds half of another, each with the share of what
        real records reach that is lost beyond what all records together lose.
    """
    guess = 0.5 if of.unit == "AUC" else 0.0
    everybody = _reached(np.ones(len(of.labels), dtype=bool), of, said)
    whole = max(0.0, (everybody[1] - everybody[0]) / (everybody[1] - guess)) if everybody[1] > guess else 0.0
    found: dict[int, tuple[float, float, float, float]] = {}
    for group in range(min(len(groups), _MAX_CURVES // max(2, len(of.frequent)))):
        ours, real, error = _reached(members[group], of, said)
        if real - guess > SMALLEST_LOSS:
            beyond = real - ours - whole * (real - guess)
            found[group] = (beyond / (real - guess), chance_beyond(beyond, error), ours, real)
    chances = adjusted({group: chance for group, (_, chance, *_) in found.items()})
    lost: list[Deviation] = []
    seen: list[np.ndarray] = []
    for group, (share, _, ours, real) in sorted(found.items(), key=lambda item: item[1][1]):
        is_large, chance = share > LOST and real - ours > SMALLEST_LOSS, KINDS * chances[group]
        is_new = not any(_share_alike(members[group], one) > _MUCH_THE_SAME for one in seen)
        if chance >= DOUBT or not is_large or not is_new or len(lost) == MAX_NAMED:
            continue
        text = f"{groups.labels[group]} ({of.unit} {ours:.2f}; real {real:.2f})"
        lost.append(Deviation(text, (*groups.columns[group], of.target), share, chance))
        seen.append(members[group])
    return lost


def _share_alike(first: np.ndarray, second: np.ndarray) -> float:
    """How much of the smaller one of two groups lies in the other."""
    return float((first & second).sum() / min(first.sum(), second.sum()))


def _reached(
    inside: Bool[np.ndarray, " n_test"], of: Contest, said: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """What both models reach in a group, and the error of the difference; NaN where it cannot be said."""
    if inside.sum() < 2 * FEWEST:
        return (math.nan, math.nan, math.nan)
    (ours, error), (real, other) = (
        how_well(of.labels[inside], one[inside], of.unit, fewest=FEWEST) for one in said
    )
    return ours, real, math.hypot(error, other)
