"""What every constraint does, and what it is given: columns by name, found in the schema they belong to.

A constraint takes from the records, before they are learnt, what follows from the rest (`reduce`), and
puts it back into the records that are made (`restore`). What is put back cannot violate it.
A table keeps its columns throughout, by name and place: one that was taken out is empty, one that holds
something else in the meantime, such as a difference, has another kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, did_you_mean
from gansmith.settings import AfterValidator, Annotated, PlainSerializer, PlainValidator, changed, from_plain
from gansmith.tabular.cells import Mask, replaced
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column, Schema

Cells = dict[str, pa.Array]
"""One cell each, by column: what somebody asks for."""


def _named(name: object, info: Any) -> Column:
    if isinstance(name, Column):
        return name
    if not isinstance(name, str):
        raise ValueError("the name of a column")
    schema: Schema = info.context
    for column in schema.columns:
        if column.name == name:
            return column
    near = did_you_mean(name, schema.names)
    raise DataError(f"{info.field_name!r} names the column {name!r}, which is not there. {near}")


def each_once(columns: Sequence[Column]) -> Sequence[Column]:
    """Raise DataError when a column stands in two places."""
    for name, n in Counter(column.name for column in columns).items():
        if n > 1:
            raise DataError(f"it names the column {name!r} twice. Name different columns.")
    return columns


def _named_if_any(name: object, info: Any) -> Column | None:
    return None if name is None else _named(name, info)


Named = Annotated[Column, PlainValidator(_named), PlainSerializer(lambda column: column.name)]
OptionallyNamed = Annotated[
    Column | None, PlainValidator(_named_if_any), PlainSerializer(lambda column: column and column.name)
]
Columns = Annotated[tuple[Named, ...], AfterValidator(each_once)]


class AbstractConstraint(ABC):
    """Something that holds for every record."""

    kind: ClassVar[str]
    """What it is called in a schema."""

    learns: ClassVar[tuple[str, ...]] = ()
    """Fields that `learnt` fills; the others are what a person writes."""

    @final
    @classmethod
    def from_json(cls, values: Mapping[str, Any], schema: Schema, where: str) -> AbstractConstraint:
        """The constraint that `to_json` or a person wrote; what it has to learn is not learnt yet.

        Raises:
            DataError: A key or a column is unknown, or the columns are of kinds that it cannot hold between.
        """
        said = {key: value for key, value in values.items() if key != "kind"}
        for key in cls.learns:
            if key in said:
                raise DataError(f"{where}there is no setting {key!r}: it is learnt.")
        return from_plain(cls, said, where, DataError, schema)

    @final
    def to_json(self) -> dict[str, Any]:
        """Plain JSON that `from_json` reads."""
        return {"kind": self.kind, **changed(self, *self.learns)}

    @final
    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there as they were before `restore` puts back the others that it names."""
        fields = [value for key, value in vars(self).items() if key not in self.learns]
        held = [one for value in fields for one in (value if isinstance(value, tuple) else (value,))]
        names = [one.name for one in held if isinstance(one, Column)]
        return tuple(name for name in names if name not in self.writes)

    @property
    def writes(self) -> tuple[str, ...]:
        """Columns that `restore` puts back; no other constraint may put them back as well."""
        return ()

    @abstractmethod
    def in_words(self) -> str:
        """What holds, as a person would say it."""

    @abstractmethod
    def violating(self, records: pa.Table) -> Mask:
        """Which records break it."""

    def learnt(self, records: pa.Table, min_count: int = 1) -> AbstractConstraint:
        """This constraint with all that it must know of records that keep it.

        Args:
            records: Real records.
            min_count: How many of them must share what is kept.
        """
        del records, min_count
        return self

    def keeping(self, emitted: Mapping[str, pa.Array]) -> AbstractConstraint:
        """This constraint without what it knows of values that are never made.

        Args:
            emitted: The values that can be made, by column, of columns of categories, after `reduce`.
        """
        del emitted
        return self

    @final
    def learnt_state(self) -> dict[str, Any]:
        """What `learnt` found, as plain JSON: cells as texts that `typed` reads."""
        return {name: _plain(getattr(self, name)) for name in self.learns}

    @final
    def with_state(self, state: Mapping[str, Any]) -> AbstractConstraint:
        """This constraint with what `learnt_state` kept.

        Raises:
            DataError: It could not have come from there.
        """
        if set(state) != set(self.learns):
            held = ", ".join(map(repr, state)) or "nothing"
            raise DataError(f"it holds {held}. Wanted: {', '.join(self.learns)}.")
        return self.learnt_again(state)

    def learnt_again(self, state: Mapping[str, Any]) -> AbstractConstraint:
        """See `with_state`; the state has the right keys."""
        return replace(cast("Any", self), **state)

    def reduced(self) -> Mapping[str, Column]:
        """The columns that are something else between `reduce` and `restore`, by name."""
        return {}

    def reduce(self, records: pa.Table) -> pa.Table:
        """Records without what follows from the rest; those that break the constraint come out somehow."""
        return records

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """The inverse of `reduce`; of whatever records there are it makes some that keep the constraint.

        Args:
            records: As `reduce` gives them.
            rng: For what is left open.
            made: Which records are made, for values that must be unique.
        """
        del rng, made
        return records

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """What is to be asked of reduced records, so that the full ones have these cells.

        Returns:
            What to ask, and the cells that this does not make sure of: whoever asks has to look for them in
            the records that come.

        Raises:
            UsageError: When no record can have them.
        """
        return self.apart(cells)

    @final
    def apart(self, cells: Cells) -> tuple[Cells, Cells]:
        """Cells of other columns, and of those that `restore` puts back."""
        own = {name: cell for name, cell in cells.items() if name in self.writes}
        return {name: cell for name, cell in cells.items() if name not in own}, own

    def told(self, records: pa.Table) -> pa.Table:
        """Partial records with what their cells say of others that are missing."""
        return records

    def takes(self, name: str) -> bool:
        """Whether the column does not take part in the game as it is."""
        return name in self.writes

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """Records with the cells that are sought, where little has to be changed for that."""
        del sought
        return records


def check_kinds(columns: Sequence[Column], is_right: Callable[[Column], bool], wanted: str) -> None:
    """Raise DataError when a constraint cannot hold for one of the columns, or it stands in two places."""
    for column in each_once(columns):
        if not is_right(column):
            raise DataError(f"column {column.name!r} is {column.kind} ({column.type}). Wanted: {wanted}.")


def _plain(learnt: Any) -> Any:
    if isinstance(learnt, pa.Array):
        return learnt.cast(pa.string()).to_pylist()
    return list(map(_plain, learnt)) if isinstance(learnt, tuple) else learnt


def typed(listed: object, column: Column) -> pa.Array:
    """Cells from texts.

    Raises:
        DataError: They are no list of texts and nulls, or not of the column's type.
    """
    texts = cast("list[Any]", listed)
    if not isinstance(listed, list) or not all(text is None or isinstance(text, str) for text in texts):
        raise DataError(f"the values of {column.name!r} are no list of texts.")
    try:
        return pa.array(texts, pa.string()).cast(column.arrow_type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the values of {column.name!r} are not of type {column.type}.") from error


def empty(columns: Sequence[Column]) -> dict[str, Column]:
    """What columns are while they are taken out of the records, by name."""
    return {column.name: Column(column.name, "constant", "null") for column in columns}


def emptied(records: pa.Table, names: Sequence[str]) -> pa.Table:
    """Records without these columns' cells."""
    return replaced(records, dict.fromkeys(names, pa.nulls(records.num_rows)))
