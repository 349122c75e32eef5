"""Whether a hold-out repeats what was learnt from, so that it cannot stand for people whom nobody saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

SURE: Final = 3.5
"""Standard errors beyond what chance shares: what makes every answer grey may hardly ever be wrong."""
FEWEST: Final = 3
"""Records, and ..."""
SMALLEST: Final = 0.03
"""... share of the hold-out's different records that are repeated beyond chance before it is said."""


@final
@dataclass(frozen=True)
class Overlap:
    """Which part of a hold-out stands in training, and which part would by chance."""

    share: float
    """Of the hold-out's records that stand in training, 0 to 1."""
    by_chance: float
    """`share` without the records that are shared beyond chance."""
    is_beyond_chance: bool
    """Whether records of training were put into the hold-out."""


def overlap(
    train: Sequence[Hashable], holdout: Sequence[Hashable], independent: Sequence[Hashable]
) -> Overlap:
    """How far a hold-out repeats training, beyond what records repeat anyway.

    Records of few columns come again, so shared records prove nothing. Were training and hold-out one heap,
    dealt at random, a record that the heap holds k times would be in both with the chance
    1 - p^k - (1 - p)^k, where p is the hold-out's share of the heap. Counted are different records, not
    copies: a record that occurs a thousand times is in both anyway and says nothing, however the classes are
    mixed. A record that was copied from training into the hold-out is in both always. Where each part was
    cleared of its own duplicates, records are shared more often than by that deal: the count has to exceed
    that of independent columns, too.

    Args:
        train: A key of each training record, equal for equal records.
        holdout: The same of the hold-out.
        independent: The same of as many records as `holdout` (or fewer) with the columns of training, each
            shuffled by itself.

    Source:
        A permutation test given the counts of the heap, its mean and variance in closed form: Fisher 1935,
        "The Design of Experiments", chapter 3.

    Example:
        >>> overlap(range(80), range(80, 100), ()).is_beyond_chance
        False
        >>> overlap(range(80), range(70, 90), ()).share
        0.5
    """
    ours, theirs = Counter(train), Counter(holdout)
    shared = ours.keys() & theirs.keys()
    counts = np.array(list((ours + theirs).values()))
    share = len(holdout) / (len(train) + len(holdout))
    chance = 1 - share**counts - (1 - share) ** counts  # of each different record: to be in both
    alike = len(ours.keys() & set(independent)) * len(theirs) / max(len(set(independent)), 1)
    excess = len(shared) - max(float(chance.sum()), alike)
    error = float(np.sqrt((chance * (1 - chance)).sum()))
    pair = 2 * share * (1 - share)  # of two copies one falls on either side
    put_in = max(0.0, excess) / (1 - pair)
    is_beyond = excess > max(SURE * error, FEWEST) and put_in > SMALLEST * len(theirs)
    n_shared = sum(theirs[key] for key in shared)
    return Overlap(
        share=n_shared / len(holdout),
        by_chance=max(0.0, n_shared - put_in) / len(holdout),
        is_beyond_chance=is_beyond,
    )
