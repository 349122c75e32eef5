"""What a column codec may hold, and how a model file holds it: one made by hand gets no further."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from gansmith.modalities.table.fields import must_be
from gansmith.settings import Annotated, BeforeValidator, Field, PlainSerializer

MAX_COUNT: Final = 2**40
"""Records that can have a value."""
MAX_ALPHABET: Final = 200


def _strings(listed: Any) -> pa.Array:
    if isinstance(listed, pa.Array):
        return listed
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise ValueError("a list of texts")
    return pa.array(listed, pa.string())


def _whole(digits: Any) -> Any:
    return int(digits) if isinstance(digits, str) and re.fullmatch("-?[0-9]{1,20}", digits) else digits


Strings: TypeAlias = Annotated[pa.Array, BeforeValidator(_strings), PlainSerializer(pa.Array.to_pylist)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Letters = Annotated[str, Field(min_length=1, max_length=MAX_ALPHABET)]
Whole = Annotated[int, BeforeValidator(_whole), PlainSerializer(str), Field(gt=-(10**20), lt=10**20)]
"""Stored as text: a JSON number of many digits may lose some."""
Ascending = Annotated[
    Float64[np.ndarray, " _"],
    must_be("finite and ascending", lambda row: np.isfinite(row).all() and (np.diff(row) >= 0).all()),
]
Counts = Annotated[
    Int64[np.ndarray, " _"],
    must_be(f"from 0 to {MAX_COUNT}", lambda row: row.min() >= 0 and row.max() <= MAX_COUNT),
]
