"""How likely what was found is by chance: tests of two samples, and of many at once.

Honest data is accused by hardly any card. Each of its five answers may be wrong once in 250 times
(`DOUBT`, amber) and once in 2,500 times (`CERTAIN`, red), so that a card is wrong once in 50 and in 500
times; all tests of an answer share that chance by Holm's procedure (`adjusted`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, final

import numpy as np
from jaxtyping import Int

DOUBT: Final = 0.004
"""Chance by which an answer may be amber on honest data."""
CERTAIN: Final = 0.0004
"""Chance by which an answer may be red on honest data."""
KINDS: Final = 5
"""Kinds of tests that share the doubt of one answer, at most: of numbers those of columns, pairs, triples,
groups and categories that do not occur. Each has a fifth of it."""
NameT = TypeVar("NameT", bound=Hashable)


@final
@dataclass(frozen=True)
class Tally:
    """How often something succeeded.

    Raises:
        ValueError: From the constructor, when more succeeded than was tried.
    """

    n_hits: float
    """Successes; a tie counts as half of one."""
    n: int
    """Tries."""

    def __post_init__(self) -> None:
        if not 0 <= self.n_hits <= self.n:
            raise ValueError(f"{self.n_hits} successes of {self.n} tries.")


def adjusted(chances: Mapping[NameT, float]) -> dict[NameT, float]:
    """Chances of a false finding where the best of some is chosen, however they go together.

    Source:
        Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
        Statistics 6.

    Example:
        >>> adjusted({"a": 0.01, "b": 0.04, "c": 0.5})
        {'a': 0.03, 'b': 0.08, 'c': 0.5}
    """
    found: dict[NameT, float] = {}
    largest = 0.0
    for place, name in enumerate(sorted(chances, key=lambda one: chances[one])):
        largest = max(largest, min(1.0, chances[name] * (len(chances) - place)))
        found[name] = largest
    return found


def chance_of_more(main: Tally, control: Tally) -> float:
    """The chance of so many successes or more, were `main` and `control` tries of one kind.

    Source:
        Fisher's exact test, one-sided: Fisher 1935, "The logic of inductive inference", Journal of the Royal
        Statistical Society 98.

    Example:
        >>> round(chance_of_more(Tally(8, 1200), Tally(0, 1200)), 4)
        0.0039
    """
    from scipy.stats import hypergeom  # takes a moment: only where something is judged

    n_hits = round(main.n_hits) + round(control.n_hits)
    return float(hypergeom.sf(round(main.n_hits) - 1, main.n + control.n, n_hits, main.n))


def chance_of_more_within(groups: Iterable[tuple[Tally, Tally]]) -> float:
    """`chance_of_more` where tries are alike within each group only: of both sides' sums over all groups.

    Source:
        Fisher's exact test for several tables, given the sums of each: Mehta, Patel & Gray 1985, "Computing
        an exact confidence interval for the common odds ratio in several 2 x 2 contingency tables", Journal
        of the American Statistical Association 80.

    Example:
        >>> halves = [(Tally(4, 600), Tally(0, 600)), (Tally(4, 600), Tally(0, 600))]
        >>> round(chance_of_more_within(halves), 3)
        0.004
    """
    from scipy.stats import hypergeom  # takes a moment: only where something is judged

    chances, beyond = np.ones(1), 0  # of each sum of hits of the one side, as far as they are not certain
    for main, control in groups:
        n_hits = round(main.n_hits) + round(control.n_hits)
        least, most = max(0, n_hits - control.n), min(main.n, n_hits)
        beyond += round(main.n_hits) - least
        if most > least:
            possible = np.arange(least, most + 1)
            found = hypergeom.pmf(possible, main.n + control.n, n_hits, main.n)
            chances = np.convolve(chances, found)
    return min(1.0, float(chances[beyond:].sum()))


def chance_beyond(value: float, error: float) -> float:
    """The chance that a normal number of mean 0 and this error is as large as `value` or larger.

    Example:
        >>> round(chance_beyond(1.96, 1.0), 3)
        0.025
    """
    if error <= 0:
        return 0.0 if value > 0 else 1.0
    return 0.5 * math.erfc(value / (error * math.sqrt(2)))


def chance_unlike(fake: Int[np.ndarray, " n_cells"], real: Int[np.ndarray, " n_cells"]) -> float:
    """The chance that two samples of one population fall into cells as differently as these, or more so.

    Pearson's chi squared of the table with two rows, given its sums. Its mean and variance are exact for any
    sums, also where cells hold few records; the tail is that of the gamma distribution with these two, which
    errs on the safe side (by a factor of 0.5 to 1.4 down to one in ten thousand).

    Args:
        fake: Records of one sample in each cell.
        real: Of the other.

    Source:
        Moments: Dawson 1954, "A simplified expression for the variance of the chi squared function on a
        contingency table", Biometrika 41. Two moments and a gamma tail: Mielke & Berry 2007, "Permutation
        methods", 2nd edition, chapter 7.

    Example:
        >>> round(chance_unlike(np.array([30, 20]), np.array([20, 30])), 3)
        0.046
        >>> chance_unlike(np.array([30, 0]), np.array([20, 0]))
        1.0
    """
    from scipy.stats import gamma  # takes a moment: only where something is judged

    both = fake + real
    fake, both = fake[both > 0].astype(np.float64), both[both > 0].astype(np.float64)
    n, total, n_cells = float(fake.sum()), float(both.sum()), len(both)
    if n_cells < 2 or min(n, total - n) < 1 or total < 4:
        return 1.0
    product = n * (total - n)
    squared = total**2 / product * float(np.square(fake - n * both / total) @ (1 / both))
    mean = total / (total - 1) * (n_cells - 1)
    evenness = [(total**2 / product - 4) / (total - 2)]  # 1 / n + 1 / m = total / (n m)
    evenness.append((total * float((1 / both).sum()) - n_cells**2) / (total - 2))
    spread = [(k - 1) * (total - k) / (total - 1) for k in (2, n_cells)]
    variance = total**2 / (total - 1) * evenness[0] * evenness[1]
    variance += 2 * total / (total - 3) * (spread[0] - evenness[0]) * (spread[1] - evenness[1])
    if variance <= 0:
        return 1.0
    return float(gamma.sf(squared, mean**2 / variance, scale=variance / mean))
