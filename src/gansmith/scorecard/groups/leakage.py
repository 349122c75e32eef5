"""Columns that tell the target better among synthetic records than among real ones, by value or digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Int

from gansmith.scorecard.chance import DOUBT, KINDS, adjusted, chance_beyond
from gansmith.scorecard.features import Features, draws, fold_rare_codes
from gansmith.scorecard.groups.cells import cells_of, places_in
from gansmith.scorecard.groups.relations import MAX_NAMED, Deviation
from gansmith.scorecard.naming import Naming

TELLING: Final = 0.1
"""AUC beyond that on real records from which a column is named."""
ALONE: Final = 0.9
"""AUC from which a column tells the target almost alone."""
_N_CELLS: Final = 4, 64
_RECORDS_PER_CELL: Final = 150
"""Real records for each cell: with fewer, what chance made of the training records would pass for a leak."""
_MAX_DIGITS: Final = 6
_FEWEST: Final = 50
"""Records of a class, and of all others, in each half: with fewer the order of the cells is chance."""


def leaks(fake: Features, real: Features, target: str, naming: Naming, *, seed: int) -> list[Deviation]:
    """Columns that tell the target among synthetic records much better than among real ones.

    A column is cut into 4 to 64 cells, a number also by its last digit (so by its parity) and by how many
    decimals it has. On one half of the records it is counted how frequent each class of the target is in
    each cell; the other half is asked. A number's classes are its fifths.

    Returns:
        The most telling first, three at most, one for each column, each with the AUC that it has beyond real
        records.
    """
    cells = cells_of(naming, target)
    sides = (fake, real)
    labels = [places_in(cells, part.values[:, part.position(target)]) for part in sides]
    n_cells = int(np.clip(len(real) // _RECORDS_PER_CELL, *_N_CELLS))
    found: dict[tuple[str, str], tuple[float, float, float]] = {}
    for name in fake.names:
        columns = [part.values[:, part.position(name)] for part in sides]
        is_category = bool(fake.is_category[fake.position(name)])
        ways = (
            {}
            if name == target
            else _ways(columns, is_number=not is_category and name not in fake.scales, n_cells=n_cells)
        )
        for way, places in ways.items():
            (ours, error), (theirs, other) = (
                _told(place, label, seed) for place, label in zip(places, labels, strict=True)
            )
            if not math.isnan(ours + theirs):
                found[name, way] = (ours, theirs, math.hypot(error, other))
    chances = {key: chance_beyond(ours - real, error) for key, (ours, real, error) in found.items()}
    told: list[Deviation] = []
    fair = adjusted(chances)
    for (name, way), (ours, theirs, _) in sorted(found.items(), key=lambda item: item[1][1] - item[1][0]):
        chance = KINDS * fair[name, way]
        is_new = all(one.columns[0] != name for one in told)
        if ours - theirs > TELLING and chance < DOUBT and is_new and len(told) < MAX_NAMED:
            how = "almost alone" if ours > ALONE else "too well"
            text = f"{way}{name} tells {target} {how} (AUC {ours:.2f}; real {theirs:.2f})"
            told.append(Deviation(text, (name, target), ours - theirs, chance))
    return told


def _ways(columns: Sequence[np.ndarray], *, is_number: bool, n_cells: int) -> dict[str, list[np.ndarray]]:
    """A column of both sides cut into cells in different ways, by how this is said."""
    ends = np.cumsum([len(column) for column in columns])[:-1]
    both = np.concatenate(columns)
    if not is_number:
        folded = fold_rare_codes(both, n_codes=n_cells)
        return {"": np.split(np.where(np.isnan(folded), n_cells, folded).astype(np.int64), ends)}
    known = both[~np.isnan(both)]
    cuts = np.unique(np.quantile(known, np.arange(1, n_cells) / n_cells)) if len(known) else known
    ways = {"": np.split(np.searchsorted(cuts, both, side="right"), ends)}
    digits = [_decimals(column) for column in columns]
    ways["the number of decimals of "] = digits
    ways["the last digit of "] = [_last(column, own) for column, own in zip(columns, digits, strict=True)]
    return ways


def _decimals(values: np.ndarray) -> Int[np.ndarray, " n_records"]:
    """How many decimals each number has, 6 at most; missing ones have 7."""
    found = np.full(len(values), _MAX_DIGITS)
    for n in range(_MAX_DIGITS - 1, -1, -1):
        scaled = values * 10.0**n
        found[np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, np.abs(scaled))] = n
    return np.where(np.isnan(values), _MAX_DIGITS + 1, found)


def _last(values: np.ndarray, decimals: np.ndarray) -> Int[np.ndarray, " n_records"]:
    """The last digit, where all numbers are written with as many decimals as the longest; missing: 10."""
    known = decimals[~np.isnan(values)]
    scaled = np.abs(np.rint(np.nan_to_num(values) * 10.0 ** (known.max() if len(known) else 0)))
    return np.where(np.isnan(values), 10, np.fmod(scaled, 10)).astype(np.int64)


def _told(places: np.ndarray, labels: np.ndarray, seed: int) -> tuple[float, float]:
    """How well cells tell labels of records that were not counted: mean AUC of the classes, and its error.

    NaN twice where no class has enough records in both halves. The error is that of one half, for the halves
    learn from each other, and what lies between the halves, for other records would order cells otherwise.

    Source:
        DeLong et al. 1988, see `auc_and_error`, from counts.
    """
    half = draws(seed).permutation(len(places)) % 2
    counts = np.zeros((2, int(places.max(initial=0)) + 1, int(labels.max(initial=0)) + 1))
    np.add.at(counts, (half, places, labels), 1)  # (2, n_cells, n_classes)
    sizes = counts.sum(axis=1)  # (2, n_classes), records of each class in each half
    others = sizes.sum(axis=1, keepdims=True) - sizes
    classes = np.flatnonzero((np.minimum(sizes, others) >= _FEWEST).all(axis=0)).tolist()
    if not classes:
        return (math.nan, math.nan)
    aucs: list[list[tuple[float, float]]] = []
    for known, asked in ((counts[0], counts[1]), (counts[1], counts[0])):
        share = known.sum(axis=0) / max(1.0, known.sum())
        scores = (known + share) / (known.sum(axis=1, keepdims=True) + 1)
        whole = asked.sum(axis=1)
        aucs.append([_auc(scores[:, one], asked[:, one], whole - asked[:, one]) for one in classes])
    values, errors = np.moveaxis(np.array(aucs), 2, 0)  # (2, n_classes) each
    between = float(np.var(values.mean(axis=1)))
    return float(values.mean()), math.sqrt(float(np.square(errors).mean()) + between)


def _auc(scores: np.ndarray, positives: np.ndarray, negatives: np.ndarray) -> tuple[float, float]:
    """AUC and error of cells with a score, and so many records of either kind."""
    place = np.unique(scores, return_inverse=True)[1].ravel()
    up, down = (np.bincount(place, weights=counts) for counts in (positives, negatives))
    n_up, n_down = up.sum(), down.sum()
    beaten = (np.cumsum(down) - down / 2) / n_down  # of each score: by a positive with it
    unbeaten = 1 - (np.cumsum(up) - up / 2) / n_up
    value = float(up @ beaten / n_up)
    spread = up @ np.square(beaten - value) / (n_up - 1) / n_up
    spread += down @ np.square(unbeaten - value) / (n_down - 1) / n_down
    return value, max(math.sqrt(spread), 0.5 / float(min(n_up, n_down)))
