"""Usefulness on the card: models learnt from synthetic records, from real ones, and from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.learners import LINEAR, SMALL_TREES, TREES, Learner
from gansmith.scorecard.plots import rounded
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry, Score
from gansmith.scorecard.useful.prediction import Contest, contest, mean_skill, skills_of, train_here_test_real

NAMES = ("tstr", "trtr", "both", "tstr_linear")
_WORDS = {"fake": "trained on synthetic", "real": "trained on real", "both": "trained on both",
          "floor": "independent columns"}  # fmt: skip


@final
@dataclass(frozen=True)
class Taught:
    """What models learnt, as entries of the card and as numbers for a page."""

    entries: tuple[Entry, ...]
    results: tuple[dict[str, Any], ...]
    skipped: dict[str, str]
    lost: tuple[str, ...] = ()
    """Targets that are predicted less than half as well as from real records, beyond the errors."""


@final
class Teaching:
    """Real records and independent columns, to teach by any number of synthetic sets.

    Args:
        train: What the generator learnt from.
        floor: As many records of independent columns.
        holdout: Real records to test on.
        targets: Columns to predict; one, or all in turn.
        is_chosen: Whether the target was chosen by a person: then it gets the larger models.
        seed: Of everything drawn.
        effort: How many records and models.
    """

    def __init__(
        self,
        train: Features,
        floor: Features,
        holdout: Features,
        targets: Sequence[str],
        seed: int,
        effort: Effort,
        *,
        is_chosen: bool,
    ) -> None:
        self._train, self._floor, self._holdout = train, floor, holdout
        self._targets, self._seed, self._effort, self._is_chosen = targets, seed, effort, is_chosen
        self._known: dict[tuple[str, Learner, int], Score] = {}
        self._skilled: dict[tuple[str, int], dict[str, Score]] = {}

    def taught_by(self, fake: Features) -> Taught:
        """What is learnt from synthetic records, beside what is learnt from the others."""
        try:
            if not self.has_target(fake):
                raise DataError(f"the target {self._targets[0]!r} is not there, or holds nothing")
            return self._of_one(fake) if self._is_chosen else self._of_all(fake)
        except DataError as error:
            return Taught((), (), dict.fromkeys(NAMES, str(error)))

    def has_target(self, fake: Features) -> bool:
        """Whether synthetic records hold the chosen target; true where none was chosen."""
        if not self._is_chosen:
            return True
        name = self._targets[0]
        return name in fake.names and int((~np.isnan(fake.keep([name]).values)).sum()) > 1

    def _of_one(self, fake: Features) -> Taught:
        target, effort = self._targets[0], self._effort
        of = contest(target, self._holdout.sample(effort.n_taught, draws(self._seed)), known=self._train)
        n = min(len(fake), len(self._train), effort.n_taught)
        fake = fake.sample(n, draws(self._seed))
        entries: list[Entry] = []
        results: list[dict[str, Any]] = []
        for learner in (TREES, LINEAR) if effort.is_full else (SMALL_TREES,):
            scores = {name: self._anchor(name, n, of, learner) for name in ("real", "floor")}
            scores["fake"] = self._score(fake, of, learner)
            if effort.is_full:
                scores["both"] = self._score(fake.above(self._train), of, learner)
            entries += _entries(scores, is_linear=learner is LINEAR)
            named = f"{target}, linear model" if learner is LINEAR else f"{target}, boosted trees"
            results.append(_result(named, of.unit, scores))
        return Taught(tuple(entries), tuple(results), {})

    def _of_all(self, fake: Features) -> Taught:
        n_max = 5_000 if self._effort.is_full else 1_500
        n = min(n_max, len(fake), len(self._train))
        skills = {"fake": self._skills(fake.sample(n, draws(self._seed)))}
        for name, part in (("real", self._train), ("floor", self._floor)):
            if (name, n) not in self._skilled:
                self._skilled[name, n] = self._skills(part.sample(n, draws(self._seed)))
            skills[name] = self._skilled[name, n]
        if self._effort.is_full:
            both = fake.sample(n, draws(self._seed)).above(self._train.sample(n, draws(self._seed)))
            skills["both"] = self._skills(both)
        scores = {name: mean_skill(found) for name, found in skills.items()}
        shares = {
            target: skills["fake"][target].value / real.value
            for target, real in skills["real"].items()
            if real.value > 0.05
        }
        worst = dict(sorted(shares.items(), key=lambda item: item[1]))
        result = _result("all columns", "skill", scores)
        lost = tuple(name for name in worst if _is_lost(skills["fake"][name], skills["real"][name]))
        return Taught(tuple(_entries(scores, is_linear=False, details=worst)), (result,), {}, lost)

    def _skills(self, part: Features) -> dict[str, Score]:
        return skills_of(part, self._holdout.sample(5_000, draws(self._seed)), self._targets, seed=self._seed)

    def _anchor(self, name: str, n: int, of: Contest, learner: Learner) -> Score:
        key = (name, learner, n)
        if key not in self._known:
            part = self._train if name == "real" else self._floor
            self._known[key] = self._score(part.sample(n, draws(self._seed)), of, learner)
        return self._known[key]

    def _score(self, part: Features, of: Contest, learner: Learner) -> Score:
        n_models = self._effort.n_models if learner is TREES else 1
        return train_here_test_real(part, of, seed=self._seed, learner=learner, n_seeds=n_models)


def _is_lost(ours: Score, real: Score) -> bool:
    is_sure = real.value - ours.value > 3 * (ours.error**2 + real.error**2) ** 0.5
    return is_sure and real.value > 0.1 and ours.value < 0.5 * real.value


def _entries(
    scores: dict[str, Score], *, is_linear: bool, details: dict[str, float] | None = None
) -> list[Entry]:
    anchors = {CEILING: scores["real"], FLOOR: scores["floor"], COPY: scores["real"]}
    names = {"tstr_linear": "fake"} if is_linear else {"tstr": "fake", "trtr": "real", "both": "both"}
    how = "linear model, " if is_linear else ""
    behind = {"tstr": details or {}}
    return [
        Entry(name, _called(scores[part], part, how), anchors, behind.get(name, {}), "useful")
        for name, part in names.items()
        if part in scores
    ]


def _called(score: Score, part: str, how: str) -> Score:
    """The score, labelled by what was learnt from."""
    unit = score.label.rpartition("(")[2].rstrip(")")
    return replace(score, label=f"{_WORDS[part]}, tested on real ({how}{unit})")


def _result(target: str, unit: str, scores: dict[str, Score]) -> dict[str, Any]:
    return {
        "target": target,
        "unit": unit,
        "results": {
            words: {
                "value": rounded(scores[name].value),
                "low": rounded(scores[name].interval[0]),
                "high": rounded(scores[name].interval[1]),
            }
            for name, words in _WORDS.items()
            if name in scores
        },
    }
