"""Attributes as conditions of a generator and back, and how they go together.

A generator is told of each category which value it is (one-hot) and of each number its standardised value
and a 1 that says it is known; zeros say that nothing is known. What it is told is drawn from the joint
distribution of what was learnt, see `attribute_tree.py`, under what is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_columns import MAX_VALUES, N_LISTED, Asked, Categories
from gansmith.modalities.attribute_numbers import MAX_DECIMALS, MAX_NUMBER, N_BINS, Numbers
from gansmith.modalities.attribute_tree import DependenceTree, GivenTree
from gansmith.modalities.attributes import Attributes
from gansmith.settings import Field, from_plain, settings

Encoding = Float[Tensor, "n n_conditions"]
Column = Categories | Numbers

MAX_COLUMNS: Final = 256
"""Attributes that are learnt."""
MAX_STATES: Final = 16_000
"""Of all of them, so that the tables of pairs have 16 million cells at most."""
MAX_COUNT: Final = 1 << 40
_COUNTS: Final = "counts"
"""The tensor of all counts: of the states of each column, then of the pairs of each edge."""


@final
@dataclass(frozen=True, eq=False)
class AttributeCodec:
    """What was learnt of attributes; immutable."""

    columns: tuple[Column, ...]
    tree: DependenceTree

    @classmethod
    def fit(cls, attributes: Attributes) -> AttributeCodec:
        """Learn from the attributes of training records; those that tell nothing are left out.

        Raises:
            DataError: A number is infinite or enormous, or there are too many attributes.
        """
        fitted = (_fitted(name, column) for name, column in attributes.columns.items())
        columns = tuple(column for column in fitted if not _reason(column))
        n_states = [column.n_states for column in columns]
        if len(columns) > MAX_COLUMNS or sum(n_states) > MAX_STATES:
            raise DataError(
                f"{len(columns):,} attributes of {sum(n_states):,} values are too many to learn how they go "
                f"together. Give {MAX_COLUMNS} or fewer, of {MAX_STATES:,} values in all."
            )
        codes = [column.codes(attributes.columns[column.name]) for column in columns]
        tree = DependenceTree.fit(np.stack(codes, 1), n_states) if codes else DependenceTree((), (), ())
        return cls(columns, tree)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to condition on."""
        return not self.columns

    @property
    def names(self) -> tuple[str, ...]:
        """Of what can be asked for."""
        return tuple(column.name for column in self.columns)

    @property
    def n_conditions(self) -> int:
        """Numbers that a generator is told of a record."""
        return sum(column.width for column in self.columns)

    def index(self, name: str) -> int:
        """Number of the column of that name."""
        return self.names.index(name)

    def encode(self, attributes: Attributes) -> Encoding:
        """What a generator is told of these records; a column that they lack is unknown.

        Raises:
            DataError: A column holds texts where numbers were learnt, or the other way round; or none of the
                columns is there, so that nobody knows how many records these are.
        """
        found = [attributes.columns.get(column.name) for column in self.columns]
        sizes = [len(values) for values in attributes.columns.values()]
        if not sizes:
            raise DataError(f"these records have no attributes; the model knows {', '.join(self.names)}.")
        parts = [
            np.zeros((sizes[0], column.width), np.float32) if values is None else column.encode(values)
            for column, values in zip(self.columns, found, strict=True)
        ]
        return torch.from_numpy(np.concatenate([np.zeros((sizes[0], 0), np.float32), *parts], 1))

    def decode(self, encoded: Encoding) -> Attributes:
        """The attributes that a generator was told, or the likeliest where it is not certain."""
        values, decoded, place = encoded.detach().cpu().numpy(), dict[str, np.ndarray](), 0
        for column in self.columns:
            decoded[column.name] = column.decode(values[:, place : place + column.width])
            place += column.width
        return Attributes(decoded)

    def given(self, evidence: Mapping[str, Asked], first: str = "") -> GivenTree:
        """The joint distribution of all states under what is asked; column `first` is drawn first."""
        weights = {self.index(name): asked.weights for name, asked in evidence.items()}
        return self.tree.given(weights, self.index(first) if first else 0)

    def draw(
        self,
        n: int,
        rng: np.random.Generator,
        evidence: Mapping[str, Asked] | None = None,
        given: GivenTree | None = None,
        roots: np.ndarray | None = None,
    ) -> Attributes:
        """Attributes of so many records, from the joint distribution under what is asked.

        Args:
            n: How many.
            rng: Draws them.
            evidence: What is asked of some columns, see `Categories.asked` and `Numbers.asked`.
            given: What `given` says of it, where it is drawn from often.
            roots: The states of its first column, where these are not to be drawn.

        Raises:
            UsageError: When nothing can be all that is asked.
        """
        evidence = evidence or {}
        given = given or self.given(evidence)
        if not self.columns:
            return Attributes()
        if not given.at_root.any():
            raise UsageError(f"no record can fulfil all conditions on {', '.join(evidence)}. Ask for less.")
        codes = given.draw(n, rng, roots)
        return Attributes(
            {
                column.name: column.draw(codes[:, place], rng, evidence.get(column.name))
                for place, column in enumerate(self.columns)
            }
        )

    def describe(self) -> list[dict[str, str]]:
        """What was learnt of each attribute, one row each."""
        return [
            {"attribute": column.name, "learnt": column.described(counts)}
            for column, counts in zip(self.columns, self.tree.counts, strict=True)
        ]

    def remarks(self, attributes: Attributes) -> tuple[str, ...]:
        """Which of the attributes it was fitted to are not learnt, and why."""
        return tuple(
            f"attribute {name!r} is not learnt: {_reason(_fitted(name, column))}."
            for name, column in attributes.columns.items()
            if name not in self.names
        )

    def unknown(self, attributes: Attributes) -> tuple[str, ...]:
        """What a person should know about attributes of new records that a learnt codec does not know."""
        notes: list[str] = []
        for column in self.columns:
            values = attributes.columns.get(column.name)
            if values is None:
                notes.append(f"attribute {column.name!r} is not there: it counts as unknown")
            elif isinstance(column, Categories) and values.dtype == object:
                counts = Counter(text for text in values.tolist() if text not in (None, *column.values))
                if counts:
                    new = sorted(text for text, n in counts.items() if n >= usual_min_count(len(values)))
                    more = [f"{n} more"] if (n := len(counts) - len(new[:N_LISTED])) else []
                    listed = ", ".join([*new[:N_LISTED], *more])
                    said = "values that were not learnt count as unknown"
                    notes.append(f"attribute {column.name!r}: {said}: {listed}")
        notes += [f"attribute {name!r} was not learnt" for name in attributes.names if name not in self.names]
        if attributes.columns and self.columns:
            notes.append("attributes go together as in the records that were learnt first")
        return tuple(notes)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make it again: plain JSON, and tensors."""
        columns = [_plain(column) for column in self.columns]
        tables = [table.ravel() for table in (*self.tree.counts, *self.tree.pairs)]
        counts = np.concatenate([np.zeros(0, np.int64), *tables]).astype(np.int64)
        edges = [list(edge) for edge in self.tree.edges]
        tensors = {} if self.is_empty else {_COUNTS: torch.from_numpy(counts)}
        return {"columns": columns, "edges": edges}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> AttributeCodec:
        """The codec that `state` came from.

        Raises:
            ModelFileError: It could not have come from one.
        """
        wanted = {_COUNTS} if state.get("columns") else set[str]()
        if set(state) != {"columns", "edges"} or set(tensors) != wanted:
            raise _damaged(f"holds {sorted(state)} and {sorted(tensors)}")
        found, edges = state["columns"], state["edges"]
        if not isinstance(found, list) or len(found) > MAX_COLUMNS:
            raise _damaged(f"must be a list of {MAX_COLUMNS} columns or fewer")
        columns = tuple(map(_column, found))
        if len({column.name for column in columns}) < len(columns):
            raise _damaged("has two columns of one name")
        pairs = _checked_edges(edges, len(columns))
        if not columns:
            return cls((), DependenceTree((), (), ()))
        return cls(columns, _tree([column.n_states for column in columns], pairs, tensors[_COUNTS]))


@final
@settings(error=ModelFileError)
class _CategoriesState:
    kind: Literal["categories"]
    name: str
    values: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_VALUES)]
    has_unknown: bool


@final
@settings(error=ModelFileError)
class _NumbersState:
    kind: Literal["numbers"]
    name: str
    mean: Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
    deviation: Annotated[float, Field(gt=0, le=MAX_NUMBER)]
    decimals: Annotated[int, Field(ge=0, le=MAX_DECIMALS)] | None
    points: Annotated[tuple[float, ...], Field(max_length=N_BINS)]
    edges: Annotated[tuple[float, ...], Field(max_length=N_BINS + 1)]
    has_unknown: bool


def _fitted(name: str, column: np.ndarray) -> Column:
    return (Numbers if column.dtype.kind in "fiu" else Categories).fit(name, column)


def _reason(column: Column) -> str:
    """Why it cannot be learnt, or nothing."""
    if column.n_states < 2 or not column.width:
        return "it is the same of all records"
    if isinstance(column, Categories) and len(column.values) > MAX_VALUES:
        return f"it has {len(column.values):,} values, more than {MAX_VALUES:,}"
    return ""


def _plain(column: Column) -> dict[str, Any]:
    if isinstance(column, Categories):
        return {
            "kind": "categories", "name": column.name,
            "values": list(column.values), "has_unknown": column.has_unknown,
        }  # fmt: skip
    return {
        "kind": "numbers", "name": column.name, "mean": column.mean, "deviation": column.deviation,
        "decimals": column.decimals, "points": list(column.points), "edges": list(column.edges),
        "has_unknown": column.has_unknown,
    }  # fmt: skip


def _column(state: Any) -> Column:
    """A column of a model file."""
    where = "the model's attributes: "
    if isinstance(state, dict) and state.get("kind") == "categories":
        found = from_plain(_CategoriesState, state, where, ModelFileError)
        column = Categories(found.name, found.values, found.has_unknown)
        is_whole = _is_rising(found.values)
    else:
        found = from_plain(_NumbersState, state, where, ModelFileError)
        column = Numbers(
            found.name, found.mean, found.deviation, found.decimals,
            found.points, found.edges, found.has_unknown,
        )  # fmt: skip
        size = max(map(abs, (*found.points, *found.edges)), default=0)
        is_whole = all(map(_is_rising, (found.points, found.edges))) and size <= MAX_NUMBER
        is_whole = is_whole and len(found.edges) != 1 and column.n_bins >= 1
    if not is_whole or column.n_states < 2:
        raise _damaged(f"has values out of order in {found.name!r}")
    return column


def _is_rising(values: tuple[Any, ...]) -> bool:
    return all(one < other for one, other in pairwise(values))


def _checked_edges(edges: Any, n_columns: int) -> tuple[tuple[int, int], ...]:
    """Edges that make one tree of all columns."""
    if not isinstance(edges, list) or len(edges) != max(0, n_columns - 1):
        raise _damaged(f"must have {max(0, n_columns - 1)} edges between {n_columns} columns")
    groups, found = list(range(n_columns)), list[tuple[int, int]]()
    for edge in edges:
        is_pair = isinstance(edge, list) and [type(end) for end in edge] == [int, int]
        if not is_pair or not 0 <= edge[0] < edge[1] < n_columns or groups[edge[0]] == groups[edge[1]]:
            raise _damaged(f"has an edge {edge!r:.40} that does not belong to a tree")
        kept, gone = groups[edge[0]], groups[edge[1]]
        groups = [kept if group == gone else group for group in groups]
        found.append((edge[0], edge[1]))
    return tuple(found)


def _tree(n_states: list[int], edges: tuple[tuple[int, int], ...], counts: Tensor) -> DependenceTree:
    """Tables of a model file, once their sums are right."""
    shapes = [*((n,) for n in n_states), *((n_states[a], n_states[b]) for a, b in edges)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    n_cells = sum(sizes)
    if sum(n_states) > MAX_STATES or counts.dtype != torch.int64 or counts.shape != (n_cells,):
        raise _damaged(f"must have {n_cells:,} counts, not {tuple(counts.shape)} of {counts.dtype}")
    parts = np.split(counts.numpy(), np.cumsum(sizes)[:-1]) if sizes else []
    tables = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    singles, pairs = tables[: len(n_states)], tables[len(n_states) :]
    is_whole = n_cells == 0 or (
        bool(counts.min() >= 0)
        and bool(counts.max() <= MAX_COUNT)
        and all(single.min() > 0 for single in singles)
    )
    is_whole = is_whole and len({int(single.sum()) for single in singles}) <= 1
    is_whole = is_whole and all(
        np.array_equal(pair.sum(1), singles[a]) and np.array_equal(pair.sum(0), singles[b])
        for (a, b), pair in zip(edges, pairs, strict=True)
    )
    if not is_whole:
        raise _damaged("has counts that do not add up")
    return DependenceTree(tuple(singles), edges, tuple(pairs))


def _damaged(what: str) -> ModelFileError:
    return ModelFileError(f"what the model knows of attributes {what}. The file is damaged; save it again.")
