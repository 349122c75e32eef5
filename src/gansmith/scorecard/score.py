"""The vocabulary of the card: a score with its error, an entry beside its anchors, and how much work it is.

And how a standard error is had where no formula gives it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.resampling import N_FREE, Deal

Direction = Literal["higher", "lower"]
Family = Literal["real", "useful", "private", "valid"]

CEILING: Final = "ceiling"
"""Anchor: the same score of real records that nothing was learnt from. As good as it gets."""
FLOOR: Final = "floor"
"""Anchor: the same score of independent parts: each column, or pixel, of training records drawn by itself."""
COPY: Final = "copy"
"""Anchor: the same score of a copy of the training records: perfect, and worthless."""

ANCHORS: Final = (CEILING, FLOOR, COPY)

SHARE: Final = (0.0, 1.0)
"""Limits of a share, a similarity or an AUC."""
CONFIDENT: Final = 1.96
"""Standard errors on each side of a number that make an interval of 95 %."""
_NOTHING: Final = 1e-9
"""An error that is not worth a word."""
GROUPS: Final = 10
"""Groups that records are dealt into, at most."""
_FEW_GROUPS: Final = 4
SMALLEST_GROUP: Final = 10
"""Records in a group, where there are enough of them."""
GROUPS_FREE: Final = 18
"""Degrees of freedom of an error by groups, at least: few groups are dealt again and again."""


@final
@dataclass(frozen=True)
class Score:
    """A measured number, how sure it is, and how to read it.

    Raises:
        ValueError: From the constructor, when the error is negative or nothing was measured.
    """

    value: float
    error: float
    """Standard error, in the unit of `value`: how far another draw of the records would move it."""
    n: int
    """Records that it was measured on (on each side, where two sets are compared)."""
    direction: Direction
    """Which way is good, as far as what real records reach."""
    source: str = ""
    """The paper or definition that it follows."""
    label: str = ""
    """A few words for a person, with the unit, such as "column error, %"."""
    meaning: str = ""
    """One sentence: what the number says."""
    bounds: tuple[float, float] | None = None
    """The interval of 95 %, where it is not the error that makes it."""
    caveat: str = ""
    """Why this number cannot be trusted; empty where it can."""
    chance: float | None = None
    """Of an attack: how likely it does so well or better where nothing leaks; None: by the error."""
    limits: tuple[float, float] = (-math.inf, math.inf)
    """The least and the greatest value that it can have; its interval stays between them."""

    def __post_init__(self) -> None:
        if self.error < 0 or self.n < 1:
            raise ValueError(f"A score of {self.n} records with an error of {self.error}.")

    def __str__(self) -> str:
        error = self.error if self.error > _NOTHING else 0.0
        if self.value - error < self.limits[0] or self.value + error > self.limits[1]:
            low, high = self.interval
            return f"{self.value:.4g} ({low:.3g} to {high:.3g})"
        return f"{self.value:.4g} ± {error:.2g}"

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the number lies with a confidence of 95 %."""
        low, high = self.bounds or (
            self.value - CONFIDENT * self.error,
            self.value + CONFIDENT * self.error,
        )
        return max(low, self.limits[0]), min(high, self.limits[1])

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them (a number that is not finite becomes None)."""
        low, high = self.interval
        return {
            "value": finite(self.value),
            "error": finite(self.error),
            "low": finite(low),
            "high": finite(high),
            "n": self.n,
            "direction": self.direction,
            "label": self.label,
            "meaning": self.meaning,
            "source": self.source,
            "caveat": self.caveat,
        }


@final
@dataclass(frozen=True, repr=False)
class Entry:
    """One line of the card: a score of the synthetic data beside the same score of other data."""

    name: str
    """How `--require` and JSON call it: "c2st"."""
    score: Score
    """Of the synthetic records."""
    anchors: Mapping[str, Score]
    """The same score of other records, by the anchor's name: `CEILING`, `FLOOR`, `COPY`."""
    details: Mapping[str, float] = field(default_factory=dict[str, float])
    """What lies behind it, the most telling first: a column or a pair of columns and its part."""
    family: Family = "real"
    """Which question it helps to answer."""
    limits: tuple[float, float] | None = None
    """Of a share of suspicious records: how many more than of fresh real ones are amber, and red; None: as
    usual, see `verdict.leaks`."""

    def __repr__(self) -> str:
        beside = ", ".join(f"{name} {anchor.value:.4g}" for name, anchor in self.anchors.items())
        return f"{self.name} {self.score}" + (f" ({beside})" if beside else "")

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them, and the values of the anchors by name."""
        return {
            **self.score.to_dict(),
            **{name: finite(self.anchor(name, math.nan)) for name in ANCHORS},
            "family": self.family,
            "anchors": {name: anchor.to_dict() for name, anchor in self.anchors.items()},
            "details": {name: finite(part) for name, part in self.details.items()},
        }

    def anchor(self, name: str, otherwise: float) -> float:
        """The value of an anchor, or `otherwise` where it could not be computed."""
        return self.anchors[name].value if name in self.anchors else otherwise


def finite(number: float) -> float | None:
    """The number as JSON can hold it."""
    return float(number) if math.isfinite(number) else None


@final
@dataclass(frozen=True)
class Effort:
    """How much work a card is: records and repetitions; more of them, smaller errors."""

    n_told: int = 10_000
    """Records on each side that a classifier tells apart."""
    n_folds: int = 5
    """Parts that these are dealt into."""
    n_counted: int = 1_000_000
    """Records on each side of which columns, pairs and triples are counted."""
    n_points: int = 5_000
    """Records on each side whose distances are measured."""
    n_taught: int = 1_000_000
    """Records that a model for predictions learns from."""
    n_models: int = 3
    """Models for one prediction."""
    n_attacked: int = 100_000
    """Records of each set that take part in an attack."""
    n_attacks: int = 2_000
    """Attempts of an attack."""
    n_members: int = 4_000
    """Records on each side of which membership is guessed."""
    is_full: bool = True
    """Whether the expensive scores are taken at all, and all anchors of attacks: else the ceiling alone, and
    the floor where there may be a leak."""

    has_second_judge: bool = True
    """Whether a classifier of another kind tells records apart, too."""

    @property
    def lighter(self) -> Effort:
        """For anchors at the far ends of a score, which need not be known as well: fewer attempts."""
        light = replace(self, has_second_judge=False)
        if not self.is_full:
            return light
        return replace(light, n_folds=2, n_attacks=self.n_attacks // 4, n_members=self.n_members // 4)


FULL: Final = Effort()
QUICK: Final = Effort(
    n_told=2_000,
    n_folds=2,
    n_counted=20_000,
    n_points=1_000,
    n_taught=5_000,
    n_models=1,
    n_attacked=8_000,
    n_attacks=400,
    n_members=1_000,
    is_full=False,
)


# --- Standard errors, and scores that are shares and means --------------------------------------------------


def error_of_share(n_hits: float, n: float) -> float:
    """Standard error of a share of yes or no, not 0 at 0 hits.

    Example:
        >>> round(error_of_share(0, 100), 3)
        0.013

    Source:
        Agresti & Coull 1998, "Approximate is better than 'exact'", The American Statistician 52: two hits
        and two misses are added.
    """
    share = (n_hits + 2) / (n + 4)
    return float(np.sqrt(share * (1 - share) / (n + 4)))


def wilson_interval(share: float, n: float, reach: float = CONFIDENT) -> tuple[float, float]:
    """The score interval of a share, which is right near 0 and 1 and with few tries, too.

    Args:
        share: Of successes.
        n: Independent tries, above 0.
        reach: Standard errors on each side.

    Source:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference", Journal of the
        American Statistical Association 22.

    Example:
        >>> round(wilson_interval(0.0, 100)[1], 4)
        0.037
    """
    centre = (share + reach**2 / (2 * n)) / (1 + reach**2 / n)
    half = reach / (1 + reach**2 / n) * math.sqrt(share * (1 - share) / n + reach**2 / (4 * n**2))
    # Rounding must not push the bounds past a share of exactly 0 or 1.
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)


def reach_of_few(n_free: int) -> float:
    """Standard errors on each side of a number that make an interval of 95 % where they are estimates.

    Args:
        n_free: Their degrees of freedom, 1 or more.

    Source:
        Student 1908, "The probable error of a mean", Biometrika 6.

    Example:
        >>> reach_of_few(9)
        2.26...
    """
    from scipy.special import stdtrit  # takes a moment

    return float(stdtrit(n_free, 0.975))


def interval_of_few(value: float, error: float, n_groups: int) -> tuple[float, float]:
    """The interval of 95 % of a number whose error was estimated from few groups, two or more.

    Example:
        >>> interval_of_few(0.0, 1.0, 10)[1]
        2.26...
    """
    reach = reach_of_few(n_groups - 1) * error
    return value - reach, value + reach


def error_by_groups(
    scores: Callable[[np.ndarray, np.ndarray], tuple[float, ...]],
    n_fake: int,
    n_real: int,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """How far another draw of both sets would move scores, from their spread over disjoint groups.

    Args:
        scores: As those of `scores_of_groups`, and so are the others.
        n_fake: How many synthetic records there are, 2 or more.
        n_real: How many real ones, 2 or more.
        rng: Draws the groups.

    Returns:
        The standard error of each score, in its unit.
    """
    found = scores_of_groups(scores, n_fake, n_real, rng)
    return tuple(float(error) for error in np.sqrt(found.var(axis=1, ddof=1).mean(axis=0) / found.shape[1]))


def scores_of_groups(
    scores: Callable[[np.ndarray, np.ndarray], tuple[float, ...]],
    n_fake: int,
    n_real: int,
    rng: np.random.Generator,
    smallest: int = SMALLEST_GROUP,
) -> Float[np.ndarray, "n_deals n_groups n_scores"]:
    """Scores of ten disjoint groups of the records, or of fewer; dealt more than once.

    Random groups are small repetitions of the same measurement; the variance between them, divided by their
    number, estimates that at full size. The level of a score may depend on the number of records (a distance
    never falls to 0 on few of them); only its spread is used. The estimate is itself rough: its own relative
    error is about a sixth.

    Args:
        scores: Maps indices of synthetic and of real records to the scores of these records alone.
        n_fake: How many synthetic records there are, 2 or more.
        n_real: How many real ones, 2 or more.
        rng: Draws the groups.
        smallest: Records in a group, as far as that leaves four groups.

    Source:
        The random group method: Wolter 2007, "Introduction to Variance Estimation", 2nd edition, chapter 2.
    """
    n = min(n_fake, n_real)
    n_groups = max(2, min(GROUPS, max(_FEW_GROUPS, n // smallest), n // SMALLEST_GROUP))
    found: list[list[tuple[float, ...]]] = []
    for _ in range(math.ceil(GROUPS_FREE / (n_groups - 1))):
        fake, real = rng.permutation(n_fake), rng.permutation(n_real)
        found.append([scores(fake[group::n_groups], real[group::n_groups]) for group in range(n_groups)])
    return np.array(found)


def mean_similarity(
    parts: Float[np.ndarray, " n_parts"],
    of_deal: Float[np.ndarray, "n_deal n_parts"],
    n: tuple[int, int],
    *,
    source: str,
    label: str,
    meaning: str,
    undefined: str,
    edges: float = 0.0,
) -> Score:
    """Mean of the parts (columns, pairs, triples) that are defined: how like real records others are.

    `parts` are those of all records, the higher the better, NaN where not defined; `of_deal` are the same of
    fewer records, as `Deal.each` gives them: where one is not defined there (a column without variation), it
    keeps the value of all records. `n` is how many records there are of each side, `edges` an error that
    comes from elsewhere, such as of where cells end. Where no part is defined at all, mean and error are NaN,
    with the caveat `undefined`.
    """
    is_defined = ~np.isnan(parts)
    is_known = bool(is_defined.any())
    value = error = math.nan
    if is_known:
        value = float(parts[is_defined].mean())
        means = np.where(np.isnan(of_deal), parts, of_deal)[:, is_defined].mean(axis=1)
        error = math.hypot(Deal.error(means), edges)
    return Score(
        value=value,
        error=error,
        bounds=interval_of_few(value, error, N_FREE + 1),
        n=min(n),
        direction="higher",
        source=source,
        label=label,
        meaning=meaning,
        caveat="" if is_known else undefined,
        limits=SHARE,
    )
