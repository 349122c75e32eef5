"""What is wrong with a target: classes of few records, columns that give it away, groups without a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.findings import FEW_OF_A_CLASS, MAX_NAMED, SPOILS, WORTH_KNOWING, Finding, named
from gansmith.findings import rare_classes as _rare_classes
from gansmith.tabular.audit.subject import MAX_GROUPS, Codes, Subject

MAX_WRONG: Final = 0.001
"""Share of the records in which a column may be wrong about the target and still give it away."""
MAX_WRONG_OF_GUESSING: Final = 0.05
"""The same as a share of the records in which the most frequent class would be wrong."""
MIN_SHARED: Final = 0.5
"""Share of the records whose value another one has, for a column's values to say anything."""
MIN_DIFFERENT: Final = 20
"""Values of two columns of numbers at least, for one that rises with the other to give it away."""
MIN_EXPECTED: Final = 100
"""Records that a group would have if its value and its class were independent, for its lack to be one."""


def rare_classes(subject: Subject) -> tuple[Finding, ...]:
    """Classes of the target with too few records to be learnt."""
    if not subject.has_classes:
        return ()
    return _rare_classes(subject.counts(subject.target), subject.target, subject.min_count, "records")


def given_away(subject: Subject) -> tuple[Finding, ...]:
    """Columns that say what the target is, each by itself or all together by a rule."""
    if not subject.target or subject.n < FEW_OF_A_CLASS:
        return ()
    tells = _tells_class if subject.has_classes else _tells_number
    others = [one.name for one in subject.learnt if one.name != subject.target]
    found = [name for name in others if tells(subject, name)]
    found = found or list(subject.computed.get(subject.target, ()))
    if not found:
        return ()
    each = "gives" if len(found) == 1 else "give"
    said = f"{named(found)} {each} away the target {subject.target!r} in 99.9 % of the records or more"
    cure = (
        "Every model will predict from these, and its score means little: leave out columns that are not "
        "known before the target is."
    )
    return (Finding("target given away", SPOILS, said, cure, tuple(found), subject.n),)


def _tells_class(subject: Subject, name: str) -> bool:
    """Whether equal values of a column, or a few ranges of its numbers, have one class each."""
    classes, codes = subject.codes(subject.target), subject.codes(name)
    sizes = np.bincount(codes)
    is_shared = sizes[codes] > 1
    if is_shared.sum() >= MIN_SHARED * subject.n:
        counts = _crossed(codes[is_shared], classes[is_shared])
        if _is_given(int(counts.sum() - counts.max(1).sum()), counts.sum(0)):
            return True
    column = subject.table.schema.column(name)
    return column in subject.measures and _is_in_ranges(subject.numbers(name), classes)


def _is_in_ranges(values: Float[np.ndarray, " n"], classes: Codes) -> bool:
    """Whether records next to each other in the order of their numbers have one class."""
    mixed = np.random.default_rng(0).permutation(len(values))  # equal numbers in no order
    order = mixed[np.argsort(values[mixed], kind="stable")]
    order = order[~np.isnan(values[order])]
    if len(order) < MIN_SHARED * len(values):
        return False
    n_changes = int(np.count_nonzero(np.diff(classes[order])))
    counts = np.bincount(classes[order])
    return _is_given(max(0, n_changes - len(counts) + 1), counts)


def _is_given(n_wrong: int, counts: Int[np.ndarray, " k"]) -> bool:
    """Whether so few are wrong that the class is known, which it is not by its frequency.

    Args:
        n_wrong: Records of which the class is not told rightly.
        counts: Of each class.
    """
    n, n_guessed = int(counts.sum()), int(counts.sum() - counts.max())
    return n_guessed > 0 and n_wrong <= min(MAX_WRONG * n, MAX_WRONG_OF_GUESSING * n_guessed)


def _tells_number(subject: Subject, name: str) -> bool:
    """Whether the target rises, or falls, with the numbers of a column."""
    columns = {one.name for one in subject.measures}
    if not {name, subject.target} <= columns:
        return False
    given, wanted = subject.numbers(name), subject.numbers(subject.target)
    is_there = ~np.isnan(given) & ~np.isnan(wanted)
    if is_there.sum() < MIN_SHARED * subject.n:
        return False
    order = np.lexsort((wanted[is_there], given[is_there]))
    before, steps = np.diff(given[is_there][order]), np.diff(wanted[is_there][order])
    n_rising, n_falling = (int(np.count_nonzero((before > 0) & (sign * steps > 0))) for sign in (1, -1))
    n_ties = int(np.count_nonzero((before == 0) & (steps != 0)))  # one number, several targets
    n_wrong = n_ties + min(n_rising, n_falling)
    return max(n_rising, n_falling) >= MIN_DIFFERENT and n_wrong <= MAX_WRONG * len(steps)


def missing_groups(subject: Subject) -> tuple[Finding, ...]:
    """Values of a column of groups that a class of the target hardly ever goes with, both being frequent.

    What never goes together may not be able to; what hardly does is what models are wrong about.
    """
    if not subject.has_classes:
        return ()
    classes, found = subject.codes(subject.target), dict[str, int]()
    for column in subject.words:
        if column.name == subject.target or subject.n_values(column.name) > MAX_GROUPS:
            continue
        counts = _crossed(subject.codes(column.name), classes)
        expected = np.outer(counts.sum(1), counts.sum(0)) / max(1, counts.sum())
        is_lacking = (counts > 0) & (counts < FEW_OF_A_CLASS) & (expected >= MIN_EXPECTED)
        if is_lacking.any():
            found[column.name] = int(is_lacking.sum())
    if not found:
        return ()
    return (_lacking(found, subject.target),)


def _lacking(found: dict[str, int], target: str) -> Finding:
    names: Sequence[str] = tuple(found)
    shown = [f"{n} with {name!r}" for name, n in list(found.items())[:MAX_NAMED]]
    said = f"rare combinations of {target!r} with values that are frequent by themselves: {', '.join(shown)}"
    cure = "Predictions there rest on a handful of records: collect more if such cases matter."
    return Finding("rare groups", WORTH_KNOWING, said, cure, (target, *names), 0)


def _crossed(rows: Codes, columns: Codes) -> Int[np.ndarray, "r c"]:
    """How many records have each pair of codes."""
    n_rows, n_columns = int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1
    flat = np.bincount(rows.astype(np.int64) * n_columns + columns, minlength=n_rows * n_columns)
    return flat.reshape(n_rows, n_columns)
