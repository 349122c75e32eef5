"""Singling out: do synthetic records tell of traits that exactly one training record has?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import Tally, chance_of_more
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.points import MAX_RECORDS
from gansmith.scorecard.private.risk import Attack, Risk, attack_of, measured_risk

N_PREDICATES: Final = 2_000
N_ASKED: Final = (2, 4, 8, 32)
"""Columns that a question is about; all of them where there are fewer."""
MISSING: Final = 0
"""The code of a missing cell; values have codes from 1, in their order."""
_MAX_CELLS: Final = 10_000_000
"""Of each set of records: 160 MB with what is known of their order."""
_TRIES: Final = 12
"""Questions made for each one wanted, before what was found must do."""
_MEANING: Final = "Risk that a description made from synthetic records fits exactly one training record."


Predicates = np.ndarray
"""Questions about records, such as "age >= 90 and job = baker": shape `(n_predicates, n_asked, 3)`.

Each asks whether the codes of some columns lie between two bounds, which belong to it: column, low, high."""


@final
class CodedRecords:
    """Records as whole codes, sorted by each column, so that a question looks at few of them."""

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes  # (n_columns, n_records)
        self.order = np.argsort(codes, axis=1, kind="stable")
        self.ascending = np.take_along_axis(codes, self.order, axis=1)

    def counts(self, predicates: Predicates) -> np.ndarray:
        """How many records answer yes to each predicate: shape `(n_predicates,)`."""
        return self.answers(predicates)[0]

    def answers(self, predicates: Predicates) -> tuple[np.ndarray, np.ndarray]:
        """How many records answer yes to each predicate, and one of them: both of shape `(n_predicates,)`.

        Where there is none, any record stands for it.
        """
        columns, low, high = np.moveaxis(predicates, 2, 0)
        starts, ends = np.empty_like(columns), np.empty_like(columns)
        for column, ascending in enumerate(self.ascending):
            asked = columns == column
            starts[asked] = np.searchsorted(ascending, low[asked], side="left")
            ends[asked] = np.searchsorted(ascending, high[asked], side="right")
        if columns.shape[1] == 1:
            first = np.minimum(starts[:, 0], self.order.shape[1] - 1)
            return (ends - starts)[:, 0], self.order[columns[:, 0], first]
        found = list(self._answered(predicates, starts, ends))
        counted = np.array(found, dtype=np.int64).reshape(-1, 2)
        return counted[:, 0], counted[:, 1]

    def _answered(
        self, predicates: Predicates, starts: np.ndarray, ends: np.ndarray
    ) -> Iterator[tuple[int, int]]:
        # The column that leaves the fewest records comes first; each further one sees what is left.
        for index, order in enumerate(np.argsort(ends - starts, axis=1)):
            first, *others = predicates[index, order].tolist()
            records = self.order[first[0], starts[index, order[0]] : ends[index, order[0]]]
            for column, low, high in others:
                if not len(records):
                    break
                codes = self.codes[column, records]
                records = records[(codes >= low) & (codes <= high)]
            yield len(records), int(records[0]) if len(records) else 0


def coded(*parts: Features) -> tuple[list[CodedRecords], np.ndarray]:
    """Records with each cell as the place of its value among all values of its column.

    Args:
        parts: Sets of records with the same columns.

    Returns:
        Each part, and the highest code of each column, shape `(n_columns,)`.
    """
    values = np.concatenate([part.values for part in parts])
    codes = np.empty(values.T.shape, dtype=np.int32)  # (n_columns, all records)
    for column, cells in enumerate(values.T):
        present = ~np.isnan(cells)
        codes[column, ~present] = MISSING
        codes[column, present] = np.unique(cells[present], return_inverse=True)[1] + 1
    ends = np.cumsum([len(part) for part in parts])[:-1]
    return [CodedRecords(part) for part in np.split(codes, ends, axis=1)], codes.max(axis=1)


def univariate_singling_out(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 10_000
) -> Attack:
    """Singling out by one column: a value that one synthetic record alone has.

    The questions are "is it this value?" for each value (missing, too) that occurs once among the synthetic
    records, and "is it as high / as low as that?" for the extremes of numbers. One succeeds when exactly one
    record of the targets says yes. `n_max` questions are asked at most. The risk has a caveat where no
    synthetic record stands alone or random questions do as well.

    Source:
        Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    sets, n_codes = _drawn(fake, train, holdout, rng)
    asked = _unique_values(sets[0], fake.is_category, n_codes, n_max, rng)
    chance = _random_predicates(fake, n_codes, (min(n_max, N_PREDICATES), 1), rng)
    risk = _risk_of(asked, chance, sets[1:], n_parts=1)
    return attack_of({"1 column": risk}, label="singling out by one column (risk)", meaning=_MEANING)


