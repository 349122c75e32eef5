"""Is it valid? Rules that real records keep, and which synthetic ones break more often than by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
from jaxtyping import Bool

from gansmith.errors import DataError
from gansmith.scorecard.chance import CERTAIN, DOUBT, adjusted, chance_of_more
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import SHARE, Score, error_of_share, wilson_interval

MANY: Final = 0.01
"""Share of the records, beyond that of real ones, from which on a broken rule is a bad defect."""


@final
@dataclass(frozen=True, eq=False)
class Rule:
    """What holds for real records, and which records on trial break it."""

    words: str
    """What holds: "'age' is within its range"."""
    columns: tuple[str, ...]
    is_broken: Bool[np.ndarray, " n_records"]
    control: Tally | None
    """How often fresh real records break it; None: they never may, so that one record that does is a
    defect."""
    tried: Tally | None = None
    """What `control` is compared with; None: the records that break it. Two records with one key break a
    rule together: the more records, the more pairs."""


@final
@dataclass(frozen=True)
class Defect:
    """A rule that is broken more often than by real records."""

    words: str
    share: float
    """Of the records that break it."""
    columns: tuple[str, ...]
    level: Literal["amber", "red"]


def valid_share(
    n_records: int, broken: Mapping[str, Bool[np.ndarray, " n_records"]]
) -> tuple[Score, dict[str, float]]:
    """Share of the records that break no rule.

    Args:
        n_records: How many records there are, 1 or more.
        broken: For each rule, in words: which records break it.

    Returns:
        The score, and for each rule that is broken the share of the records that break it, the worst first.

    Raises:
        DataError: There is no record.
    """
    if not n_records:
        raise DataError("There is no record to check against the rules. Give one at least.")
    is_broken = np.zeros(n_records, dtype=bool)
    for mask in broken.values():
        is_broken |= mask
    n_valid = int((~is_broken).sum())
    shares = {words: float(mask.mean()) for words, mask in broken.items() if mask.any()}
    score = Score(
        value=n_valid / n_records,
        error=error_of_share(n_valid, n_records) if n_valid < n_records else 0.0,
        bounds=wilson_interval(n_valid / n_records, n_records),
        n=n_records,
        direction="higher",
        source="Counting; the rules are those that hold for all real records.",
        label="valid records",
        meaning="Share of the records that break no rule: types, sizes, ranges, keys, constraints.",
        limits=SHARE,
    )
    return score, dict(sorted(shares.items(), key=lambda item: -item[1]))


def defects(rules: Sequence[Rule]) -> list[Defect]:
    """The rules that are broken more often than fresh real records break them, the worst first.

    A rule that was found in the data at hand may hold there by chance. Whether it is broken too often is
    Fisher's exact test, for all such rules together by Holm; what nobody breaks is no test, since the test is
    given how often a rule is broken at all.
    """
    chances = {
        rule.words: chance_of_more(_tally(rule), rule.control)
        for rule in rules
        if rule.control is not None and (rule.is_broken.any() or rule.control.n_hits)
    }
    sure = adjusted(chances)
    found: list[Defect] = []
    for rule in rules:
        chance = sure.get(rule.words, 0.0)
        if not rule.is_broken.any() or chance >= DOUBT:
            continue
        tally, control = _tally(rule), rule.control or Tally(0, 1)
        is_bad = tally.n_hits / tally.n - control.n_hits / control.n > MANY and chance < CERTAIN
        level = "red" if is_bad else "amber"
        found.append(Defect(rule.words, float(rule.is_broken.mean()), rule.columns, level))
    return sorted(found, key=lambda one: -one.share)


def _tally(rule: Rule) -> Tally:
    return rule.tried or Tally(int(rule.is_broken.sum()), len(rule.is_broken))
