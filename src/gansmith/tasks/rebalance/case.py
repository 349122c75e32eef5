"""What a contest is about: records, the rare class among them, and whether there is enough of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np
from scipy.stats import beta

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.capabilities import Contesting
from gansmith.modalities.registry import Modality, needed
from gansmith.scorecard.contest.arena import Arena
from gansmith.scorecard.features import draws
from gansmith.tasks.opening import open_data
from gansmith.tasks.rebalance.settings import RebalanceConfig

MIN_RARE: Final = 6
"""Two rare records to be tested on in each of three folds: with fewer there is no contest."""
FEW: Final = 20
"""Rare records below which hardly anything can be told from chance."""
MAX_CLASSES: Final = 100
"""A column of more different values is taken for a number or a name, unless the user names one of them."""
MAX_RECORDS: Final = 20_000
"""In a contest; of a larger set all rare records take part, and of the others so many that are drawn."""
N_FOLDS: Final = 5
N_FOLDS_OF_FEW: Final = 3
MOST_REPETITIONS: Final = 10
LEAST_REPETITIONS: Final = 2
ENOUGH_RECORDS: Final = 50_000
"""Of all repetitions together: so many deals take no longer than the generators usually do. A large record
counts as several."""
LARGE: Final = 100
"""Numbers of a record above which it is learnt from by a network, which takes long: no table has as many."""
SMALL: Final = 20
"""Numbers of a record that counts as one."""


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Records with a known class, and which of the classes is the rare one."""

    modality: Modality
    records: Any
    options: Any
    """How they were read; the kind's own."""
    target: str
    classes: np.ndarray
    """Shape `(n,)`, texts."""
    minority: str
    notes: tuple[str, ...]
    """What a person should know."""

    @property
    def contesting(self) -> Contesting:
        """What makes arrays and classifiers of the records."""
        return needed(self.modality.recipe, Contesting, self.modality.kind)

    @property
    def is_rare(self) -> np.ndarray:
        """Shape `(n,)`, bool."""
        return self.classes == self.minority

    @property
    def n_rare(self) -> int:
        """Rare records."""
        return int(self.is_rare.sum())

    @property
    def numbers(self) -> np.ndarray:
        """The class of each record as a number from 0, shape `(n,)`."""
        return np.unique(self.classes, return_inverse=True)[1]


def case_of(
    data: object, target: str, config: RebalanceConfig, options: Mapping[str, Any] | None = None
) -> Case:
    """Read the data and find its rare class.

    Records without a class are left out, with a note. Of very many records all rare ones are kept, and of the
    others so many that `MAX_RECORDS` take part.

    Raises:
        DataError: The data cannot be read; there is one class alone, or too few records of the rare one.
        UsageError: The target or the class is unknown, is no class at all, or is not rare; or there are too
            many folds.
    """
    opened = open_data(data, kind=config.kind, options=options, command="rebalance")
    records, modality = opened.hand_over(), opened.modality
    found = needed(modality.recipe, Contesting, modality.kind).classes(records, target)
    known = np.flatnonzero(np.array([one is not None for one in found], bool))
    notes: list[str] = list(records.notes)
    if len(known) < len(found):
        notes.append(f"{len(found) - len(known):,} records have no {target!r} and are left out.")
        records, found = records.take(known), found[known]
    classes = found.astype(str).astype(object)
    minority = rare_class(Counter(classes.tolist()), target, config.minority, records.name)
    kept = _thinned(classes == minority, config.seed)
    if len(kept) < len(classes):
        notes.append(
            f"{len(kept):,} of {len(classes):,} records take part, all rare ones among them: PR-AUC is that "
            f"of {(classes == minority).sum() / len(kept):.2%} rare records, in the data there are "
            f"{(classes == minority).mean():.2%}."
        )
        records, classes = records.take(kept), classes[kept]
    case = Case(modality, records, opened.options, target, classes, minority, tuple(notes))
    n_folds_of(case, config)
    if case.n_rare < FEW:
        return replace(case, notes=(*case.notes, few_in_words(case.n_rare, minority)))
    return case


