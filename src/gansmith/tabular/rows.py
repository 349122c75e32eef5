"""Rows of a table as states and levels, and back: one codec for each column, and the constraints around them.

Numbers and texts alone: what the networks see of it is the business of `layout.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.tabular import parts
from gansmith.tabular.cells import are_missing, cells_of, matches, replaced, without
from gansmith.tabular.columns import rare
from gansmith.tabular.columns.agreement import in_agreement
from gansmith.tabular.columns.base import parted
from gansmith.tabular.columns.choices import ANY_STATE
from gansmith.tabular.columns.codecs import AbstractColumnCodec, Fitting
from gansmith.tabular.columns.keys import classed
from gansmith.tabular.conditions import Condition
from gansmith.tabular.constraints import Chain, bound_columns
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column, Schema, Table

MAX_COLUMNS_LOOKED_AT: Final = 64
"""Columns whose values describe a rare category, when there are too many categories."""
MAX_RECORDS_LOOKED_AT: Final = 100_000
SALT_BYTES: Final = 16
N_TURNS: Final = 4
"""Columns that may follow each other, one after the other."""
FIRST_RECORDS: Final = Keyed()
"""Those from number 0 on, of a sample that nobody named."""
_STORED_STRINGS: Final = ("", "string", "large_string", "string_view", "dictionary")
"""How callers keep columns of strings."""

Codes = Int[np.ndarray, "n n_playing"]
Levels = Float[np.ndarray, "n n_levels"]


@final
@dataclass(frozen=True, eq=False)
class RowCodec:
    """What was learnt of the columns of a table."""

    schema: Schema
    """Of the records."""
    columns: tuple[AbstractColumnCodec, ...]
    """One for each column of the flat schema, in its order, as the constraints leave it."""
    chain: Chain
    """Takes from the records what follows from the rest, and puts it back."""
    min_count: int = 1
    """Records that had to share a value before it may come out."""
    salt: str = ""
    """Tells models apart: two of them make different keys from the same seed. It is drawn from the seed and
    from what the model knows anyway, so it tells nothing of the records; files of before have none."""

    @classmethod
    def fit(cls, table: Table, min_count: int, seed: int, *, needs_states: bool = True) -> RowCodec:
        """Learn every column; one of categories that are mostly rare becomes text.

        Args:
            table: Training records alone.
            min_count: Records that must share a value before it may come out; 0 takes what is usual.
            seed: Of the grouping of rare categories, and of what is made anew.
            needs_states: Whether it is an error that nothing of them takes part in a game.

        Raises:
            DataError: There are too few records for anything to come out, or nothing in them can be learnt.
        """
        records, min_count = table.records, min_count or usual_min_count(len(table))
        if len(table) < min_count:
            raise DataError(
                f"{table.name}: {len(table)} records to learn from, and only what {min_count} share comes "
                "out. Give more records, or a smaller min_count."
            )
        schema = with_rare_ones_as_text(records, table.schema, min_count)
        flat, records = schema.flat, parts.split(records, schema)
        chain = Chain.fit(records, flat, min_count)
        fitting = Fitting(min_count, seed=seed, growth=max(1.0, table.n_whole / max(1, len(table))))
        found = _fitted(chain.reduce(records), chain.reduced, fitting, schema.made_anew_parts)
        codecs = classed(in_agreement(found, records), records, fitting)
        if needs_states and not any(codec.n_states for codec in codecs):
            raise DataError(
                f"{table.name}: nothing here can be learnt: all columns are constant, identifiers or text, "
                f"or have no value that {min_count} records share (--min-count 1 lets rarer ones out)."
            )
        listed = {name: codec.listed() for name, codec in zip(flat.names, codecs, strict=True)}
        kept = chain.keeping({name: values for name, values in listed.items() if values is not None})
        codec = cls(schema, codecs, kept, min_count)
        return replace(codec, salt=_salt(codec, seed))

    @cached_property
    def flat(self) -> Schema:
        """The schema of what is learnt, parts in place of the columns that have them."""
        return self.schema.flat

    @cached_property
    def playing(self) -> tuple[int, ...]:
        """The columns that take part in the game, in the order in which they stand in a sample."""
        taking_part = [index for index, codec in enumerate(self.columns) if codec.n_states]
        return tuple(sorted(taking_part, key=lambda index: (self.columns[index].n_states, index)))

    def encode(self, records: pa.Table, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """States of the playing columns, and levels of those that have bins, in the same order."""
        return self.encode_flat(self.split(records), rng)

    def encode_flat(self, records: pa.Table, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """The same of records that are taken apart."""
        records = self.chain.reduce(records)
        found = [
            self.columns[index].encode(cells_of(records, self.flat.names[index]), rng)
            for index in self.playing
        ]
        levels = [part for i, (_, part) in zip(self.playing, found, strict=True) if self.columns[i].n_bins]
        n = records.num_rows
        codes = np.stack([part for part, _ in found], 1) if found else np.zeros((n, 0), np.int64)
        return codes, np.stack(levels, 1) if levels else np.zeros((len(codes), 0), np.float32)

    def decode(
        self,
        codes: Codes,
        levels: Levels,
        rng: np.random.Generator,
        made: Keyed = FIRST_RECORDS,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """States and levels as records, columns in the order of the schema.

        Args:
            codes: Shape `(n, n_playing)`.
            levels: Shape `(n, n_levels)`.
            rng: For what the networks leave open: members of groups, stand-ins.
            made: Which records are made, of which sample; decides what is made anew.
            fixed: Cells that flat records shall have, by column, before the constraints put back the others.
        """
        return self.join(self.decode_flat(codes, levels, rng, made, fixed))

    def decode_flat(
        self,
        codes: Codes,
        levels: Levels,
        rng: np.random.Generator,
        made: Keyed = FIRST_RECORDS,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """The same before they are put together."""
        cells = dict(self._cells(codes, levels))
        nothing = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.float32)
        streams = rng.spawn(len(self.columns))  # one each: what one column draws changes no other
        made = made.part(self.salt)
        arrays = [
            codec.decode(*cells.get(index, nothing), stream, made.part(codec.identity))
            for index, (codec, stream) in enumerate(zip(self.columns, streams, strict=True))
        ]
        records = pa.table(dict(zip(self.flat.names, arrays, strict=True)))
        records = self._with_parts(replaced(records, fixed or {}), rng, made)
        return self._followed(self.chain.restore(records, rng, made), made)

    def _followed(self, records: pa.Table, made: Keyed) -> pa.Table:
        """Records in which what is made anew for another column's values is."""
        for codec in _in_turn(self.columns):
            if codec.follows:
                name, others = codec.column.name, [cells_of(records, one) for one in codec.follows]
                cells = codec.following(cells_of(records, name), others, made.part(codec.identity))
                records = self.chain.computed_anew(replaced(records, {name: cells}))
        return records

    def split(self, records: pa.Table) -> pa.Table:
        """Records taken apart."""
        return parts.split(records, self.schema)

    def join(self, records: pa.Table) -> pa.Table:
        """Records that are taken apart, put together."""
        return parts.join(records, self.schema)

    def _with_parts(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """Flat records, each with the parts that it says it has, drawn by frequency, and no others."""
        places = {name: place for place, name in enumerate(self.flat.names)}
        for name, is_there in list(parts.needed(records, self.schema)):
            (stream,) = rng.spawn(1)  # one each, so that more records change none
            if self.chain.taking(name) is not None:
                continue
            cells, codec = cells_of(records, name), self.columns[places[name]]
            is_lacking = is_there & are_missing(cells)
            if is_lacking.any():
                drawn = _some(codec, len(cells), stream, made.part(codec.identity))
                cells = pc.if_else(pa.array(is_lacking), drawn, cells)
            records = replaced(records, {name: without(cells, ~is_there)})
        return records

    def features(
        self, codes: Codes, levels: Levels
    ) -> tuple[Float[np.ndarray, "n columns"], Bool[np.ndarray, " columns"]]:
        """What a judge outside the game sees: numbers (NaN: missing) and codes, and which is which."""
        found = [self.columns[index].features(*cells) for index, cells in self._cells(codes, levels)]
        return np.stack([values for values, _ in found], 1), np.array([is_code for _, is_code in found])

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Everything needed to make this codec again: plain JSON, and arrays."""
        listed: list[dict[str, Any]] = []
        arrays: dict[str, np.ndarray] = {}
        for index, codec in enumerate(self.columns):
            plain: dict[str, Any] = {"codec": codec.name}
            for key, value in codec.state().items():
                if isinstance(value, np.ndarray):
                    arrays[f"{index}/{key}"] = value
                else:
                    plain[key] = value
            listed.append(plain)
        state = {"schema": self.schema.to_json(), "columns": listed, "min_count": self.min_count}
        state |= {"constraints": self.chain.state()} if self.chain.constraints else {}
        return (state | {"salt": self.salt} if self.salt else state), arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> RowCodec:
        """The codec that `state` came from.

        Raises:
            DataError: It could not have come from one; the message names the column and what is wrong.
        """
        schema = Schema.from_json(state["schema"])
        owned: list[dict[str, Any]] = [{} for _ in schema.flat.columns]
        for name, array in arrays.items():
            index, _, key = name.partition("/")
            if not index.isdecimal() or int(index) >= len(owned):
                raise DataError(
                    f"the model holds {name!r}, which belongs to no column. Learn the table again."
                )
            owned[int(index)][key] = array
        if len(state["columns"]) != len(owned):
            raise DataError(f"the model has {len(state['columns'])} codecs for {len(owned)} columns.")
        chain = Chain.from_state(state.get("constraints", []), schema.flat)
        codecs: list[AbstractColumnCodec] = []
        for plain, found, column in zip(state["columns"], owned, chain.reduced.columns, strict=True):
            stored = {**plain, **found}
            if stored.pop("codec", None) != column.traits.codec.name:
                raise DataError(f"column {column.name!r} of kind {column.kind} has another kind's codec.")
            codecs.append(column.traits.codec.from_state(stored, column))
            for key in codecs[-1].follows:
                if key not in schema.flat.names:
                    raise DataError(f"column {column.name!r} follows {key!r}, which is not there.")
        min_count = state.get("min_count", 1)  # files without it held nothing back
        if type(min_count) is not int or min_count < 1:
            raise DataError(
                f"the model's 'min_count' is {min_count!r}, no whole number from 1. Learn it again."
            )
        salt = state.get("salt", "")
        if not isinstance(salt, str) or len(salt) > 2 * SALT_BYTES:
            raise DataError(f"the model's 'salt' is {salt!r:.80}, no text of its kind. Learn it again.")
        return cls(schema, tuple(codecs), chain, min_count, salt)

    def _cells(self, codes: Codes, levels: Levels) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """Number, states and levels of each playing column."""
        own_levels = iter(levels.T)
        none = np.zeros(len(codes), np.float32)
        for place, index in enumerate(self.playing):
            yield index, (codes[:, place], next(own_levels) if self.columns[index].n_bins else none)


def _in_turn(codecs: Sequence[AbstractColumnCodec]) -> list[AbstractColumnCodec]:
    """The codecs, each after those that it follows: keys before people, names before what is made of them."""
    turns = {codec.column.name: 0 for codec in codecs}
    for _ in range(N_TURNS):
        for codec in codecs:
            turns[codec.column.name] = max((1 + turns[name] for name in codec.follows), default=0)
    return sorted(codecs, key=lambda one: turns[one.column.name])


def _salt(codec: RowCodec, seed: int) -> str:
    """A text that hardly another model has."""
    state, arrays = codec.state()
    digest = blake2b(json.dumps([seed, state], sort_keys=True).encode(), digest_size=SALT_BYTES)
    for name, array in sorted(arrays.items()):
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()


def _fitted(
    records: pa.Table, schema: Schema, fitting: Fitting, determined: frozenset[str]
) -> tuple[AbstractColumnCodec, ...]:
    """A codec for each column; those that compare their rare values by the others come last.

    Of those that are `determined` another column says which cells are missing.
    """
    whole = [cells_of(records, name) for name in schema.names]
    arrays = [
        cells.drop_null() if name in determined else cells
        for name, cells in zip(schema.names, whole, strict=True)
    ]
    found: dict[int, AbstractColumnCodec] = {}
    for is_late in (False, True):
        profile = _profile(arrays, found) if is_late else None
        for index, column in enumerate(schema.columns):
            if column.traits.is_late == is_late:
                own = replace(fitting, profile=profile)
                found[index] = column.traits.codec.fit(arrays[index], column, own)
    return tuple(found[index] for index in range(len(arrays)))


def _profile(
    arrays: Sequence[pa.Array], codecs: Mapping[int, AbstractColumnCodec]
) -> Float[np.ndarray, "n d"] | None:
    """Columns of the first records as ranks and truths, to compare rare categories by."""
    rng = np.random.default_rng(0)
    found: list[np.ndarray] = []
    for index, codec in list(codecs.items())[:MAX_COLUMNS_LOOKED_AT]:
        if codec.n_states:
            codes, levels = codec.encode(arrays[index][:MAX_RECORDS_LOOKED_AT], rng)
            found.append((codes + (levels + 1) / 2) / codec.n_states)
    return np.stack(found, 1) if found else None


def with_rare_ones_as_text(records: pa.Table, schema: Schema, min_count: int, *, kept: str = "") -> Schema:
    """Columns of categories most of whose records have a rare one, as text: nothing else is left to say.

    Codes of digits stay digits. Not those that the caller keeps as numbers or the like, which text would not
    fit, nor those that a constraint must know, nor the column `kept`.
    """
    bound = {*bound_columns(schema.flat), kept}
    columns: list[Column] = []
    for column in schema.columns:
        if column.parts and parted(column).has_free_parts:
            found = pa.table(parted(column).split(cells_of(records, column.name), column))
            inner = with_rare_ones_as_text(found, Schema(column.parts), min_count)
            column = replace(column, parts=inner.columns)
        is_string = column.stored_as in _STORED_STRINGS
        if column.traits.rare_as and is_string and column.name not in bound:
            values, counts = pc.value_counts(records.column(column.name).drop_null()).flatten()
            if rare.are_mostly_rare(counts.to_numpy(), min_count):
                is_code = matches(values, "^[0-9]+$").all()
                column = replace(column, kind="invented" if is_code else column.traits.rare_as)
        columns.append(column)
    return replace(schema, columns=tuple(columns))


def _some(codec: AbstractColumnCodec, n: int, rng: np.random.Generator, made: Keyed) -> pa.Array:
    """Cells that are there, as often as they occur."""
    column = codec.column
    if not codec.n_states:
        nothing = np.zeros(n, np.int64), np.zeros(n, np.float32)
        return codec.decode(*nothing, rng, made)
    there = replace(Condition.anything(column), excluded=pa.nulls(1, column.arrow_type))
    drawn = codec.choices(there).draw(np.full(n, ANY_STATE), rng)
    return codec.decode(drawn.codes, drawn.levels, rng, made)
