"""What every column codec does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from gansmith.errors import DataError
from gansmith.modalities.table.schema import Column
from gansmith.settings import changed

Codes = Int[np.ndarray, " n"]
Levels = Float[np.ndarray, " n"]
Codec = TypeVar("Codec", bound="AbstractColumnCodec")


class AbstractColumnCodec(ABC):
    """One column as states and levels.

    Fitted codecs are immutable settings, each field with what it may hold: `state` gives plain values and
    arrays, `from_state` takes them back.
    Bins are the last `n_bins` of `n_states`. A codec with no states takes no part in the game: its column
    is made anew when a table is decoded.
    """

    name: ClassVar[str]
    """What the codec is called in a model file."""
    column: Column
    has_missing: bool
    """Whether cells are missing; if so the first state stands for them."""

    @property
    @abstractmethod
    def n_states(self) -> int:
        """States of the column; 0 or at least 2."""

    @property
    @abstractmethod
    def n_bins(self) -> int:
        """How many of them, the last ones, carry a level."""

    @abstractmethod
    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """The state, 0..n_states - 1, and the level, -1..1, of each cell.

        Args:
            column: Of the type that the schema names, nulls for missing cells.
            rng: Spreads equal numbers over their share of a bin.
        """

    @abstractmethod
    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """Cells of the column's own type.

        Args:
            codes: States, 0..n_states - 1; ignored by codecs without states, which read only its length.
            levels: -1..1; ignored outside bins.
            rng: For what the states leave open.
            first_index: Number of the first record among all that are made, for values that must be unique.
        """

    @final
    def state(self) -> dict[str, Any]:
        """Everything needed to make this codec again: plain JSON values and numpy arrays."""
        return changed(self, "column")

    @final
    @classmethod
    def from_state(cls: type[Codec], state: Mapping[str, Any], column: Column) -> Codec:
        """The codec that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """
        try:
            return cls(**{**state, "column": column})
        except DataError as error:
            raise DataError(f"column {column.name!r} of the model: {error} Learn the table again.") from None
