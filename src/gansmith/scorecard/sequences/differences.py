"""Are the numbers right? What of series is not as in real ones: numbers of profiles, and pairs of them.

Series are one observation each, so tests of independent records hold. Pieces of one long series are not
independent of those beside them: what they count for is divided by the design effect, which their own
correlation with the pieces before gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from gansmith.scorecard.chance import adjusted, chance_beyond, chance_unlike
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.unlike import Tables, Unlike, cells_of, interactions
from gansmith.scorecard.sequences.profiles import Part

MOST_CELLS: Final = 10
"""Into which a number is cut."""
FEWEST: Final = 5
"""Series of the smaller sample that are to be expected in each."""
MAX_PAIRS: Final = 400
"""Pairs of numbers that are looked at, the first ones."""
_MOST_LAGS: Final = 50

Numbers = Float[np.ndarray, " _"]
Origins = Int[np.ndarray, " _"]


def differences(
    fake: Features,
    real: Features,
    parts: Sequence[Part],
    origins: tuple[Origins, Origins],
) -> list[Unlike]:
    """Each number of profiles, tested alone: the furthest off first.

    Two tests share the chance of a number: of where its values lie, and of their mean rank, which sees a
    small shift of all of them.

    Args:
        fake: Profiles of synthetic series.
        real: Of real ones.
        parts: What each number says.
        origins: Of which long series each is a piece, on both sides; all different: they are whole.
    """
    found = [
        _unlike(part, (fake.values[:, place], real.values[:, place]), origins, bool(fake.is_category[place]))
        for place, part in enumerate(parts)
    ]
    likely = adjusted(dict(enumerate(one.chance for one in found)))
    return sorted(
        (replace(one, chance=likely[place]) for place, one in enumerate(found)), key=lambda one: -one.effect
    )


def _unlike(
    part: Part, sides: tuple[Numbers, Numbers], origins: tuple[Origins, Origins], is_category: bool
) -> Unlike:
    fake, real = sides
    both, n_fake = np.concatenate([fake, real]), len(fake)
    fewest = int(np.ceil(FEWEST * len(both) / min(n_fake, len(real))))
    n_cells = int(np.clip(len(both) / (2 * fewest), 2, MOST_CELLS))
    cells = cells_of(both, is_category=is_category, n_cells=n_cells, fewest=fewest)
    counts, ours = (np.bincount(side, minlength=cells.max() + 1) for side in (cells, cells[:n_fake]))
    effects = [design_effect(*side) for side in zip((fake, real), origins, strict=True)]
    scaled = [
        np.round(side / effect).astype(np.int64)
        for side, effect in zip((ours, counts - ours), effects, strict=True)
    ]
    chance = chance_unlike(*scaled)
    if not is_category:
        chance = min(1.0, 2 * min(chance, _of_ranks(fake, real, effects)))
    shares = np.array([[scaled[0].sum() / max(sum(one.sum() for one in scaled), 1)]])
    table = Tables(
        (scaled[0] + scaled[1])[:, None],
        scaled[0][:, None],
        shares,
        int(scaled[0].sum()),
        int(sum(map(np.sum, scaled))),
    )
    effect = float(table.effects(np.array([len(counts) - 1.0]))[0]) if min(map(np.sum, scaled)) > 0 else 0.0
    return Unlike(part.columns, chance, effect, part.says)


def _of_ranks(fake: Numbers, real: Numbers, effects: Sequence[float]) -> float:
    """The chance of mean ranks so far apart; of Mann and Whitney's test, with tied ranks."""
    known = [~np.isnan(side) for side in (fake, real)]
    n = [int(one.sum()) for one in known]
    if min(n) < FEWEST:
        return 1.0
    ranks = rankdata(np.concatenate([fake[known[0]], real[known[1]]]))
    variance = float(ranks.var())
    if variance == 0:
        return 1.0
    gap = abs(float(ranks[: n[0]].mean() - ranks[n[0] :].mean()))
    error = (variance * sum(effect / count for effect, count in zip(effects, n, strict=True))) ** 0.5
    return 2 * chance_beyond(gap, error)


def design_effect(values: Numbers, origins: Origins) -> float:
    """By how much the variance of a mean is larger than that of as many independent records, 1 or more.

    One and twice the correlations with the pieces before, up to the first that is not above nought.

    Args:
        values: Of pieces in the order of time.
        origins: The series that each is a piece of.

    Source:
        Kish 1965, "Survey sampling"; counts divided by it: Rao & Scott 1981, "The analysis of categorical
        data from complex sample surveys", Journal of the American Statistical Association 76; where the sum
        ends: Geyer 1992, "Practical Markov chain Monte Carlo", Statistical Science 7.

    Example:
        >>> design_effect(np.arange(8.0), np.arange(8))
        1.0
    """
    known = ~np.isnan(values)
    centred = np.where(known, values - (values[known].mean() if known.any() else 0.0), 0.0)
    variance = float(np.square(centred).sum())
    total = 1.0
    for lag in range(1, min(_MOST_LAGS, len(values) - 1)):
        same = origins[lag:] == origins[:-lag]
        if variance == 0 or not same.any():
            break
        found = float((centred[lag:] * centred[:-lag])[same].sum()) / variance
        if found <= 0:
            break
        total += 2 * found
    return total


def pairs_apart(
    fake: Features, real: Features, pairs: Sequence[tuple[int, int]], parts: Sequence[Part]
) -> list[Unlike]:
    """What two numbers have in common beyond each alone, such as an attribute and a level.

    Args:
        fake: Attributes and profiles of synthetic series.
        real: Of real ones.
        pairs: Which columns of these.
        parts: What each column says.
    """
    if not pairs:
        return []
    subsets = np.array(pairs[:MAX_PAIRS])
    tables, n_free, _ = interactions(fake.above(real), len(fake), subsets)
    likely = adjusted(dict(enumerate(tables.chances(n_free).tolist())))
    effects = tables.effects(n_free).tolist()
    return [
        Unlike(tuple(parts[place].name for place in pair), likely[number], effects[number])
        for number, pair in enumerate(subsets.tolist())
    ]


def told_pairs(attributes: Features, parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Pairs of an attribute and a number that says much of a series, and levels of two measures.

    Args:
        attributes: Those that stand before the numbers.
        parts: What attributes and numbers say.
    """
    n = attributes.n_columns
    heads = [
        place for place in range(n, len(parts)) if parts[place].says in _SAYING or _is_share(parts[place])
    ]
    levels = [place for place in heads if parts[place].says == "level"]
    own = [(place, other) for place in range(n) for other in heads]
    both = [(a, b) for turn, a in enumerate(levels) for b in levels[turn + 1 :]]
    return own + both[: MAX_PAIRS // 4]


_SAYING: Final = (
    "", "level", "spread", "size of changes", "usual gap between steps", "correlation with the step before",
    "share of missing cells",
)  # fmt: skip


def _is_share(part: Part) -> bool:
    return part.says.startswith(("share of ", "steps ")) and len(part.columns) == 1
