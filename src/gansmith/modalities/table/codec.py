"""A table as samples and back: one column codec per column, side by side in one layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec, Verdict
from gansmith.tabular.columns.base import AbstractColumnCodec
from gansmith.tabular.columns.categories import CategoryCodec
from gansmith.tabular.columns.identifiers import IdentifierCodec
from gansmith.tabular.columns.inventions import InventedCodec
from gansmith.tabular.columns.lists import ListCodec
from gansmith.tabular.columns.numbers import NumberCodec
from gansmith.tabular.columns.rare import usual_min_count, with_rare_ones_as_text
from gansmith.tabular.columns.stand_ins import StandInCodec
from gansmith.tabular.constraints.cells import replaced
from gansmith.tabular.constraints.chain import Chain
from gansmith.tabular.files.reading import Table
from gansmith.tabular.layout import Compact, Layout
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.schema import Column, Schema

MAX_COLUMNS_LOOKED_AT: Final = 64
"""Columns whose values describe a rare category, when there are too many categories."""
MAX_RECORDS_LOOKED_AT: Final = 100_000
MAX_BLOCK_SIZE: Final = 8192
MAX_BLOCK_VALUES: Final = 4_000_000

_CODECS: Final = {
    **dict.fromkeys(("integer", "decimal", "date", "datetime", "time", "duration"), NumberCodec),
    **dict.fromkeys(("boolean", "category", "constant"), CategoryCodec),
    "identifier": IdentifierCodec,
    "list": ListCodec,
    "text": StandInCodec,
    "invented": InventedCodec,
}
"""The codec of each kind of column."""


@final
@dataclass(frozen=True, eq=False)
class TableCodec(AbstractCodec[Table, TableOptions]):
    """What was learnt of the columns, and the layout of a sample."""

    schema: Schema
    columns: tuple[AbstractColumnCodec, ...]
    """One for each column of the schema, in its order, as the constraints leave it."""
    chain: Chain
    """Takes from the records what follows from the rest, and puts it back."""
    min_count: int = 1
    """Records that had to share a value before it may come out."""

    @classmethod
    def fit(cls, records: Table, options: TableOptions, seed: int) -> TableCodec:
        """Learn every column; one of categories that are mostly rare becomes text.

        Args:
            records: Training records alone.
            options: Say how many records must share a value before it may come out.
            seed: Of the grouping of rare categories.

        Raises:
            DataError: There are too few records for anything to come out, or nothing in them can be learnt.
        """
        min_count = options.min_count or usual_min_count(len(records))
        if len(records) < min_count:
            raise DataError(
                f"{len(records)} records to learn from, and only what {min_count} share comes out. "
                "Give more records, or a smaller min_count."
            )
        codec = cls._fitted(records.records, records.schema, seed, min_count)
        if not codec.playing:
            raise DataError(
                f"{records.name}: nothing here can be learnt: all columns are constant, identifiers or text, "
                f"or have no value that {min_count} records share (--min-count 1 lets rarer ones out)."
            )
        return codec

    @classmethod
    def _fitted(cls, records: pa.Table, schema: Schema, seed: int, min_count: int) -> TableCodec:
        schema = with_rare_ones_as_text(records, schema, min_count)
        chain = Chain.fit(records, schema, min_count)
        reduced, records = chain.reduced, chain.reduce(records)
        arrays = [records.column(column.name).combine_chunks() for column in schema.columns]
        simple = {
            index: _fit_simple(array, column, min_count)
            for index, (array, column) in enumerate(zip(arrays, reduced.columns, strict=True))
            if column.kind != "category"
        }
        profile = _profile(arrays, simple)
        codecs = [
            simple.get(index) or CategoryCodec.fit(array, column, profile, seed, min_count)
            for index, (array, column) in enumerate(zip(arrays, reduced.columns, strict=True))
        ]
        emitted = {
            name: codec.values
            for name, codec in zip(schema.names, codecs, strict=True)
            if isinstance(codec, CategoryCodec)
        }
        return cls(schema, tuple(codecs), chain.keeping(emitted), min_count)

    @cached_property
    def playing(self) -> tuple[int, ...]:
        """The columns that take part in the game, in the order of the layout."""
        taking_part = [index for index, codec in enumerate(self.columns) if codec.n_states]
        return tuple(sorted(taking_part, key=lambda index: (self.columns[index].n_states, index)))

    @cached_property
    def layout(self) -> Layout:
        """Where each column stands in a sample."""
        codecs = [self.columns[index] for index in self.playing]
        return Layout(tuple(codec.n_states for codec in codecs), tuple(codec.n_bins for codec in codecs))

    @property
    def n_values(self) -> int:
        """See the base class."""
        return self.layout.n_values

    @property
    def block_size(self) -> int:
        """See the base class."""
        return int(np.clip(MAX_BLOCK_VALUES // self.n_values, 64, MAX_BLOCK_SIZE))

    @property
    def empty(self) -> Table:
        """See the base class."""
        return Table(self.schema.arrow_schema.empty_table(), self.schema, "synthetic")

    def encode(self, records: Table, seed: int) -> Compact:
        """See the base class."""
        return self.encode_rows(records.records, np.random.default_rng(seed))

    def decode(self, compact: Compact, seed: int, first_index: int) -> Table:
        """See the base class."""
        rows = self.decode_rows(compact, np.random.default_rng(seed), first_index)
        return Table(rows, self.schema, "synthetic")

    def encode_rows(self, records: pa.Table, rng: np.random.Generator) -> Compact:
        """Records as compact samples, shape `(n_records, n_compact)`."""
        records = self.chain.reduce(records)
        compact = torch.empty(records.num_rows, self.layout.n_compact)
        n_levels = 0
        for place, index in enumerate(self.playing):
            column = records.column(self.schema.columns[index].name).combine_chunks()
            codes, levels = self.columns[index].encode(column, rng)
            compact[:, place] = torch.from_numpy(codes)
            if self.columns[index].n_bins:
                compact[:, self.layout.n_columns + n_levels] = torch.from_numpy(levels)
                n_levels += 1
        return compact

    def decode_rows(
        self,
        compact: Compact,
        rng: np.random.Generator,
        first_index: int = 0,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """Compact samples as records, columns in the order of the schema.

        Args:
            compact: Shape `(n_records, n_compact)`.
            rng: For what the networks leave open: members of groups, stand-ins.
            first_index: Number of the first record among all that are made; decides identifiers.
            fixed: Cells that the records shall have, by column, before the constraints put back the others.
        """
        cells = dict(zip(self.playing, self._cells(compact), strict=True))
        nothing = np.zeros(len(compact), np.int64), np.zeros(len(compact), np.float32)
        streams = rng.spawn(len(self.columns))  # one each: what one column draws changes no other
        arrays = [
            codec.decode(*cells.get(index, nothing), stream, first_index)
            for index, (codec, stream) in enumerate(zip(self.columns, streams, strict=True))
        ]
        records = pa.table(dict(zip(self.schema.names, arrays, strict=True)))
        return self.chain.restore(replaced(records, dict(fixed or {})), rng, first_index)

    def expand(self, compact: Compact) -> Tensor:
        """Compact samples as the networks see them, shape `(n, n_values)`."""
        return self.layout.expand(compact)

    def compact(self, samples: Tensor) -> Compact:
        """The inverse of `expand`."""
        return self.layout.compact(samples)

    def features(
        self, compact: Compact
    ) -> tuple[Float[np.ndarray, "n columns"], Bool[np.ndarray, " columns"]]:
        """What a judge outside the game sees: numbers (NaN: missing) and codes, and which is which."""
        found: list[np.ndarray] = []
        is_category: list[bool] = []
        for index, (codes, levels) in zip(self.playing, self._cells(compact), strict=True):
            codec = self.columns[index]
            is_category.append(not isinstance(codec, NumberCodec))
            if isinstance(codec, NumberCodec):
                numbers, is_missing = codec.numbers(codes, levels)
                found.append(np.where(is_missing, np.nan, numbers))
            else:
                found.append(codes.astype(float))
        return np.stack(found, 1), np.array(is_category)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make this codec again: plain JSON, and arrays as tensors."""
        listed: list[dict[str, Any]] = []
        tensors: dict[str, Tensor] = {}
        for index, codec in enumerate(self.columns):
            plain: dict[str, Any] = {"codec": codec.name}
            for key, value in codec.state().items():
                if isinstance(value, np.ndarray):
                    tensors[f"{index}/{key}"] = torch.from_numpy(value.copy())
                else:
                    plain[key] = value
            listed.append(plain)
        state = {"schema": self.schema.to_json(), "columns": listed, "min_count": self.min_count}
        return (state | {"constraints": self.chain.state()} if self.chain.constraints else state), tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TableCodec:
        """The codec that `state` came from.

        Raises:
            DataError: It could not have come from one; the message names the column and what is wrong.
        """
        schema = Schema.from_json(state["schema"])
        arrays: list[dict[str, Any]] = [{} for _ in schema.columns]
        for name, tensor in tensors.items():
            index, _, key = name.partition("/")
            if not index.isdecimal() or int(index) >= len(arrays):
                raise DataError(
                    f"the model holds {name!r}, which belongs to no column. Learn the table again."
                )
            arrays[int(index)][key] = tensor.numpy()
        if len(state["columns"]) != len(arrays):
            raise DataError(f"the model has {len(state['columns'])} codecs for {len(arrays)} columns.")
        chain = Chain.from_state(state.get("constraints", []), schema)
        codecs: list[AbstractColumnCodec] = []
        for plain, found, column in zip(state["columns"], arrays, chain.reduced.columns, strict=True):
            stored = {**plain, **found}
            if stored.pop("codec", None) != _CODECS[column.kind].name:
                raise DataError(f"column {column.name!r} of kind {column.kind} has another kind's codec.")
            codecs.append(_CODECS[column.kind].from_state(stored, column))
        min_count = state.get("min_count", 1)  # files without it held nothing back
        if type(min_count) is not int or min_count < 1:
            raise DataError(
                f"the model's 'min_count' is {min_count!r}, no whole number from 1. Learn it again."
            )
        return cls(schema, tuple(codecs), chain, min_count)

    def _cells(self, compact: Compact) -> list[tuple[np.ndarray, np.ndarray]]:
        """Codes and levels of each playing column."""
        values = compact.numpy()
        codes = values[:, : self.layout.n_columns].astype(np.int64)
        levels = values[:, self.layout.n_columns :]
        places = {column: place for place, column in enumerate(self.layout.level_columns)}
        none = np.zeros(len(values), np.float32)
        return [
            (codes[:, place], levels[:, places[place]] if place in places else none)
            for place in range(self.layout.n_columns)
        ]


