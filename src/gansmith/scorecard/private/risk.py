"""From counted successes of an attack to a risk with an interval, and whether it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Final, final

from gansmith.scorecard.chance import DOUBT, Tally, adjusted, chance_of_more
from gansmith.scorecard.score import CONFIDENT, SHARE, Score, wilson_interval

SOURCE: Final = "Giomi et al. 2023 (arXiv:2211.10459)"
_LEAST: Final = -1.0
"""A control group that is nearly always hit would make risks of minus a million."""
_DOUBT: Final = 0.05
"""Of an interval of 95 %; shared by all parts where the worst of them is reported."""


@final
@dataclass(frozen=True)
class Rate:
    """A share of successes with its interval."""

    value: float
    low: float
    high: float
    n: int


@final
@dataclass(frozen=True)
class Risk:
    """What an attack on training records reaches beyond the same attack on records nobody learnt from."""

    value: float
    """Negative where the control group was hit more often, -1 at the least, and 1 where every training record
    was hit."""
    low: float
    """Of the interval, -1 at the least: what a search for the worst part compares."""
    high: float
    main: Rate
    """The attack on training records."""
    control: Rate
    """The same attack on as many records of the hold-out."""
    baseline: Rate | None
    """A guess that knows nothing of the record, on training records; None where there is no such guess."""
    caveat: str
    """Why the risk cannot be trusted; empty where it can."""
    chance: float
    """How likely the attack succeeds so much more often, or more so, where nothing leaks."""
    design: float = 1.0
    """See `wilson_rate`."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval within 0 to 1."""
        return (_clipped(self.low), _clipped(self.high))

    def to_score(self, *, label: str, meaning: str) -> Score:
        """As a score: the value not below 0, the error that of the interval before it was clipped."""
        half = (max(self.high, 0.0) - self.low) / 2
        return Score(
            value=_clipped(self.value),
            error=half / CONFIDENT,
            n=max(1, self.main.n),
            direction="lower",
            source=SOURCE,
            label=label,
            meaning=meaning,
            bounds=self.bounds,
            limits=SHARE,
            caveat=self.caveat,
            chance=self.chance,
        )


@final
@dataclass(frozen=True)
class Attack:
    """An attack that was run: its risk as a score, and what lies behind it."""

    score: Score
    worst: str
    """The surest part: a secret, a column, a number of columns, a split."""
    risk: Risk
    """What the score is of, with the rates of its attack, its control group and its naive guess: the worst
    part where that is surely no chance, else the mean of all."""
    parts: Mapping[str, Risk] = field(default_factory=dict[str, Risk])
    """All parts, the worst first; their intervals hold together."""

    @property
    def details(self) -> dict[str, float]:
        """The risk of each part, 0 to 1, the worst first."""
        return {name: _clipped(part.value) for name, part in self.parts.items()}


def wilson_rate(tally: Tally, *, confidence: float = 1 - _DOUBT, design: float = 1.0) -> Rate:
    """A share with its score interval, which is right near 0 and 1 and with few tries, too.

    Args:
        tally: Successes and tries; none at all leaves everything open, 0 to 1.
        confidence: That the interval holds the true share.
        design: Tries that say as much as one independent try, 1 or more: how many times larger the variance
            is where tries are about the same records (the design effect, Kish 1965, "Survey sampling").

    Source:
        As `wilson_interval`.

    Example:
        >>> rate = wilson_rate(Tally(0, 100))
        >>> rate.value, rate.low, round(rate.high, 4)
        (0.0, 0.0, 0.037)
    """
    if not tally.n:
        return Rate(0.0, 0.0, 1.0, 0)
    share = tally.n_hits / tally.n
    reach = NormalDist().inv_cdf((1 + confidence) / 2)
    return Rate(share, *wilson_interval(share, tally.n / design, reach), tally.n)


