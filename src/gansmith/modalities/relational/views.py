"""What was learnt of each table: its columns as states, what they see of their context, and what is kept.

A row is a sequence of states. First come those that are *seen*: its place in its family and the states of its
parents and theirs. Then, for each matched key, which kind of row is wanted, which is *said*, and what is seen
of the row that was chosen. Last come its own columns, the numbers of its children, and kinds of families.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple, cast, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.modalities.relational.crossing import Copy, Total, ancestors, is_context
from gansmith.modalities.relational.planning import Plan, TablePlan
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.rows import RowCodec

USUAL: Final = "usual"
NEVER: Final = "never/"
MOST_SEEN: Final = 48
"""Columns of the context that a row sees."""
MOST_PLACES: Final = 32
"""Places in a family that are told apart."""
MOST_REMEMBERED: Final = 12
"""Rows of a family before the one before."""
States = Int[np.ndarray, "_ _"]
Levels = Float[np.ndarray, "_ _"]
Pair = tuple[int, int]
Never = Bool[np.ndarray, "n_first n_second"]
Shares = Float[np.ndarray, " n_states"]


@final
@dataclass(frozen=True)
class Said:
    """A column that is drawn, with so many states, the last ones of which have a level."""

    name: str
    n_states: int
    n_bins: int = 0


@final
@dataclass(frozen=True)
class Extra:
    """A column that the data does not have: the kind of a row, seen from a key that points at it."""

    table: str
    """That has the key."""
    key: str
    n_kinds: int


@final
class Place(NamedTuple):
    """One column of a sequence: of which row, and which of its columns."""

    path: tuple[str, ...]
    """Keys that lead to the row; empty: the row itself."""
    table: str
    said: int
    """Its number among what is said of that table; -1: the place in the family."""
    n_states: int


def count_name(table: str, key: str) -> str:
    """What the number of rows that point by a key is called."""
    return f"number of {table} by {key}"


def category_name(key: str) -> str:
    """What a key into a short list is called as a column of categories."""
    return f"row of {key}"


@final
@dataclass(frozen=True, eq=False)
class TableView:
    """What was learnt of one table that is made."""

    plan: TablePlan
    rows: RowCodec | None
    """Its own columns, numbers of children, keys into short lists, and what rules read of the context."""
    copies: tuple[Copy, ...]
    totals: tuple[Total, ...]
    kinds: tuple[Extra, ...] = ()
    """Kinds of its rows, for those who point at them."""
    wanted: Mapping[str, int] = field(default_factory=dict[str, int])
    """Kinds that there are to choose from, by name of the matched key."""
    usual: tuple[Shares, ...] = ()
    """Of everything that is said, how often each state occurs."""
    never: Mapping[Pair, Never] = field(default_factory=dict[Pair, Never])
    """By the numbers of two columns that are said, which of their states are never together."""

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The columns of `rows` that are said: numbers among those that play, in the order of the table."""
        if self.rows is None:
            return ()
        there = {index: place for place, index in enumerate(self.rows.playing)}
        names = self.rows.flat.names
        return tuple(there[index] for index in sorted(there) if not is_context(names[index]))

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """Everything that is drawn of a row."""
        found = [Said(f"kind of {key}", 1 + n) for key, n in self.wanted.items()]
        found += [Said(f"has {one.name}", 2) for one in self.plan.of_role("late") if one.has_nobody]
        if self.rows is not None:
            for place in self.own:
                index = self.rows.playing[place]
                codec = self.rows.columns[index]
                found.append(Said(self.rows.flat.names[index], codec.n_states, codec.n_bins))
        return (*found, *(Said(f"kind for {one.table}.{one.key}", 1 + one.n_kinds) for one in self.kinds))

    @property
    def n_before(self) -> int:
        """What is said before the table's own columns."""
        return len(self.said) - len(self.own) - len(self.kinds)

    def index(self, name: str) -> int:
        """The number of what is said by that name; -1 where it is not."""
        return next((index for index, one in enumerate(self.said) if one.name == name), -1)

    def numbers(self, name: str, states: States, levels: Levels) -> Int[np.ndarray, " n"]:
        """The whole numbers that a column of counts holds."""
        assert self.rows is not None
        codec = cast("NumberCodec", self.rows.columns[self.rows.flat.names.index(name)])
        place = self.index(name)
        if place < 0:
            nothing = np.zeros(len(states), np.int64), np.zeros(len(states), np.float32)
            cells = codec.decode(*nothing, np.random.default_rng(0), Keyed())
            return cells.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        found, is_missing = codec.numbers(states[:, place], levels[:, place].astype(np.float32))
        return np.where(is_missing, 0, np.maximum(np.round(found), 0)).astype(np.int64)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Plain JSON and arrays."""
        plain: dict[str, Any] = {
            "copies": [to_plain(one) for one in self.copies],
            "totals": [to_plain(one) for one in self.totals],
            "kinds": [[one.table, one.key, one.n_kinds] for one in self.kinds],
            "wanted": dict(self.wanted),
        }
        arrays: dict[str, np.ndarray] = {}
        if self.rows is not None:
            plain["rows"], arrays = self.rows.state()
        never = {f"{NEVER}{a}/{b}": one.astype(np.uint8) for (a, b), one in self.never.items()}
        return plain, {**arrays, **never, USUAL: np.concatenate([*self.usual, np.zeros(0)])}

    @classmethod
    def from_state(
        cls, plan: TablePlan, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> TableView:
        """The view that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """
        own = {name: one for name, one in arrays.items() if name != USUAL and not name.startswith(NEVER)}
        rows = RowCodec.from_state(state["rows"], own) if "rows" in state else None
        kinds = tuple(Extra(str(table), str(key), _count(n)) for table, key, n in state["kinds"])
        wanted = {str(key): _count(n) for key, n in state["wanted"].items()}
        copies = tuple(from_plain(Copy, one) for one in state["copies"])
        totals = tuple(from_plain(Total, one) for one in state["totals"])
        view = cls(plan, rows, copies, totals, kinds, wanted)
        ends = np.cumsum([one.n_states for one in view.said])
        if USUAL not in arrays or arrays[USUAL].shape != (int(ends[-1]) if len(ends) else 0,):
            raise DataError(
                f"the model does not say what is usual in {plan.name!r}. Learn the database again."
            )
        usual = tuple(np.split(arrays[USUAL], ends[:-1])) if len(ends) else ()
        never = dict(_never(view, name, one) for name, one in arrays.items() if name.startswith(NEVER))
        return replace(view, usual=usual, never=never)


def _never(view: TableView, name: str, array: np.ndarray) -> tuple[Pair, Never]:
    """States that are never together, as they are stored.

    Raises:
        DataError: They are of no two columns.
    """
    first, _, second = name.removeprefix(NEVER).partition("/")
    if first.isdecimal() and second.isdecimal() and max(int(first), int(second)) < len(view.said):
        pair = int(first), int(second)
        if array.shape == (view.said[pair[0]].n_states, view.said[pair[1]].n_states):
            return pair, array.astype(bool)
    raise DataError(f"the model's {name!r} belongs to no two columns. Learn the database again.")


def _count(n: Any) -> int:
    if type(n) is not int or not 0 <= n < 10_000:
        raise DataError(f"{n!r} is no number of kinds. Learn the database again.")
    return n


def sequence_of(
    plan: Plan, views: Mapping[str, TableView], table: TablePlan
) -> tuple[tuple[Place, ...], int]:
    """The sequence of a table, and how many of its columns are seen before the first is said."""
    view = views[table.name]
    seen = [Place((), table.name, -1, MOST_PLACES)] if table.driving else []
    after: list[Place] = []
    driving = table.driving
    for path, parent in ancestors(plan, table):
        if driving is not None and path[0] == driving.name and parent.is_made:
            seen += _places(views, path, parent)
    seen = seen[:MOST_SEEN]
    for index, key in enumerate(view.wanted):
        after.append(Place((), table.name, index, view.said[index].n_states))
        of_row = [
            place
            for path, parent in ancestors(plan, table)
            if path[0] == key and parent.is_made
            for place in _places(views, path, parent)
        ]
        after += of_row[:MOST_SEEN]
    for index in range(len(view.wanted), len(view.said)):
        after.append(Place((), table.name, index, view.said[index].n_states))
    return (*seen, *after), len(seen)


def _places(views: Mapping[str, TableView], path: tuple[str, ...], parent: TablePlan) -> Iterator[Place]:
    for index, one in enumerate(views[parent.name].said):
        yield Place(path, parent.name, index, one.n_states)
