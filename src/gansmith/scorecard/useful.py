"""Is it useful? What models that learnt from synthetic records know about real ones, and so on the card.

Beside them stand models that learnt from real records, from independent columns, and from both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes, places_among
from gansmith.scorecard.learners import LINEAR, SMALL_TREES, TREES, Learner, auc_and_error
from gansmith.scorecard.plots import rounded
from gansmith.scorecard.score import CEILING, COPY, FLOOR, SHARE, Effort, Entry, Score

MAX_CLASSES: Final = 20
"""Classes of a target that are told apart, the rarer ones counting as one; a number with no more different
values than this, each twice on average, is a target of classes, too."""
_SHARE_DRAWN: Final = 0.9
_SOURCE: Final = "Esteban et al. 2017 (arXiv:1706.02633): train on synthetic, test on real."
_WORDS: Final = {
    "fake": "trained on synthetic",
    "real": "trained on real",
    "both": "trained on both",
    "floor": "independent parts",
}


@final
@dataclass(frozen=True, eq=False)
class Contest:
    """A column to predict, and the real records on which the prediction is tested."""

    target: str
    inputs: np.ndarray
    """Shape `(n_test, n_columns - 1)`."""
    labels: np.ndarray
    """Shape `(n_test,)`: the target, rare classes made one."""
    test: Features
    unit: Literal["AUC", "R2"]
    frequent: np.ndarray
    """The classes that are told apart; empty for a number."""


def contest(target: str, test: Features, *, known: Features | None = None) -> Contest:
    """A target, made ready to be predicted.

    Args:
        target: The column; a category, or a number: with at most 20 different values its values are classes.
        test: Real records that nobody has learnt from; those without the target are left out.
        known: Further real records, by which the classes are chosen too.

    Raises:
        UsageError: There is no such column.
        DataError: No other column to learn from, fewer than 2 records with the target, or a target that is
            the same in all of them.
    """
    column = test.position(target)
    test = _with(test, column)
    if test.n_columns < 2:
        raise DataError(f"There is no column besides {target!r} to learn from. Leave the target out.")
    if len(test) < 2:
        raise DataError(f"Only {len(test)} records have the target {target!r}. Wanted: 2 or more.")
    labels = test.values[:, column]
    if np.ptp(labels) == 0:
        raise DataError(
            f"column {target!r} is the same in all {len(test)} records of the test set. "
            "Choose another target."
        )
    values = labels if known is None else np.concatenate([labels, _with(known, column).values[:, column]])
    classes, counts = np.unique(labels, return_counts=True)
    n_values = len(np.unique(values))
    is_classes = bool(test.is_category[column]) or n_values <= min(MAX_CLASSES, len(values) // 2)
    frequent = classes[np.argsort(-counts, kind="stable")[:MAX_CLASSES]] if is_classes else np.empty(0)
    inputs = np.delete(test.values, column, axis=1)
    return Contest(target, inputs, _told(labels, frequent), test, "AUC" if is_classes else "R2", frequent)


def train_here_test_real(
    train: Features, of: Contest, *, seed: int, learner: Learner = TREES, n_seeds: int = 3
) -> Score:
    """How well a column of real records is predicted by a model that was trained on other records.

    Called with synthetic training records it is the score, with as many real ones it is the anchor. Records
    without the target are left out. The model is trained `n_seeds` times, each time on another nine tenths of
    the records.

    Args:
        train: Records to learn from, synthetic, real or both.
        of: What is to be predicted.
        seed: Of the draws and the models.
        learner: What kind of model.
        n_seeds: How many models; 1 trains on all records.

    Returns:
        For classes the AUC, mean over the classes that the test records hold, each against the rest (0.5 is
        guessing): a class that `train` lacks is a guess. For a number R2 (1 is perfect, 0 no better than the
        mean, and below 0 worse). The error is that of the test records and of the draws of `train`.

    Raises:
        DataError: Different columns, or fewer than 2 records with the target.
    """
    check_comparable(train, of.test)
    column = train.position(of.target)
    train = _with(train, column)
    check_comparable(train, of.test)
    rng = draws(seed)
    results: list[tuple[float, float]] = []
    for number in range(n_seeds):
        part = train if n_seeds == 1 else train.sample(max(2, int(_SHARE_DRAWN * len(train))), rng)
        results.append(_one(part, of, column, learner, seed + number))
    values, errors = np.array(results).T
    spread = float(np.var(values, ddof=1)) / n_seeds if n_seeds > 1 else 0.0
    meaning = (
        "How well a model trained on these records predicts the target of real ones; 0.5: guessing."
        if of.unit == "AUC"
        else "Share of the target's variance in real records that a model trained on these explains."
    )
    return Score(
        value=float(values.mean()),
        error=float(np.sqrt(np.square(errors).mean() + spread)),
        n=len(of.test),
        direction="higher",
        source=_SOURCE,
        label=f"trained here, tested on real ({of.unit})",
        meaning=meaning,
        limits=SHARE if of.unit == "AUC" else (-np.inf, 1.0),
    )


def skills_of(part: Features, test: Features, targets: Sequence[str], *, seed: int) -> dict[str, Score]:
    """Every column in turn is the target.

    Returns:
        For each target that `test` allows the skill: 2 AUC - 1 of classes, R2 (not below 0) of numbers. 0 is
        guessing; it stands where nothing can be learnt from `part`.

    Raises:
        DataError: No target can be predicted.
    """
    found: dict[str, Score] = {}
    for target in targets:
        try:
            of = contest(target, test)
        except DataError:
            continue
        try:
            score = train_here_test_real(part, of, seed=seed, learner=SMALL_TREES, n_seeds=1)
        except DataError:
            score = Score(0.0, 0.0, len(of.test), "higher", limits=SHARE)
        else:
            if of.unit == "AUC":
                score = replace(score, value=2 * score.value - 1, error=2 * score.error)
        found[target] = replace(score, value=max(0.0, score.value), limits=SHARE)
    if not found:
        raise DataError("No column can be predicted from the others: all are constant or empty.")
    return found


def mean_skill(skills: Mapping[str, Score]) -> Score:
    """The mean over the targets, one at least."""
    values, errors = np.array([(one.value, one.error) for one in skills.values()]).T
    return Score(
        value=float(values.mean()),
        error=float(np.sqrt(np.square(errors).sum()) / len(errors)),
        n=max(one.n for one in skills.values()),
        direction="higher",
        source=_SOURCE,
        label="trained here, tested on real (skill, mean of all columns)",
        meaning="How well models trained on these records predict each column of real ones; 0: guessing, "
        "1: perfect.",
        limits=SHARE,
    )


def _with(part: Features, column: int) -> Features:
    """The records that have the target."""
    return part.take(np.flatnonzero(~np.isnan(part.values[:, column])))


def _told(labels: np.ndarray, frequent: np.ndarray) -> np.ndarray:
    """The place of each label among the frequent classes, -1 for all others; numbers as they are."""
    return places_among(labels, frequent, otherwise=-1) * 1.0 if len(frequent) else labels


def _one(train: Features, of: Contest, column: int, learner: Learner, seed: int) -> tuple[float, float]:
    """Value and error of one model."""
    is_category = np.delete(train.is_category, column)
    both = np.concatenate([np.delete(train.values, column, axis=1), of.inputs])
    for place in np.flatnonzero(is_category):
        both[:, place] = fold_rare_codes(both[:, place], n_codes=learner.n_codes)
    inputs, test_inputs = both[: len(train)], both[len(train) :]
    labels = _told(train.values[:, column], of.frequent)
    if of.unit == "R2":
        return _explained(of.labels, learner.regressor(inputs, labels, is_category, seed)(test_inputs))
    said: Mapping[float, np.ndarray] = {}
    if len(np.unique(labels)) > 1:
        model = learner.classifier(inputs, labels, is_category, seed)
        columns = model.probabilities(test_inputs)  # (n_test, n_classes)
        said = {float(label): columns[:, place] for place, label in enumerate(model.classes)}
    aucs: list[tuple[float, float]] = []
    for label in np.unique(of.labels).tolist():
        told, is_it = said.get(label, np.zeros(len(of.labels))), of.labels == label
        aucs.append(auc_and_error(told[is_it], told[~is_it]))
    # The classes share their records, so their errors may all point one way: the mean error is the upper
    # bound of the error of the mean, and exact for two classes, whose AUCs are the same number.
    value, error = np.mean(aucs, axis=0)
    return float(value), float(error)


def _explained(labels: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    scale = np.abs(labels - labels.mean()).max()  # squares of huge or tiny numbers would leave the range
    squares = np.square((labels - predicted) / scale)
    spread = np.square((labels - labels.mean()) / scale)
    ratio = squares.mean() / spread.mean()
    # Delta method for a ratio of two means; that the mean of the target is itself estimated has no
    # first-order effect.
    error = np.std(squares - ratio * spread, ddof=1) / (spread.mean() * np.sqrt(len(spread)))
    return float(1.0 - ratio), float(error)


# --- On the card --------------------------------------------------------------------------------------------


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
    _known: dict[tuple[str, Learner, int], Score] = field(default_factory=dict[Any, Score])
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
        for learner in (TREES, LINEAR) if effort.is_full else (SMALL_TREES,):
            scores = {name: self._anchor(name, n, of, learner) for name in ("real", "floor")}
            scores["fake"] = self._score(fake, of, learner, n_models=effort.n_models)
            if effort.is_full:
                scores["both"] = self._score(fake.above(self.train), of, learner, n_models=1)
            entries += _entries(scores, is_linear=learner is LINEAR)
            named = "linear model" if learner is LINEAR else "boosted trees"
            results.append(_result(f"{target}, {named}", of.unit, scores))
        return Taught(tuple(entries), tuple(results), {})

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
        lost = tuple(name for name in worst if _is_lost(skills["fake"][name], skills["real"][name]))
        return Taught(tuple(_entries(scores, is_linear=False, details=worst)), (result,), {}, lost)

    def _skills(self, part: Features) -> dict[str, Score]:
        return skills_of(part, self.holdout.sample(5_000, draws(self.seed)), self.targets, seed=self.seed)

    def _anchor(self, name: str, n: int, of: Contest, learner: Learner) -> Score:
        key = (name, learner, n)
        if key not in self._known:
            part = self.train if name == "real" else self.floor
            n_models = self.effort.n_models if name == "real" else 1
            self._known[key] = self._score(part.sample(n, draws(self.seed)), of, learner, n_models=n_models)
        return self._known[key]

    def _score(self, part: Features, of: Contest, learner: Learner, *, n_models: int) -> Score:
        n_seeds = n_models if learner is TREES else 1
        return train_here_test_real(part, of, seed=self.seed, learner=learner, n_seeds=n_seeds)


def _is_lost(ours: Score, real: Score) -> bool:
    is_sure = real.value - ours.value > 3 * (ours.error**2 + real.error**2) ** 0.5
    return is_sure and real.value > 0.1 and ours.value < 0.5 * real.value


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
