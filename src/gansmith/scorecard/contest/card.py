"""The result of a contest: scores of all methods for each learner, what is recommended and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from gansmith.scorecard.contest.arena import NOTHING
from gansmith.scorecard.contest.copies import Copies
from gansmith.scorecard.contest.gains import (
    WORTH_HAVING,
    Recommendation,
    ahead,
    chances_of_all,
    gain,
    recommended,
    spread,
)
from gansmith.scorecard.contest.playing import CURVE, Scores
from gansmith.scorecard.contest.predictions import LOWER_IS_BETTER, Aim
from gansmith.scorecard.score import finite

GENERATED: Final = "generator"
"""What the names of methods begin with that need one."""
MOST_WORTH: Final = 4.0
"""Times the real records: beyond that a learning curve says nothing."""

Played = Mapping[str, Sequence[Scores]]
"""By method, the scores of each fold."""


@final
@dataclass(frozen=True, repr=False)
class Contest:
    """Methods against imbalance, compared on real records that none of them has seen."""

    target: str
    minority: str
    """The rare class."""
    n_records: int
    n_rare: int
    aim: Aim
    test_ratio: float
    """Records in a test part for each in a training part."""
    played: Mapping[str, Played]
    """By learner. What needs no generator has more folds than what does: the same ones first."""
    meanings: Mapping[str, str]
    """What each method is, in a few words; the cheapest first."""
    curves: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict[str, Any])
    """By learner, for each fold the score that counts after a share of the real records; see `CURVE`."""
    chosen_learner: str = ""
    """The one that counts, where the user says so."""
    copies: Copies | None = None
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    """Methods that could not be tried, and why."""
    notes: tuple[str, ...] = ()
    """What a person should know."""
    made: tuple[tuple[str, str], ...] = ()
    """How the contest was held: versions, seed, time."""

    @property
    def learner(self) -> str:
        """The one that counts: the user's, or the best where nothing is done."""
        if self.chosen_learner:
            return self.chosen_learner
        return max(self.played, key=lambda name: self._values(name, NOTHING, "pr_auc").mean())

    @property
    def recommended(self) -> str:
        """The method to take, of `meanings`; "nothing" where no gain is sure."""
        return self.recommendation().name

    @property
    def reason(self) -> str:
        """Why, in one plain sentence."""
        return self.recommendation().reason

    def recommendation(self, learner: str = "") -> Recommendation:
        """What a learner should be taught with; the one that counts, where none is named."""
        name = learner or self.learner
        folds = {method: self._upwards(name, method, self.aim.score) for method in self.played[name]}
        return recommended(folds, self.test_ratio, self._smallest(name), self.aim.score)

    def _values(self, learner: str, method: str, score: str) -> np.ndarray:
        return np.array([fold[score] for fold in self.played[learner][method]])

    def _upwards(self, learner: str, method: str, score: str) -> np.ndarray:
        """Scores by fold, of which higher ones are better."""
        values = self._values(learner, method, score)
        return -values if score in LOWER_IS_BETTER else values

    def _smallest(self, learner: str) -> float:
        of = self._values(learner, NOTHING, "cost").mean() if self.aim.score == "cost" else 1.0
        return WORTH_HAVING * float(of)

    def __str__(self) -> str:
        return f"{self.recommended}: {self.reason}"

    def __repr__(self) -> str:
        return f"<Contest of {self.target}={self.minority}: {self}>"

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it; `methods` and `recommended` are of the learner that counts."""
        learners = {name: self._of_learner(name) for name in self.played}
        return {
            "target": self.target,
            "minority": self.minority,
            "n_records": self.n_records,
            "n_rare": self.n_rare,
            "share": self.n_rare / self.n_records,
            "score": self.aim.score,
            "precision": self.aim.wanted_precision,
            "costs": None if self.aim.costs is None else list(self.aim.costs),
            "learner": self.learner,
            **learners[self.learner],
            "learners": learners,
            "skipped": dict(self.skipped),
            "copies": None if self.copies is None else self.copies.to_dict(),
            "notes": list(self.notes),
            "made": [list(pair) for pair in self.made],
        }

    def _of_learner(self, learner: str) -> dict[str, Any]:
        one = self.recommendation(learner)
        return {
            "methods": self._methods(learner),
            "recommended": one.name,
            "reason": one.reason,
            "curve": self._curve(learner),
            "worth": self._worth(learner),
        }

    def _methods(self, learner: str) -> list[dict[str, Any]]:
        score, nothing = self.aim.score, self._upwards(learner, NOTHING, self.aim.score)
        ours = {name: ahead(self._upwards(learner, name, score), nothing) for name in self.played[learner]}
        gains = {name: gain(each, self.test_ratio) for name, each in ours.items()}
        chances = chances_of_all(ours, self.test_ratio)
        found: list[dict[str, Any]] = []
        for name, folds in self.played[learner].items():
            means = {key: spread([fold[key] for fold in folds], self.test_ratio) for key in folds[0]}
            value, error = means.pop("pr_auc")
            one = gains[name]
            found.append(
                {
                    "name": name,
                    "meaning": self.meanings[name],
                    "pr_auc": value,
                    "error": error,
                    "gain": one.value,
                    "gain_error": one.error,
                    "gain_low": one.low,
                    "gain_high": one.high,
                    "p": one.p,
                    "p_of_all": chances[name],
                    **{key: mean for key, (mean, _) in means.items()},
                    "folds": [finite(fold[score]) for fold in folds],
                }
            )
        return found

    def _curve(self, learner: str) -> list[dict[str, Any]]:
        """What fewer real records are worth, and all of them, by the score that counts."""
        if learner not in self.curves:
            return []
        n_learnt = self.n_records / (1 + self.test_ratio)
        shares = [*zip(CURVE, np.array(self.curves[learner]).T, strict=True)]
        n_folds = len(self.curves[learner])
        shares.append((1.0, self._values(learner, NOTHING, self.aim.score)[:n_folds]))
        found: list[dict[str, Any]] = []
        for share, folds in shares:
            value, error = spread(folds, self.test_ratio)
            n = round(share * n_learnt)
            found.append({"share": share, "n_records": n, "value": value, "error": error})
        return found

    def _worth(self, learner: str) -> dict[str, float]:
        """How many times the real records alone would give what a generator's records give beside them.

        Read off the learning curve, straight in the logarithm of the number of records between and beyond its
        points; `MOST_WORTH` times at most, and the smallest share of the curve at least. Nothing where it is
        not sure that more real records teach more.
        """
        points = self._curve(learner)
        if not points or not self._rises(learner):
            return {}
        sign = -1 if self.aim.score in LOWER_IS_BETTER else 1
        shares = np.log([one["share"] for one in points])
        values = np.maximum.accumulate([sign * one["value"] for one in points])
        slope = float(values[-1] - values[0]) / float(shares[-1] - shares[0])
        found: dict[str, float] = {}
        for name in self.played[learner]:
            if not name.startswith(GENERATED):
                continue
            value = float(self._upwards(learner, name, self.aim.score).mean())
            if value <= values[-1]:
                place = float(np.interp(value, values, shares))
            else:
                place = (value - float(values[-1])) / slope
            found[name] = float(np.exp(min(place, math.log(MOST_WORTH))))
        return found

    def _rises(self, learner: str) -> bool:
        """Whether all real records surely teach more than the smallest share of the learning curve."""
        first = np.array([fold[0] for fold in self.curves[learner]])
        first = -first if self.aim.score in LOWER_IS_BETTER else first
        whole = self._upwards(learner, NOTHING, self.aim.score)
        return gain(ahead(whole, first), self.test_ratio).low > 0

    def report(self) -> dict[str, Any]:
        """What `gansmith.report` makes a page of."""
        title = f"Rebalancing {self.target} = {self.minority}"
        return {"title": title, "made": [list(pair) for pair in self.made], "contest": self.to_dict()}

    def to_html(self, path: str | Path) -> None:
        """Write the report: one page that needs no network, and its JSON twin beside it.

        Raises:
            DataError: When it cannot be written.
        """
        from gansmith.report.page import write_report  # heavy: only for those who want a page

        write_report(self.report(), Path(path))