def measured_risk(
    main: Tally,
    control: Tally,
    baseline: Tally | None,
    *,
    n_parts: int = 1,
    chance: float | None = None,
    design: float = 1.0,
) -> Risk:
    """The risk (main - control) / (1 - control) with its interval.

    It is 1 - R with the ratio R of the two shares of failures. Its interval comes from both Wilson intervals
    by the method of variance estimates recovery, which holds where an attack never or always succeeds.

    Args:
        main: The attack on training records.
        control: The attack on hold-out records.
        baseline: A guess that knows nothing of the record, on training records. Without a guess to beat, the
            attack is trusted.
        n_parts: How many risks it is one of. The intervals of all hold together with 95 %, so that the worst
            can be reported (Bonferroni).
        chance: Of so much or more where nothing leaks; None: Fisher's exact test of tries that are alike.
        design: See `wilson_rate`.

    Source:
        Giomi et al. 2023, "A unified framework for quantifying privacy risk in synthetic data", PoPETs
        (arXiv:2211.10459). The interval: Newcombe 2016, "MOVER-R confidence intervals for ratios and
        products of two independently estimated quantities", Statistical Methods in Medical Research 25.

    Example:
        >>> round(measured_risk(Tally(60, 100), Tally(20, 100), Tally(10, 100)).value, 3)
        0.5
    """
    confidence = 1 - _DOUBT / n_parts
    tried, others = (wilson_rate(tally, confidence=confidence, design=design) for tally in (main, control))
    reached = (tried.value - others.value) / max(1 - others.value, 1e-300)
    value, low, high = (max(_LEAST, bound) for bound in (reached, *_bounds_of_risk(tried, others)))
    guess = None if baseline is None else wilson_rate(baseline)
    # An attack that fails shows nothing, unless training records suffer more from it than others do.
    caveat = "" if low > 0 else _doubt_of(main, control, baseline)
    by_chance = chance_of_more(main, control) if chance is None else chance
    return Risk(value, low, high, tried, others, guess, caveat, by_chance, design)


def attack_of(parts: Mapping[str, Risk], *, label: str, meaning: str) -> Attack:
    """The attack whose parts these are, with the chance of the surest by Holm.

    Where that is below `DOUBT`, the risk is that of the worst: the highest lower bound, among the parts that
    can be trusted if there are any. Else it is that of all together: of many honest parts the largest number
    is the noisiest.

    Args:
        parts: One or more risks by name, each measured with `n_parts` the number of all.
        label: Of the score.
        meaning: Of the score.
    """
    ordered = dict(
        sorted(parts.items(), key=lambda part: (part[1].caveat != "", -part[1].low, -part[1].value))
    )
    worst = next(iter(ordered))
    chances = adjusted({name: risk.chance for name, risk in parts.items()})
    trusted = [risk for risk in parts.values() if not risk.caveat] or list(parts.values())
    risk = ordered[worst] if chances[worst] < DOUBT or len(parts) == 1 else _together(trusted)
    score = replace(risk.to_score(label=label, meaning=meaning), chance=min(chances.values()))
    return Attack(score, worst, risk, ordered)


def _together(risks: Sequence[Risk]) -> Risk:
    """Of all tries of all parts; the interval is that of one part, as if all were about the same records."""

    def mean(rates: Sequence[Rate]) -> Tally:
        n = sum(rate.n for rate in rates)
        share = min(1.0, sum(rate.value * rate.n for rate in rates) / max(1, n))
        return Tally(share * round(n / len(rates)), round(n / len(rates)))

    guesses = [risk.baseline for risk in risks if risk.baseline is not None]
    n_tries = sum(risk.main.n for risk in risks)
    n_effective = sum(risk.main.n / risk.design for risk in risks)
    found = measured_risk(
        mean([risk.main for risk in risks]),
        mean([risk.control for risk in risks]),
        mean(guesses) if guesses else None,
        design=n_tries / n_effective if n_tries else 1.0,
    )
    return replace(found, caveat=risks[0].caveat)


def _bounds_of_risk(main: Rate, control: Rate) -> tuple[float, float]:
    """The interval of 1 - (1 - main) / (1 - control), from those of both shares."""
    failed, others = 1 - main.value, 1 - control.value
    both = failed * others
    # The bounds L, U of R solve (failed - R others)^2 = (failed - its bound)^2 + R^2 (others - its bound)^2.
    least, most = (bound * (2 * failed - bound) for bound in (1 - main.high, 1 - main.low))
    wide, narrow = (bound * (2 * others - bound) for bound in (1 - control.low, 1 - control.high))
    low = both + math.sqrt(max(0.0, both**2 - wide * least))
    high = both + math.sqrt(max(0.0, both**2 - narrow * most))
    return 1 - (high / narrow if narrow > 0 else math.inf), 1 - (least / low if low > 0 else 0.0)


def _doubt_of(main: Tally, control: Tally, baseline: Tally | None) -> str:
    if not main.n or not control.n:
        return "cannot be trusted: the attack had nothing to work with"
    if baseline is None or _is_larger(main, baseline):
        return ""
    return "cannot be trusted: the attack did no better than a guess, so its failure shows nothing"


def _is_larger(first: Tally, second: Tally) -> bool:
    """Whether the first share is larger beyond chance, one-sided at 5 %.

    Source:
        Newcombe 1998, "Interval estimation for the difference between independent proportions", Statistics in
        Medicine 17, method 10.
    """
    ours, theirs = (wilson_rate(tally, confidence=1 - 2 * _DOUBT) for tally in (first, second))
    return ours.value - theirs.value > math.hypot(ours.value - ours.low, theirs.high - theirs.value)


def _clipped(number: float) -> float:
    return min(1.0, max(0.0, number))
