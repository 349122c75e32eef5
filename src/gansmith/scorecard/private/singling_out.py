"""Singling out: do synthetic records tell of traits that exactly one training record has?"""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.private.neighbours import MAX_RECORDS
from gansmith.scorecard.private.predicates import MISSING, CodedRecords, Predicates, coded
from gansmith.scorecard.private.risk import Attack, Risk, Tally, attack_of, measured_risk
from gansmith.scorecard.seeds import draws

N_PREDICATES: Final = 2_000
N_ASKED: Final = (2, 4, 8, 32)
"""Columns that a question is about; all of them where there are fewer."""
_MAX_CELLS: Final = 10_000_000
"""Of each set of records: 160 MB with what is known of their order."""
_TRIES: Final = 6
"""Questions made for each one wanted, before what was found must do."""
_MEANING: Final = "Risk that a question made from synthetic records fits exactly one training record."


def univariate_singling_out(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 10_000
) -> Attack:
    """Singling out by one column: a value that one synthetic record alone has.

    The questions are "is it this value?" for each value (missing, too) that occurs once among the synthetic
    records, and "is it as high / as low as that?" for the extremes of numbers. One succeeds when exactly one
    record of the targets says yes.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw. Both give equally many targets.
        seed: Of the draws.
        n_max: Questions, at most.

    Returns:
        The risk, with a caveat where no synthetic record stands alone or random questions do as well.

    Raises:
        DataError: Different columns, none at all, or an empty set.

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
    one synthetic record alone answers are put to the targets.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw. Both give equally many targets.
        seed: Of the draws.
        n_max: Questions about each number of columns, at most.

    Returns:
        The risk for the worst number of columns (2, 4, 8, 32 or all); the intervals of all hold together.

    Raises:
        DataError: Different columns, fewer than two, or an empty set.

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
    train, holdout = targets
    main, control, baseline = (
        Tally(int((records.counts(predicates) == 1).sum()), len(predicates))
        for records, predicates in ((train, asked), (holdout, asked), (train, chance))
    )
    return measured_risk(main, control, baseline, n_parts=n_parts)


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
    return Predicates(rows[:, :1], rows[:, 1:2], rows[:, 2:])


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
        made = _about(fake.codes[columns, records[:, None]], columns, medians, is_category, n_codes)
        made = made.distinct()
        rounds.append(made.take(np.flatnonzero(fake.counts(made) == 1)))
        n_found += len(rounds[-1])
        if n_found >= n_wanted or (n_asked == n_columns and start + n_wanted >= n_records):
            break
    fields = ([getattr(part, name) for part in rounds] for name in ("columns", "low", "high"))
    both = Predicates(*(np.concatenate(parts) for parts in fields)).distinct()
    return both.take(rng.permutation(len(both))[:n_wanted])


def _about(
    codes: np.ndarray, columns: np.ndarray, medians: np.ndarray, is_category: np.ndarray, n_codes: np.ndarray
) -> Predicates:
    """Questions that a record with these codes (n_predicates, n_asked) answers with yes."""
    is_exact = is_category[columns] | (codes == MISSING)
    is_high = ~is_exact & (codes >= medians[columns])
    low = np.where(is_exact | is_high, codes, MISSING + 1)
    high = np.where(is_high, n_codes[columns], codes)
    return Predicates(columns, low, high)


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
    is_exact = fake.is_category[columns] | (codes == MISSING)
    is_high = ~is_exact & (rng.random(shape) < 0.5)
    low = np.where(is_exact | is_high, codes, MISSING + 1)
    return Predicates(columns, low, np.where(is_high, n_codes[columns], codes))
