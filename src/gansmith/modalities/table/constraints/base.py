"""What every constraint does.

A constraint takes from the records, before they are learnt, what follows from the rest (`reduce`), and
puts it back into the records that are made (`restore`). What is put back cannot violate it.
A table keeps its columns throughout, by name and place: one that was taken out is empty, one that holds
something else in the meantime, such as a difference, has another kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from gansmith.errors import DataError
from gansmith.modalities.table.constraints.given import check_keys
from gansmith.modalities.table.schema import Column, Schema
from gansmith.settings import changed, from_plain

Mask = Bool[np.ndarray, " n"]
Cells = dict[str, pa.Array]
"""One cell each, by column: what somebody asks for."""


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

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there as they were before `restore` puts the others back."""

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

    def learnt_state(self) -> dict[str, Any]:
        """What `learnt` found, as plain JSON."""
        return {}

    def with_state(self, state: Mapping[str, Any]) -> AbstractConstraint:
        """This constraint with what `learnt_state` kept.

        Raises:
            DataError: It could not have come from there.
        """
        check_keys(state)
        return self

    def reduced(self) -> Mapping[str, Column]:
        """The columns that are something else between `reduce` and `restore`, by name."""
        return {}

    def reduce(self, records: pa.Table) -> pa.Table:
        """Records without what follows from the rest; those that break the constraint come out somehow."""
        return records

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        """The inverse of `reduce`; of whatever records there are it makes some that keep the constraint.

        Args:
            records: As `reduce` gives them.
            rng: For what is left open.
            first_index: Number of the first record among all that are made.
        """
        del rng, first_index
        return records

    def asked(self, cells: Cells) -> Cells:
        """What is to be asked of reduced records, so that the full ones have these cells.

        A column that `reduce` changes is left out where this cannot be said; whoever asks then has to look
        at the records that come.

        Raises:
            UsageError: When no record can have them.
        """
        return {name: cell for name, cell in cells.items() if name not in self.writes}

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        """Whether `asked(cells)` makes sure of the cell asked for in column `name`."""
        return name not in self.writes

    def takes(self, name: str) -> bool:
        """Whether the column does not take part in the game as it is."""
        return name in self.writes

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """Records with the cells that are sought, where little has to be changed for that."""
        del sought
        return records