def multivariate_singling_out(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = N_PREDICATES
) -> Attack:
    """Singling out by several columns together, as one synthetic record has them.

    A question asks about random columns of a random synthetic record: for a category "is it this one?", for a
    number "is it as high (or low) as that?", on the side of the median where the record lies. Only those that
    one synthetic record alone answers are put to the targets. `n_max` questions are asked at most about each
    number of columns. The risk is that of the worst number (2, 4, 8, 32 or all); the intervals of all hold
    together.

    Raises:
        DataError: There is one column alone.

    Source:
        Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    if fake.n_columns < 2:
        raise DataError(
            f"One column alone, {fake.names[0]!r}, for questions about several. Wanted: two columns or more. "
            "Use univariate_singling_out."
        )
    rng = draws(seed)
    sets, n_codes = _drawn(fake, train, holdout, rng)
    parts: dict[str, Risk] = {}
    numbers = sorted({min(n_asked, fake.n_columns) for n_asked in N_ASKED})
    for n_asked in numbers:
        asked = _isolating(sets[0], fake.is_category, n_codes, (n_max, n_asked), rng)
        chance = _random_predicates(fake, n_codes, (n_max, n_asked), rng)
        parts[f"{n_asked} columns"] = _risk_of(asked, chance, sets[1:], n_parts=len(numbers))
    return attack_of(parts, label="singling out by several columns (risk)", meaning=_MEANING)


def _drawn(
    fake: Features, train: Features, holdout: Features, rng: np.random.Generator
) -> tuple[list[CodedRecords], np.ndarray]:
    n_most = min(MAX_RECORDS, _MAX_CELLS // fake.n_columns)
    n = min(len(train), len(holdout), n_most)
    return coded(fake.sample(n_most, rng), train.sample(n, rng), holdout.sample(n, rng))


def _risk_of(asked: Predicates, chance: Predicates, targets: list[CodedRecords], *, n_parts: int) -> Risk:
    """The risk of questions; many of them may be about one and the same record, which counts once.

    Whoever is the only one of all targets that a question fits would be so on either side: were training and
    hold-out alike, the different records found so would be dealt to both like all others.
    """
    train, n = targets[0], targets[0].codes.shape[1]
    (ours, which), (theirs, whose) = (records.answers(asked) for records in targets)
    main, control = (Tally(int((counts == 1).sum()), len(asked)) for counts in (ours, theirs))
    baseline = Tally(int((train.counts(chance) == 1).sum()), len(chance))
    sides = ((which, ours == 1), (whose, theirs == 1))
    is_only = ours + theirs == 1
    singled = [Tally(len(np.unique(one[is_single & is_only])), n) for one, is_single in sides]
    n_times = np.concatenate([np.bincount(one[is_single]) for one, is_single in sides])
    design = float(np.square(n_times).sum()) / max(1, int(n_times.sum()))
    return measured_risk(
        main, control, baseline, n_parts=n_parts, chance=chance_of_more(*singled), design=max(1.0, design)
    )


def _unique_values(
    fake: CodedRecords, is_category: np.ndarray, n_codes: np.ndarray, n_max: int, rng: np.random.Generator
) -> Predicates:
    """Questions about one column that one synthetic record alone answers, `n_max` at most."""
    found: list[np.ndarray] = []
    for column, ascending in enumerate(fake.ascending):
        codes, counts = np.unique(ascending, return_counts=True)
        alone = codes[counts == 1]
        alone = alone[rng.permutation(len(alone))[:n_max]]
        bounds = [(code, code) for code in alone.tolist()]
        present = np.flatnonzero(codes != MISSING)
        if not is_category[column] and len(present) > 1:
            lowest, highest = present[[0, -1]]
            if counts[lowest] == 1:
                bounds.append((MISSING + 1, int(codes[lowest])))
            if counts[highest] == 1:
                bounds.append((int(codes[highest]), int(n_codes[column])))
        pairs = np.array(bounds, dtype=np.int64).reshape(-1, 2)
        found.append(np.insert(pairs, 0, column, axis=1))
    rows = np.concatenate(found)  # (n_predicates, 3): column, low, high
    rows = rows[rng.permutation(len(rows))[:n_max]]
    return rows[:, None, :]


def _isolating(
    fake: CodedRecords,
    is_category: np.ndarray,
    n_codes: np.ndarray,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> Predicates:
    """As many questions as wanted, or fewer, that one synthetic record alone answers."""
    n_wanted, n_asked = shape
    n_columns, n_records = fake.codes.shape
    medians = np.array([_median_code(ascending) for ascending in fake.ascending])
    rounds: list[Predicates] = []
    n_found = 0
    shuffled = rng.permutation(n_records)
    for start in range(0, _TRIES * n_wanted, n_wanted):
        records = shuffled[np.arange(start, start + n_wanted) % n_records]
        columns = _random_columns(n_columns, (n_wanted, n_asked), rng)
        codes = fake.codes[columns, records[:, None]]
        made = _distinct(_about(columns, codes, codes >= medians[columns], is_category, n_codes))
        rounds.append(made[fake.counts(made) == 1])
        n_found += len(rounds[-1])
        if n_found >= n_wanted or (n_asked == n_columns and start + n_wanted >= n_records):
            break
    both = _distinct(np.concatenate(rounds))
    return both[rng.permutation(len(both))[:n_wanted]]


def _distinct(predicates: Predicates) -> Predicates:
    """Each predicate once."""
    by_column = np.take_along_axis(predicates, np.argsort(predicates[:, :, :1], axis=1), axis=1)
    return predicates[np.sort(np.unique(by_column, axis=0, return_index=True)[1])]


def _about(
    columns: np.ndarray, codes: np.ndarray, is_high: np.ndarray, is_category: np.ndarray, n_codes: np.ndarray
) -> Predicates:
    """Questions that a record with these codes (n_predicates, n_asked) answers with yes."""
    is_exact = is_category[columns] | (codes == MISSING)
    low = np.where(is_exact | is_high, codes, MISSING + 1)
    high = np.where(~is_exact & is_high, n_codes[columns], codes)
    return np.stack([columns, low, high], axis=2)


def _median_code(ascending: np.ndarray) -> int:
    present = ascending[ascending != MISSING]
    return int(present[len(present) // 2]) if len(present) else MISSING


def _random_columns(n_columns: int, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    return rng.random((shape[0], n_columns)).argsort(axis=1)[:, : shape[1]]


def _random_predicates(
    fake: Features, n_codes: np.ndarray, shape: tuple[int, int], rng: np.random.Generator
) -> Predicates:
    """Questions that know no record: any category, or above or below any of a number's values."""
    columns = _random_columns(fake.n_columns, shape, rng)
    # A column that is missing everywhere has no value to ask for but that.
    codes = np.minimum(rng.integers(MISSING + 1, n_codes[columns] + 2), n_codes[columns])
    return _about(columns, codes, rng.random(shape) < 0.5, fake.is_category, n_codes)
