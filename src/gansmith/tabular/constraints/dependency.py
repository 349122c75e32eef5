"""One column decides another: education decides education-num, a zip code its city.

The decided column takes no part in the game; it is looked up afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.errors import DataError, UsageError
from gansmith.settings import settings
from gansmith.tabular.cells import Mask, cells_of, codes_of, equals, mask_of, replaced
from gansmith.tabular.columns.measures import units
from gansmith.tabular.constraints.base import (
    AbstractConstraint,
    Cells,
    Named,
    check_keys,
    check_plain,
    each_once,
    empty,
    nothing_kept,
    spelt,
    typed,
)
from gansmith.tabular.constraints.view import View
from gansmith.tabular.schema import Column

MAX_VALUES: Final = 1_000
MIN_RECORDS_PER_VALUE: Final = 10
"""Records that each value of the deciding column has, on the average."""
MAX_LOG_CHANCE: Final = -14.0
"""Logarithm of the chance that one pair of independent columns may have, about one in a million."""
MAX_PAIRS: Final = 20_000


@final
@settings(eq=False, error=DataError)
class Dependency(AbstractConstraint):
    """`by` decides `column`; a missing cell is a value like any other."""

    kind: ClassVar[str] = "dependency"

    learns: ClassVar = ("keys", "values")

    by: Named
    column: Named
    keys: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """Values of `by`, each once."""
    values: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """What each of them decides."""

    def __post_init__(self) -> None:
        check_plain(each_once((self.by, self.column)))

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column.name,)

    def in_words(self) -> str:
        counted = f" ({len(self.keys):,} combinations)" if len(self.keys) else ""
        return f"{self.by.name} decides {self.column.name}{counted}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class; where nothing is learnt yet, the first record with a value is right."""
        if not len(self.keys):
            return self.learnt(records).violating(records) if records.num_rows else np.zeros(0, bool)
        places = pc.index_in(cells_of(records, self.by.name), value_set=self.keys)
        wanted, found = self.values.take(places), cells_of(records, self.column.name)
        same = pc.fill_null(pc.equal(wanted, found), False)
        both_missing = pc.and_(pc.is_null(wanted), pc.is_null(found))
        return ~mask_of(pc.or_(same, both_missing)) | mask_of(pc.is_null(places))

    def learnt(self, records: pa.Table, min_count: int = 1) -> Dependency:
        cells = cells_of(records, self.by.name)
        _, first, counts = np.unique(codes_of(cells), return_index=True, return_counts=True)
        kept = pa.array(first[counts >= min_count])
        if len(cells) and not len(kept):
            raise nothing_kept(self.in_words(), min_count)
        return replace(self, keys=cells.take(kept), values=cells_of(records, self.column.name).take(kept))

    def keeping(self, emitted: Mapping[str, pa.Array]) -> Dependency:
        if self.by.name not in emitted:
            return self
        known = pc.is_in(self.keys.cast(pa.string()), value_set=emitted[self.by.name])
        kept = pc.or_(known, pc.is_null(self.keys))
        if not pc.any(kept).as_py():
            raise nothing_kept(self.in_words())
        return replace(self, keys=self.keys.filter(kept), values=self.values.filter(kept))

    def learnt_state(self) -> dict[str, Any]:
        return {"keys": spelt(self.keys), "values": spelt(self.values)}

    def with_state(self, state: Mapping[str, Any]) -> Dependency:
        check_keys(state, "keys", "values")
        keys = typed(state["keys"], self.by)
        values = typed(state["values"], self.column)
        if len(keys) != len(values) or not len(keys) or len(pc.unique(keys)) != len(keys):
            raise DataError(f"{len(keys)} keys, {len(values)} values. Wanted: as many, each key once.")
        return replace(self, keys=keys, values=values)

    def reduced(self) -> Mapping[str, Column]:
        return {self.column.name: empty(self.column)}

    def reduce(self, records: pa.Table) -> pa.Table:
        return replaced(records, {self.column.name: pa.nulls(records.num_rows)})

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        """See the base class; a value of `by` that decides nothing becomes the nearest that does, or any."""
        cells = cells_of(records, self.by.name)
        places = pc.index_in(cells, value_set=self.keys)
        drawn = rng.integers(0, len(self.keys), len(cells))  # record by record: more of them change none
        if places.null_count:
            known = places.fill_null(0).to_numpy(zero_copy_only=False)
            nearest = self._nearest(cells, drawn)
            places = pa.array(np.where(mask_of(pc.is_null(places)), nearest, known))
            records = replaced(records, {self.by.name: self.keys.take(places)})
        return replaced(records, {self.column.name: self.values.take(places)})

    def conditions_for(self, cells: Cells) -> Cells:
        if self.column.name not in cells:
            return cells
        found = self._deciding(cells)
        left = {name: cell for name, cell in cells.items() if name != self.column.name}
        if not len(found):
            raise UsageError(
                f"no record has {self._spelt(cells)}: {self.in_words()}. Ask for other values, or for one."
            )
        return {**left, self.by.name: found} if len(found) == 1 else left

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        return name != self.column.name or len(self._deciding(cells)) == 1

    def _deciding(self, cells: Cells) -> pa.Array:
        """The values of `by` with which a record has these cells."""
        matches = np.ones(len(self.keys), bool)
        for column, known in ((self.by, self.keys), (self.column, self.values)):
            if column.name in cells:
                matches &= equals(known, cells[column.name][0])
        return self.keys.filter(pa.array(matches))

    def _nearest(self, cells: pa.Array, drawn: np.ndarray) -> np.ndarray:
        """The place of the nearest key of each number; of anything else, the place that was drawn."""
        if not (self.by.traits.is_number or self.by.traits.is_time) or self.keys.null_count == len(self.keys):
            return drawn
        numbers, missing = units(cells, self.by)
        known, unknown = units(self.keys, self.by)
        order = np.argsort(np.where(unknown, np.inf, known), kind="stable")[: int((~unknown).sum())]
        upper = np.clip(np.searchsorted(known[order], numbers), 0, len(order) - 1)
        lower = np.maximum(upper - 1, 0)
        is_lower = np.abs(known[order][lower] - numbers) < np.abs(known[order][upper] - numbers)
        return np.where(missing, drawn, order[np.where(is_lower, lower, upper)])

    def _spelt(self, cells: Cells) -> str:
        names = [name for name in (self.by.name, self.column.name) if name in cells]
        return " and ".join(f"{name}={cells[name][0].as_py()}" for name in names)


