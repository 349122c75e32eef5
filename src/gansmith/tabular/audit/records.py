"""What is wrong with the records of a table as a whole: too few, cut off, copied, in a telling order."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.findings import SPOILS, WEAKENS, WORTH_KNOWING, Finding, copies, few_records
from gansmith.tabular.audit.subject import MAX_GROUPS, Codes, Subject
from gansmith.tabular.timelines import plain_timeline

RECORDS_PER_COLUMN: Final = 5
"""Records for each column below which chance goes together as often as what belongs together."""
TIMES_AS_MANY: Final = 3
"""How many times as many copies there must be as columns that are independent would give."""
N_DEALT: Final = 100_000
"""Records that such copies are counted among, at most."""
MIN_ORDERED: Final = 30
"""Records that an order is looked for in."""
N_NEIGHBOURS: Final = 10_000
"""Records, the first ones, that are compared with those before them."""
ALIKE_IN_TIME: Final = 0.5
"""Correlation of a record's numbers with those before it (the median column's) that makes records in order
of time a series."""
ALIKE: Final = 0.9
"""The same where no column says that they are in order of time."""
FEW_STEPS_BACK: Final = 0.001
"""Share of the steps that may go the other way in an order: somebody put in a correction."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


def cut_off(subject: Subject) -> tuple[Finding, ...]:
    """A file that ends in the middle of a cell."""
    if not subject.table.is_cut:
        return ()
    said = "the file seems to be cut off: its last line does not end, and its last cell is incomplete"
    cure = "Copy or export it again; if this is all there is, delete the last line."
    return (Finding("cut off", SPOILS, said, cure, (subject.table.schema.names[-1],), 1),)


def few(subject: Subject) -> tuple[Finding, ...]:
    """Too few records, for themselves or for so many columns."""
    cure = "Treat the results as a rough draft; hundreds of records are better, thousands are good."
    found = few_records(subject.n, "records", cure)
    n_columns = len(subject.learnt)
    if found or subject.n >= RECORDS_PER_COLUMN * n_columns:
        return found
    said = f"{subject.n:,} records are few for {n_columns:,} columns: many will seem related by chance alone"
    return (Finding("few records", WEAKENS, said, "Leave out columns that nobody needs.", (), subject.n),)


def copied(subject: Subject) -> tuple[Finding, ...]:
    """Records that repeat earlier ones, more of them than columns of so few values would give anyway."""
    names = [one.name for one in subject.table.schema.columns if not one.traits.is_unique]
    if not names:
        return ()
    all_codes = [subject.codes(name) for name in names]
    n_again = subject.n - _n_different(all_codes)
    cure = (
        "Copies of held-out records make every score look too good. Drop them (`df.drop_duplicates()`), "
        "unless each is a record in its own right."
    )
    found = copies(n_again, subject.n, "records", cure)
    return found if found and n_again > TIMES_AS_MANY * _n_by_chance(subject, names) else ()


def _n_by_chance(subject: Subject, names: list[str]) -> float:
    """Copies that there would be if columns were independent, but for those that follow from others."""
    free = [name for name in names if name not in subject.computed] or names
    n, rng = min(subject.n, N_DEALT), np.random.default_rng(0)
    dealt = [subject.codes(name)[rng.permutation(subject.n)[:n]] for name in free]
    return (n - _n_different(dealt)) * subject.n / n


def _n_different(columns: list[Codes]) -> int:
    """How many different records columns of codes make, by a hash of 64 bits of each."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for codes in columns:
        mixed = (mixed ^ codes.astype(np.uint64)) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return len(np.unique(mixed))


def in_order(subject: Subject) -> tuple[Finding, ...]:
    """Records whose order says something: sorted by a class, or a series in which neighbours are alike."""
    if subject.n < MIN_ORDERED:
        return ()
    return _by_class(subject) or _as_series(subject)


def _by_class(subject: Subject) -> tuple[Finding, ...]:
    """A column whose records of one value all stand together."""
    names = [subject.target] if subject.has_classes else [one.name for one in subject.words]
    for name in names:
        codes, k = subject.codes(name), subject.n_values(name)
        if not 2 <= k <= MAX_GROUPS or np.count_nonzero(np.diff(codes)) != k - 1:
            continue
        if subject.n - np.bincount(codes).max() < MIN_ORDERED // 2:  # a handful stands together by chance
            continue
        said = f"the file is sorted by {name!r}: all records of one value stand together"
        cure = (
            "Shuffle it before you split it yourself; Gansmith draws its held-out records at random anyway."
        )
        return (Finding("order", WORTH_KNOWING, said, cure, (name,), subject.n),)
    return ()


def _as_series(subject: Subject) -> tuple[Finding, ...]:
    """Records in order of time, or without a time, each of which is like the one before it."""
    ordered = [one for one in subject.measures if _is_ordered(subject.numbers(one.name))]
    time = next((one.name for one in ordered if one.traits.is_time), "")
    if ordered and not time:  # sorted by a number, which is no time
        return ()
    others = [one.name for one in subject.measures if one.traits.is_number]
    if len(others) < (1 if time else 3):
        return ()
    alike = float(np.median([_likeness(subject.numbers(name)[:N_NEIGHBOURS]) for name in others]))
    if not alike >= (ALIKE_IN_TIME if time else ALIKE):
        return ()
    order = f"the records are in order of {time!r}, and each is" if time else "each record is"
    said = f"{order} like the one before it (correlation {alike:.2f}): this is a series"
    cure = (
        "Each record is learnt by itself, not how one follows another: --kind series learns that. And scores "
        "look too good, as neighbours of held-out records are learnt from: score with --holdout LATER, a "
        "later part of the series."
    )
    return (Finding("order", WEAKENS, said, cure, (time,) if time else (), subject.n),)


def of_series(subject: Subject) -> tuple[Finding, ...]:
    """Records that are the steps of many series: in each of several entities a time goes up."""
    found = plain_timeline(subject.table)
    if found is None or subject.target:
        return ()
    said = f"this looks like series of {found.entity!r} in time by {found.time!r}"
    cure = "Each record is learnt by itself here; --kind series learns how one follows another."
    return (Finding("series", WEAKENS, said, cure, (found.entity, found.time), subject.n),)


def _is_ordered(values: Float[np.ndarray, " n"]) -> bool:
    """Whether values go up, or down, from first to last."""
    steps = np.diff(values[~np.isnan(values)])
    n_most = FEW_STEPS_BACK * len(steps)
    if len(steps) < MIN_ORDERED // 2 or np.count_nonzero(steps) < MIN_ORDERED // 2:
        return False
    return bool(np.count_nonzero(steps < 0) <= n_most or np.count_nonzero(steps > 0) <= n_most)


def _likeness(values: Float[np.ndarray, " n"]) -> float:
    """Correlation of the ranks of values with those before them; 0 where they do not vary.

    Source:
        von Neumann 1941, "Distribution of the ratio of the mean square successive difference to the
        variance"; of ranks: Bartels 1982.
    """
    ranks: Any = _ranks(values[~np.isnan(values)])
    variance = ranks.var() if len(ranks) > 2 else 0.0
    return 1 - float((np.diff(ranks) ** 2).mean() / (2 * variance)) if variance else 0.0


def _ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The place of each value in their order, the same for equal ones."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends: Int[np.ndarray, " k"] = np.cumsum(counts)
    return (ends - counts / 2)[places]
