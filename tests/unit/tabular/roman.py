"""Roman numerals: a kind of column of another package, in one file."""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, Numbers, strings, without
from gansmith.tabular.columns.base import Attempt, Cells
from gansmith.tabular.columns.measures import AbstractMeasure
from gansmith.tabular.schema import Column

LARGEST: Final = 3999
_SIGNS: Final = {
    1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X", 9: "IX",
    5: "V", 4: "IV", 1: "I",
}  # fmt: skip


@cache
def numerals() -> pa.Array:
    """The numerals of 0 (which has none) to 3999."""
    texts: list[str] = []
    for rest in range(LARGEST + 1):
        text = ""
        for value, sign in _SIGNS.items():
            text, rest = text + rest // value * sign, rest % value
        texts.append(text)
    return pa.array(texts)


@final
class Roman(AbstractMeasure):
    """Whole numbers as the Romans wrote them."""

    name: ClassVar[str] = "roman"
    types: ClassVar[tuple[str, ...]] = ("int16",)
    wider: ClassVar[tuple[str, ...]] = ("roman", "category")
    is_exact: ClassVar[bool] = True
    is_number: ClassVar[bool] = True
    is_whole: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        is_likely = len(set(strings(cells.present(cells.missing_texts)))) > 3  # I alone is a word
        return self.read(cells).fitting if is_likely else None

    def read(self, cells: Cells) -> Attempt:
        column, missing = Column(cells.name, self.name), cells.missing_texts
        return Attempt(column, self.parse(without(cells.trimmed, missing), column), missing)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return pc.index_in(cells, value_set=numerals()).cast(column.arrow_type)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        return numerals().take(values)

    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        return pa.array(np.clip(np.rint(numbers), 1, LARGEST).astype(np.int16), mask=missing)


ROMAN: Final = Roman()