def find_dependencies(view: View, taken: frozenset[str]) -> list[Dependency]:
    """For each column the one, of fewest values, that decides it in every record, if there is any.

    Of columns that decide each other the first category decides, or else the first.
    """
    codes = view.codes(MAX_VALUES)
    columns = {column.name: column for column in view.schema.columns if column.name in codes}
    n_values = {name: int(found.max()) + 1 for name, found in codes.items()}
    ranks = {
        name: (n_values[name], not column.traits.is_free_text, place)
        for place, (name, column) in enumerate(columns.items())
    }
    pairs = [
        (by, name)
        for by, name in _pairs(codes, columns, n_values)
        if name not in taken and (n_values[by] > n_values[name] or ranks[by] < ranks[name])
    ]
    found: list[Dependency] = []
    decided: set[str] = set()
    limit = MAX_LOG_CHANCE - float(np.log(max(len(pairs), 1)))
    for by, name in sorted(pairs, key=lambda pair: (ranks[pair[1]][2], ranks[pair[0]]))[:MAX_PAIRS]:
        if name in decided or not _decides(codes[by], codes[name]):
            continue
        if _log_chance(codes[by], codes[name]) > limit:
            continue
        candidate = Dependency(columns[by], columns[name]).learnt(view.records)
        is_few = len(candidate.keys) <= MAX_VALUES
        if is_few and not candidate.violating(view.records).any():
            found.append(candidate)
            decided.add(name)
    return found


def _pairs(
    codes: dict[str, Int[np.ndarray, " n"]], columns: dict[str, Column], n_values: dict[str, int]
) -> list[tuple[str, str]]:
    """Pairs that a first look at few records does not rule out."""
    names = list(codes)
    if len(names) < 2:
        return []
    n = len(codes[names[0]])
    some = np.random.default_rng(0).choice(n, min(n, max(200, 400_000 // len(names)), 1_000), replace=False)
    quick = np.stack([codes[name][some] for name in names], 1)  # (few, n_columns)
    varies = (quick != quick[:1]).any(0)
    found: list[tuple[str, str]] = []
    for place, by in enumerate(names):
        if not columns[by].traits.is_deciding or n < MIN_RECORDS_PER_VALUE * n_values[by]:
            continue
        order = np.argsort(quick[:, place], kind="stable")
        is_same = np.flatnonzero(quick[order[1:], place] == quick[order[:-1], place])
        broken = (quick[order[1:][is_same]] != quick[order[:-1][is_same]]).any(0)
        found += [(by, names[other]) for other in np.flatnonzero(~broken & varies).tolist() if other != place]
    return found


def _decides(by: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"]) -> bool:
    """Whether equal values of `by` always go with equal values of the other."""
    first = np.unique(by, return_index=True)[1]
    return bool((codes[first][by] == codes).all())


def _log_chance(by: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"]) -> float:
    """Logarithm of the probability that independent columns would look like this."""
    shares = np.bincount(codes) / len(codes)
    counts = np.bincount(by)
    logs = np.log(shares)[None, :] * counts[:, None]  # (n_by, n_values)
    most = logs.max(1)
    return float((most + np.log(np.exp(logs - most[:, None]).sum(1))).sum())