def _fit_simple(array: pa.Array, column: Column, min_count: int) -> AbstractColumnCodec:
    """The codec of a column that needs no other column to be understood."""
    match column.kind:
        case "integer" | "decimal" | "date" | "datetime" | "time" | "duration":
            return NumberCodec.fit(array, column, min_count)
        case "identifier":
            return IdentifierCodec.fit(array, column)
        case "list":
            return ListCodec.fit(array, column, min_count)
        case "text":
            return StandInCodec.fit(array, column)
        case "invented":
            return InventedCodec.fit(array, column)
        case _:
            return CategoryCodec.fit(array, column, None, 0, min_count)


def _profile(
    arrays: list[pa.Array], codecs: Mapping[int, AbstractColumnCodec]
) -> Float[np.ndarray, "n d"] | None:
    """The simple columns of the first records as ranks and truths, to compare rare categories by."""
    rng = np.random.default_rng(0)
    found: list[np.ndarray] = []
    for index, codec in list(codecs.items())[:MAX_COLUMNS_LOOKED_AT]:
        if codec.n_states:
            codes, levels = codec.encode(arrays[index][:MAX_RECORDS_LOOKED_AT], rng)
            found.append((codes + (levels + 1) / 2) / codec.n_states)
    return np.stack(found, 1) if found else None


def verdict(chain: Chain, records: pa.Table) -> Verdict | None:
    """Records that were made, looked at once more: which keep all constraints, and what are their keys?

    Returns:
        None where nothing can go wrong: there are no constraints.
    """
    if not chain.constraints:
        return None
    is_valid = ~chain.violating(records)
    keys = tuple(tuple(unique.numbers(records).tolist()) for unique in chain.uniques)
    has_key = [~unique.lacking(records) for unique in chain.uniques]
    rules = tuple(constraint.in_words() for constraint in chain.constraints)
    found = np.stack(has_key) if has_key else np.zeros((0, records.num_rows), bool)
    return Verdict(is_valid, keys, found, rules)
