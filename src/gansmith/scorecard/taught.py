"""Is it useful? Models that learnt from synthetic records, as entries of the card.

Beside them stand models that learnt from real records, from independent columns, and from both together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import DOUBT, adjusted, chance_beyond
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.learners import LINEAR, SMALL_TREES, TREES, Learner
from gansmith.scorecard.plots import rounded
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry, Score
from gansmith.scorecard.useful import Contest, Lesson, contest, lesson, mean_skill, skills_of

_FEWEST: Final = 200
"""Records with another value than most, without which no target is called lost: fewer teach little."""
_WORDS: Final = {
    "fake": "trained on synthetic",
    "real": "trained on real",
    "both": "trained on both",
    "floor": "independent parts",
}


@final
@dataclass(frozen=True)
class Taught:
    """What models learnt, as entries of the card and as numbers for a page."""

    entries: tuple[Entry, ...]
    results: tuple[dict[str, Any], ...]
    skipped: dict[str, str]
    lost: tuple[str, ...] = ()
    """Targets that are predicted less than half as well as from real records, beyond the errors."""
    of: Contest | None = None
    """A chosen target, ..."""
    said: tuple[np.ndarray, np.ndarray] | None = None
    """... and what models say of its test records that learnt from synthetic and from real ones."""


@final
@dataclass(frozen=True, eq=False)
class Teaching:
    """Real records and independent columns, to teach by any number of synthetic sets."""

    train: Features
    """What the generator learnt from."""
    floor: Features
    """As many records of independent columns."""
    holdout: Features
    """Real records to test on."""
    targets: Sequence[str]
    """Columns to predict; one, or all in turn."""
    seed: int
    """Of everything drawn."""
    effort: Effort
    is_chosen: bool
    """Whether the target was chosen by a person: then it gets the larger models."""
    _known: dict[tuple[str, Learner, int], Lesson] = field(default_factory=dict[Any, Lesson])
    _skilled: dict[tuple[str, int], dict[str, Score]] = field(default_factory=dict[Any, dict[str, Score]])

    def taught_by(self, fake: Features) -> Taught:
        """What is learnt from synthetic records, beside what is learnt from the others."""
        try:
            if not self.has_target(fake):
                raise DataError(f"the target {self.targets[0]!r} is missing or empty")
            return self._of_one(fake) if self.is_chosen else self._of_all(fake)
        except DataError as error:
            return Taught((), (), dict.fromkeys(("tstr", "trtr", "both", "tstr_linear"), str(error)))

    def has_target(self, fake: Features) -> bool:
        """Whether synthetic records hold the chosen target; true where none was chosen."""
        if not self.is_chosen:
            return True
        name = self.targets[0]
        return name in fake.names and int((~np.isnan(fake.keep([name]).values)).sum()) > 1

    def _of_one(self, fake: Features) -> Taught:
        target, effort = self.targets[0], self.effort
        of = contest(target, self.holdout.sample(effort.n_taught, draws(self.seed)), known=self.train)
        n = min(len(fake), len(self.train), effort.n_taught)
        fake = fake.sample(n, draws(self.seed))
        entries: list[Entry] = []
        results: list[dict[str, Any]] = []
        said: list[tuple[np.ndarray, np.ndarray]] = []
        for learner in (TREES, LINEAR) if effort.is_full else (SMALL_TREES,):
            lessons = {name: self._anchor(name, n, of, learner) for name in ("real", "floor")}
            lessons["fake"] = self._taught(fake, of, learner, n_models=effort.n_models)
            if effort.is_full:
                lessons["both"] = self._taught(fake.above(self.train), of, learner, n_models=1)
            said.append((lessons["fake"].said, lessons["real"].said))
            scores = {name: lesson.score for name, lesson in lessons.items()}
            entries += _entries(scores, is_linear=learner is LINEAR)
            named = "linear model" if learner is LINEAR else "boosted trees"
            results.append(_result(f"{target}, {named}", of.unit, scores))
        return Taught(tuple(entries), tuple(results), {}, of=of, said=said[0])

    def _of_all(self, fake: Features) -> Taught:
        n_max = 5_000 if self.effort.is_full else 1_500
        n = min(n_max, len(fake), len(self.train))
        skills = {"fake": self._skills(fake.sample(n, draws(self.seed)))}
        for name, part in (("real", self.train), ("floor", self.floor)):
            if (name, n) not in self._skilled:
                self._skilled[name, n] = self._skills(part.sample(n, draws(self.seed)))
            skills[name] = self._skilled[name, n]
        if self.effort.is_full:
            both = fake.sample(n, draws(self.seed)).above(self.train.sample(n, draws(self.seed)))
            skills["both"] = self._skills(both)
        scores = {name: mean_skill(found) for name, found in skills.items()}
        shares = {
            target: skills["fake"][target].value / real.value
            for target, real in skills["real"].items()
            if real.value > 0.05
        }
        worst = dict(sorted(shares.items(), key=lambda item: item[1]))
        result = _result("all columns", "skill", scores)
        lost = [
            name
            for name in sorted(_lost(skills["fake"], skills["real"]), key=lambda name: shares[name])
            if min(_n_unlike(part, name) for part in (fake.sample(n, draws(self.seed)), self.holdout))
            >= _FEWEST
        ]
        return Taught(tuple(_entries(scores, is_linear=False, details=worst)), (result,), {}, tuple(lost))

    def _skills(self, part: Features) -> dict[str, Score]:
        return skills_of(part, self.holdout.sample(5_000, draws(self.seed)), self.targets, seed=self.seed)

    def _anchor(self, name: str, n: int, of: Contest, learner: Learner) -> Lesson:
        key = (name, learner, n)
        if key not in self._known:
            part = self.train if name == "real" else self.floor
            n_models = self.effort.n_models if name == "real" else 1
            self._known[key] = self._taught(part.sample(n, draws(self.seed)), of, learner, n_models=n_models)
        return self._known[key]

    def _taught(self, part: Features, of: Contest, learner: Learner, *, n_models: int) -> Lesson:
        return lesson(part, of, self.seed, learner, n_models if learner is TREES else 1)


def _n_unlike(part: Features, name: str) -> int:
    """Records that have another value than most."""
    values = part.values[:, part.position(name)]
    counts = np.unique(values[~np.isnan(values)], return_counts=True)[1]
    return int(counts.sum() - counts.max(initial=0))


def _lost(ours: Mapping[str, Score], real: Mapping[str, Score]) -> list[str]:
    """Targets that are predicted less than half as well as from real records, surely."""
    chances = {
        name: chance_beyond(score.value - ours[name].value, math.hypot(score.error, ours[name].error))
        for name, score in real.items()
    }
    is_sure = {
        name for name, chance in adjusted(chances).items() if 2 * chance < DOUBT
    }  # the whole is tested, too
    return [
        name
        for name, score in real.items()
        if name in is_sure and score.value > 0.1 and ours[name].value < 0.5 * score.value
    ]


def _entries(
    scores: dict[str, Score], *, is_linear: bool, details: dict[str, float] | None = None
) -> list[Entry]:
    """A score for each part, labelled by what was learnt from."""
    anchors = {CEILING: scores["real"], FLOOR: scores["floor"], COPY: scores["real"]}
    names = {"fake": "tstr_linear"} if is_linear else {"fake": "tstr", "real": "trtr", "both": "both"}
    entries: list[Entry] = []
    for part, name in names.items():
        if part in scores:
            unit = scores[part].label.rpartition("(")[2].rstrip(")")
            how = f"linear model, {unit}" if is_linear else unit
            score = replace(scores[part], label=f"{_WORDS[part]}, tested on real ({how})")
            entries.append(Entry(name, score, anchors, details or {} if part == "fake" else {}, "useful"))
    return entries


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