def rare_class(counts: Counter[str], target: str, asked: str, name: str) -> str:
    """The class that is asked for, or the rarest.

    Raises:
        DataError: There is one class alone, or too few records of the rare one.
        UsageError: The class is unknown or not rare, or there are too many to be classes.
    """
    if len(counts) < 2:
        only = next(iter(counts), "nothing")
        raise DataError(f"{name}: {target!r} is {only!r} in all records: one class alone. Give two or more.")
    if asked and asked not in counts:
        raise UsageError(f"no record has {target}={asked}. {did_you_mean(asked, counts)}")
    if not asked and len(counts) > MAX_CLASSES:
        raise UsageError(
            f"{target!r} has {len(counts):,} different values: a number or a name, not classes. Choose "
            "another target, or name the rare class with --minority."
        )
    chosen = asked or min(sorted(counts), key=lambda one: counts[one])
    n, total = counts[chosen], sum(counts.values())
    if n < MIN_RARE:
        others = [one for one in counts if MIN_RARE <= counts[one] <= total / 2 and one != chosen]
        rarest = min(sorted(others), key=lambda one: counts[one]) if others else ""
        cure = f" Or name another class, such as --minority {rarest!r}." if rarest else ""
        raise DataError(
            f"{name}: {n} records have {target}={chosen}. With fewer than {MIN_RARE} methods cannot be "
            f"compared, and a generator could only repeat them: collect more, or merge rare classes.{cure}"
        )
    if 2 * n > total:
        raise UsageError(
            f"{target}={chosen} is {n / total:.0%} of the records, so not rare. Name the rare class with "
            "--minority."
        )
    return chosen


def _thinned(is_rare: np.ndarray, seed: int) -> np.ndarray:
    """Places of the records that take part, ascending."""
    rng = draws(seed)
    rare = rng.permutation(np.flatnonzero(is_rare))[: MAX_RECORDS // 2]
    others = rng.permutation(np.flatnonzero(~is_rare))[: MAX_RECORDS - len(rare)]
    return np.sort(np.concatenate([rare, others]))


def n_folds_of(case: Case, config: RebalanceConfig) -> int:
    """Parts that are tested in turn.

    Raises:
        UsageError: A fold would be without rare records.
    """
    n = config.folds or (N_FOLDS_OF_FEW if case.n_rare < FEW else N_FOLDS)
    if n < 2 or 2 * n > case.n_rare:
        raise UsageError(
            f"{n} folds of {case.n_rare} rare records: two folds at least, and two rare records in each. "
            f"Ask for 2 to {case.n_rare // 2}."
        )
    return n


def weight_of(arena: Arena) -> int:
    """How many small records a record of an arena counts as."""
    n_numbers = len(arena.is_category)
    return n_numbers // SMALL if n_numbers > LARGE else 1


def n_repetitions_of(case: Case, config: RebalanceConfig, weight: int) -> int:
    """How often the records are dealt into folds; the first time with a generator for each."""
    enough = ENOUGH_RECORDS // (weight * len(case.classes))
    usual = min(MOST_REPETITIONS, max(LEAST_REPETITIONS, enough))
    return config.repetitions or usual


def few_in_words(n: int, minority: str) -> str:
    """What can be learnt from so few rare records, and what cannot.

    The interval of a recall of one half is that of Clopper & Pearson 1934.
    """
    half = n // 2
    low, high = beta.ppf(0.025, half, n - half + 1), beta.ppf(0.975, half + 1, n - half)
    return (
        f"{n} records of {minority!r} are very few. A method that found {half} of them would have a "
        f"recall of {low:.2f} to {high:.2f}: no contest tells good methods from better ones. What can be "
        "learnt is what the class shares with the others: a generator learns all classes together and is "
        "then fine-tuned on the few, and its copies are counted. More real records help more than any method."
    )
