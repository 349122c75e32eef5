"""Values that occurred together: one column decides another, or only combinations that occurred come again.

Education decides education-num, a zip code its city; a city goes with its own country. What takes part in the
game is a key alone; the rest is looked up afterwards.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, codes_of, equals, keys_of, mask_of, replaced
from gansmith.tabular.columns.measures import units
from gansmith.tabular.constraints.base import (
    AbstractConstraint,
    Cells,
    Columns,
    Named,
    check_kinds,
    emptied,
    empty,
    typed,
)
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

MAX_VALUES: Final = 20_000
MIN_RECORDS_PER_VALUE: Final = 10
"""Records that each value of the deciding column has, on the average."""
MAX_LOG_CHANCE: Final = -14.0
"""Logarithm of the chance that one pair of independent columns may have, about one in a million."""
MAX_PAIRS: Final = 20_000


class AbstractLookup(AbstractConstraint):
    """A key decides the values of columns; which of them go together is learnt."""

    cure: ClassVar[str]
    """What to do when no record has what is asked for."""

    @property
    @abstractmethod
    def key(self) -> str:
        """The column that the key is, between `reduce` and `restore`."""

    @abstractmethod
    def known(self) -> tuple[pa.Array, Mapping[str, pa.Array]]:
        """The keys, each once, and by column the values that go with them."""

    @abstractmethod
    def only(self, kept: pa.Array) -> AbstractLookup:
        """This constraint with some of its keys."""

    @final
    def keeping(self, emitted: Mapping[str, pa.Array]) -> AbstractLookup:
        if self.key not in emitted:
            return self
        keys = self.known()[0]
        kept = pc.or_(pc.is_in(keys.cast(pa.string()), value_set=emitted[self.key]), pc.is_null(keys))
        if not pc.any(kept).as_py():
            raise _nothing_kept(self.in_words(), "enough records")
        return self.only(kept)

    @final
    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        left, own = self.apart(cells)
        if not own:
            return cells, {}
        found = self._matching(cells)
        if not len(found):
            asked = " and ".join(
                f"{name}={cells[name][0].as_py()}" for name in self.known()[1] if name in cells
            )
            raise UsageError(f"no record has {asked}: {self.in_words()}. {self.cure}")
        return ({**left, self.key: found}, {}) if len(found) == 1 else (left, own)

    def _matching(self, cells: Cells) -> pa.Array:
        """The keys with which a record has these cells."""
        keys, values = self.known()
        matches = np.ones(len(keys), bool)
        for name in values.keys() & cells.keys():
            matches &= equals(values[name], cells[name][0])
        return keys.filter(pa.array(matches))


def _nothing_kept(rule: str, few: str) -> DataError:
    """The error of a rule all of whose values are too rare to come out."""
    return DataError(
        f"{rule}: no value is shared by {few}, so all would be suppressed. Leave the constraint out, or "
        "keep rare values with a smaller --min-count."
    )


def _check_exact(columns: Sequence[Column]) -> None:
    wanted = "values that can be looked up. Give it the kind category"
    check_kinds(columns, lambda one: one.traits.is_exact, wanted)


def _filled(places: pa.Array, others: np.ndarray) -> np.ndarray:
    """Places, and others where there is none."""
    known = places.fill_null(0).to_numpy(zero_copy_only=False)
    return np.where(mask_of(pc.is_null(places)), others, known)


@final
@settings(eq=False, error=DataError)
class Dependency(AbstractLookup):
    """`by` decides `column`; a missing cell is a value like any other."""

    kind: ClassVar[str] = "dependency"
    learns: ClassVar = ("keys", "values")
    cure: ClassVar[str] = "Ask for other values, or for one."

    by: Named
    column: Named
    keys: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """Values of `by`, each once."""
    values: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """What each of them decides."""

    def __post_init__(self) -> None:
        _check_exact((self.by, self.column))

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column.name,)

    @property
    def key(self) -> str:
        return self.by.name

    def known(self) -> tuple[pa.Array, Mapping[str, pa.Array]]:
        return self.keys, {self.by.name: self.keys, self.column.name: self.values}

    def only(self, kept: pa.Array) -> Dependency:
        return replace(self, keys=self.keys.filter(kept), values=self.values.filter(kept))

    def in_words(self) -> str:
        counted = f" ({len(self.keys):,} combinations)" if len(self.keys) else ""
        return f"{self.by.name} determines {self.column.name}{counted}"

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
            raise _nothing_kept(self.in_words(), f"as many as {min_count} records")
        return replace(self, keys=cells.take(kept), values=cells_of(records, self.column.name).take(kept))

    def learnt_again(self, state: Mapping[str, Any]) -> Dependency:
        keys, values = typed(state["keys"], self.by), typed(state["values"], self.column)
        if len(keys) != len(values) or not len(keys) or len(pc.unique(keys)) != len(keys):
            raise DataError(f"{len(keys)} keys, {len(values)} values. Wanted: as many, each key once.")
        return replace(self, keys=keys, values=values)

    def reduced(self) -> Mapping[str, Column]:
        return empty([self.column])

    def reduce(self, records: pa.Table) -> pa.Table:
        return emptied(records, self.writes)

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; a value of `by` that decides nothing becomes the nearest that does, or any."""
        cells = cells_of(records, self.by.name)
        places = pc.index_in(cells, value_set=self.keys)
        drawn = rng.integers(0, len(self.keys), len(cells))  # record by record: more of them change none
        if places.null_count:
            places = pa.array(_filled(places, self._nearest(cells, drawn)))
            records = replaced(records, {self.by.name: self.keys.take(places)})
        return replaced(records, {self.column.name: self.values.take(places)})

    def told(self, records: pa.Table) -> pa.Table:
        """See the base class: what only one value decides says what that is."""
        found, by = cells_of(records, self.column.name), cells_of(records, self.by.name)
        counts = pc.value_counts(self.values)
        alone = counts.field("values").filter(pc.equal(counts.field("counts"), 1)).drop_null()
        is_sure = pc.and_(pc.is_in(found, value_set=alone), pc.is_null(by))
        keys = self.keys.take(pc.index_in(found, value_set=self.values))
        return replaced(records, {self.by.name: pc.if_else(is_sure, keys, by)})

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


