"""What a model file says of a column, checked: a file made by hand must not get further than here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np
from jaxtyping import Float, Int

from gansmith.errors import DataError
from gansmith.modalities.table.fields import MAX_TEXT_CHARACTERS
from gansmith.modalities.table.schema import Column

_MAX_WHOLE: Final = 2**64
MAX_COUNT: Final = 2**40
"""Records that can have a value."""


def refused(column: Column, what: str) -> DataError:
    """The error that says what is wrong with what a model holds of `column`."""
    return DataError(f"column {column.name!r} of the model: {what}. Learn the table again.")


def given(state: Mapping[str, Any], key: str, column: Column) -> Any:
    """What the state holds under `key`.

    Raises:
        DataError: Nothing.
    """
    if key not in state:
        raise refused(column, f"its {key!r} is not there")
    return state[key]


def truth(state: Mapping[str, Any], key: str, column: Column) -> bool:
    """A truth value.

    Raises:
        DataError: It is something else.
    """
    value = given(state, key, column)
    if not isinstance(value, bool):
        raise refused(column, f"its {key!r} is neither true nor false")
    return value


def whole(state: Mapping[str, Any], key: str, column: Column, low: int, high: int = _MAX_WHOLE) -> int:
    """A whole number from `low` to `high`.

    Raises:
        DataError: It is something else.
    """
    value = given(state, key, column)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise refused(column, f"its {key!r} is no whole number from {low} to {high}")
    return value


def text(state: Mapping[str, Any], key: str, column: Column) -> str:
    """A text of ordinary length.

    Raises:
        DataError: It is something else.
    """
    value = given(state, key, column)
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARACTERS:
        raise refused(column, f"its {key!r} is no text of {MAX_TEXT_CHARACTERS} characters or fewer")
    return value


def texts(state: Mapping[str, Any], key: str, column: Column) -> list[str]:
    """A list of texts.

    Raises:
        DataError: It is something else.
    """
    value = given(state, key, column)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[object]", value)):
        raise refused(column, f"its {key!r} is no list of texts")
    return cast("list[str]", value)


def numbers(state: Mapping[str, Any], key: str, column: Column) -> Float[np.ndarray, " n"]:
    """An array of finite numbers, none below the one before it.

    Raises:
        DataError: It is something else.
    """
    values = given(state, key, column)
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype != np.float64:
        raise refused(column, f"its {key!r} is no row of doubles")
    if not np.isfinite(values).all() or (values[1:] < values[:-1]).any():
        raise refused(column, f"its {key!r} is not finite and ascending")
    return values


def counts(state: Mapping[str, Any], key: str, column: Column) -> Int[np.ndarray, " n"]:
    """An array of whole numbers.

    Raises:
        DataError: It is something else.
    """
    values = given(state, key, column)
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype != np.int64:
        raise refused(column, f"its {key!r} is no row of whole numbers")
    return values
