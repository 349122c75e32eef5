"""Exactly one of several 0/1 columns is 1: a category that somebody has spread over columns.

It takes part in the game as the one category that it is.
"""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.constraints.base import Cells, Mask
from gansmith.modalities.table.constraints.cells import cells_of, is_missing, replaced
from gansmith.modalities.table.constraints.given import Columns, check_kinds
from gansmith.modalities.table.constraints.merged import AbstractMerger
from gansmith.settings import Annotated, Field, settings

N_MIN = 2


@final
@settings(eq=False, error=DataError)
class OneOf(AbstractMerger):
    """One column is 1 (or true) and the others are 0 (or false); or all of them are missing."""

    kind: ClassVar[str] = "one_of"

    columns: Annotated[Columns, Field(min_length=N_MIN)]

    def __post_init__(self) -> None:
        check_kinds(self.columns, lambda one: one.is_number or one.type == "bool", "0 and 1, or booleans")

    def in_words(self) -> str:
        """See the base class."""
        first, last = self.writes[0], self.writes[-1]
        shown = f"{first}, ..., {last}" if len(self.columns) > 3 else ", ".join(self.writes)
        return f"exactly one of {shown} is 1 ({len(self.columns)} columns)"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class."""
        values, missing = self._matrix(records)
        is_right = np.isin(values, (0.0, 1.0)).all(1) & (values.sum(1) == 1) & ~missing.any(1)
        return ~(is_right | missing.all(1))

    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class."""
        values, missing = self._matrix(records)
        chosen = pa.array(np.where(missing, -1.0, values).argmax(1), mask=missing.all(1))
        return self.merged(records, pa.array(self.writes).take(chosen))

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        """See the base class."""
        called = cells_of(records, self.writes[0])
        return replaced(
            records,
            {
                column.name: pc.equal(called, column.name).cast(pa.int8()).cast(column.arrow_type)
                for column in self.columns
            },
        )

    def asked(self, cells: Cells) -> Cells:
        """See the base class."""
        ones = [name for name in self.writes if name in cells and _is_one(cells[name])]
        if len(ones) > 1:
            raise UsageError(
                f"no record has both {ones[0]}=1 and {ones[1]}=1: {self.in_words()}. Ask for one."
            )
        left = {name: cell for name, cell in cells.items() if name not in self.writes}
        missing = [name for name in self.writes if name in cells and not cells[name][0].is_valid]
        if missing:
            return {**left, self.writes[0]: pa.nulls(1, pa.string())}
        return {**left, self.writes[0]: pa.array(ones)} if ones else left

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        """See the base class; that a column is 0 leaves all others open."""
        asked = [cells[one] for one in self.writes if one in cells]
        return name not in self.writes or any(_is_one(cell) or not cell[0].is_valid for cell in asked)

    def _matrix(self, records: pa.Table) -> tuple[Float[np.ndarray, "n k"], np.ndarray]:
        """Values, and which are missing (there: 0); both of shape (n, n_columns)."""
        values = [
            cells_of(records, name).cast(pa.float64(), safe=False) if column.type != "bool" else None
            for name, column in zip(self.writes, self.columns, strict=True)
        ]
        numbers = [
            (cells_of(records, name).cast(pa.int8()).cast(pa.float64()) if cells is None else cells)
            .fill_null(0)
            .to_numpy(zero_copy_only=False)
            for name, cells in zip(self.writes, values, strict=True)
        ]
        return np.stack(numbers, 1), np.stack([is_missing(records, name) for name in self.writes], 1)


def _is_one(cell: pa.Array) -> bool:
    return cell[0].is_valid and cell[0].as_py() in (1, True)