@final
@settings(eq=False, error=DataError)
class Combinations(AbstractLookup):
    """All values of `columns` together occurred in one real record; the key is a number for each of these."""

    kind: ClassVar[str] = "combinations"
    learns: ClassVar = ("names", "values")
    cure: ClassVar[str] = "Ask for one that occurs."

    columns: Annotated[Columns, Field(min_length=2)]
    names: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """What each combination is called in the game."""
    values: tuple[pa.Array, ...] = ()
    """Of each column, those of the combinations; empty: not learnt yet."""

    def __post_init__(self) -> None:
        _check_exact(self.columns)

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> str:
        return self.columns[0].name

    def known(self) -> tuple[pa.Array, Mapping[str, pa.Array]]:
        return self.names, dict(zip(self.writes, self.values, strict=True))

    def only(self, kept: pa.Array) -> Combinations:
        values = tuple(cells.filter(kept) for cells in self.values)
        return replace(self, names=self.names.filter(kept), values=values)

    def in_words(self) -> str:
        counted = f" ({len(self.names):,} of them)" if len(self.names) else ""
        return f"only combinations of {', '.join(self.writes)} that occurred{counted}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class; where nothing is learnt yet, every combination is a new one."""
        if not self.values:
            return np.zeros(records.num_rows, bool)
        return mask_of(pc.is_null(self._places(records)))

    def learnt(self, records: pa.Table, min_count: int = 1) -> Combinations:
        """See the base class; the rare ones are left out later, as categories that are never made."""
        del min_count
        first = np.unique(codes_of(keys_of(records, self.writes)), return_index=True)[1]
        values = tuple(cells_of(records, name).take(pa.array(first)) for name in self.writes)
        return replace(self, names=pa.array(map(str, range(len(first))), pa.string()), values=values)

    def learnt_again(self, state: Mapping[str, Any]) -> Combinations:
        names = typed(state["names"], Column("names", "category"))
        listed: Any = state["values"]
        if not isinstance(listed, list) or len(listed) != len(self.columns):
            raise DataError(f"values of {len(self.columns)} columns are wanted.")
        values = tuple(typed(each, column) for each, column in zip(listed, self.columns, strict=True))
        if any(len(cells) != len(names) for cells in values) or names.null_count or not len(names):
            raise DataError("its values and names are not equally many.")
        found = replace(self, names=names, values=values)
        if min(len(pc.unique(names)), len(pc.unique(found._spelt()))) < len(names):
            raise DataError("a combination is there twice.")
        return found

    def reduced(self) -> Mapping[str, Column]:
        return {**empty(self.columns), self.key: Column(self.key, "category")}

    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class; a combination that is not known is missing."""
        return replaced(emptied(records, self.writes), {self.key: self.names.take(self._places(records))})

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        places = pc.index_in(cells_of(records, self.key), value_set=self.names)
        found = pa.array(_filled(places, rng.integers(0, len(self.names), records.num_rows)))
        return replaced(records, {name: cells.take(found) for name, cells in self.known()[1].items()})

    def _places(self, records: pa.Table) -> pa.Array:
        """Which of the known combinations each record has; null: none."""
        return pc.index_in(keys_of(records, self.writes), value_set=self._spelt())

    def _spelt(self) -> pa.Array:
        """A text for each of the known combinations."""
        return keys_of(pa.table(list(self.values), names=list(self.writes)), self.writes)


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
        first = np.unique(codes[by], return_index=True)[1]
        if name in decided or (codes[name][first][codes[by]] != codes[name]).any():
            continue
        if log_chance(codes[by], codes[name]) > limit:
            continue
        candidate = Dependency(columns[by], columns[name]).learnt(view.records)
        if len(candidate.keys) <= MAX_VALUES and not candidate.violating(view.records).any():
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


def log_chance(by: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"]) -> float:
    """Logarithm of the probability that independent columns would look like this."""
    shares = np.bincount(codes) / len(codes)
    counts, n_by = np.unique(np.bincount(by), return_counts=True)
    logs = np.log(shares[shares > 0])[None, :] * counts[:, None]  # (n_counts, n_values)
    most = logs.max(1)
    return float(((most + np.log(np.exp(logs - most[:, None]).sum(1))) * n_by).sum())
