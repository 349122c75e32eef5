r"""A column whose texts match a regular expression: `[A-Z]{2}\d{4}`.

Texts are made from the expression alone (see `expressions.py`); nothing of the real ones is kept. An
identifier gets the texts in a shuffled order, record k its own, so that no two are alike; a text column gets
any.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import ClassVar, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, is_missing, replaced
from gansmith.tabular.constraints.base import AbstractConstraint, Named, check_kinds
from gansmith.tabular.expressions import Pattern, read_pattern
from gansmith.tabular.fields import Text
from gansmith.tabular.keyed import Keyed


@final
@settings(eq=False, error=DataError)
class Format(AbstractConstraint):
    """Every text of `column` matches `expression` as a whole."""

    kind: ClassVar[str] = "format"

    column: Named
    expression: Annotated[Text, Field(alias="pattern")]

    def __post_init__(self) -> None:
        check_kinds(
            [self.column],
            lambda one: one.traits.is_free_text and one.type == "string",
            "texts; give it the kind text",
        )
        try:
            _ = self.pattern
        except UsageError as error:
            raise DataError(str(error)) from error

    @cached_property
    def pattern(self) -> Pattern:
        """The expression, read."""
        return read_pattern(self.expression)

    @property
    def writes(self) -> tuple[str, ...]:
        """See the base class; categories are real texts, which match."""
        return (self.column.name,) if self.column.traits.is_made_anew else ()

    def in_words(self) -> str:
        return f"{self.column.name} matches {self.expression}"

    def violating(self, records: pa.Table) -> Mask:
        compiled = re.compile(self.expression)
        cells = cells_of(records, self.column.name).dictionary_encode()
        fits = np.array([bool(compiled.fullmatch(text)) for text in cells.dictionary.to_pylist()], bool)
        codes = cells.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return (codes >= 0) & ~np.append(fits, True)[codes]

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; which cells are missing stays."""
        if not self.writes:
            return records
        n_texts, missing = self.pattern.n_texts, is_missing(records, self.column.name)
        if self.column.traits.is_unique:
            if made.first_index + records.num_rows > n_texts:
                raise DataError(
                    f"column {self.column.name!r}: the pattern {self.expression!r} has {n_texts:,} texts, "
                    "and more records are wanted. Widen the pattern, or make fewer records."
                )
            numbers = made.part(self.column.name).members(records.num_rows, n_texts)
        else:
            draws = rng.integers(0, 2**62, (records.num_rows, 2)).tolist()  # 124 bits: patterns may be large
            numbers = [((high << 62) | low) * n_texts >> 124 for high, low in draws]
        texts = [self.pattern.text(number) for number in numbers]
        return replaced(records, {self.column.name: pa.array(texts, pa.string(), mask=missing)})
