"""Values of a schema's JSON, checked: a person may have written them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError

MAX_TEXT_CHARACTERS: Final = 10_000


def object_of(obj: object, where: str) -> dict[str, object]:
    """A JSON object as a dictionary.

    Raises:
        DataError: It is something else.
    """
    if not isinstance(obj, Mapping) or not all(
        isinstance(key, str) for key in cast("Mapping[object, object]", obj)
    ):
        raise DataError(f"{where}: {type(obj).__name__} given. Wanted: a JSON object.")
    return dict(cast("Mapping[str, object]", obj))


_TEXT_FIELDS: Final = (
    "name", "kind", "type", "point", "format", "missing_mark", "stored_as", "zone", "prefix", "suffix",
    "thousands", "negative", "plus", "look", "locale", "delimiter",
)  # fmt: skip
_WHOLE_FIELDS: Final = ("decimals", "granularity_seconds")
_TRUTH_FIELDS: Final = ("is_padded", "has_point")


def checked(key: str, value: object, where: str) -> Any:
    """`value` when its JSON type is the one that field `key` takes."""
    if key in _TEXT_FIELDS:
        is_right, wanted = isinstance(value, str) and len(value) <= MAX_TEXT_CHARACTERS, "a string"
    elif key in _WHOLE_FIELDS:
        is_right, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif key in _TRUTH_FIELDS:
        is_right, wanted = isinstance(value, bool), "true or false"
    elif key == "missing_rate":
        is_right, wanted = (
            isinstance(value, (int, float)) and not isinstance(value, bool),
            "a number from 0 to 1",
        )
    else:
        return _checked_texts(key, value, where)
    if not is_right:
        shown = re.sub(r"(?s)(.{60}).+", r"\1...", repr(value))
        raise DataError(f"{where}: {key!r} is {shown}. Wanted: {wanted}.")
    return value


def _checked_texts(key: str, value: object, where: str) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, (list, tuple)) else None
    if items is None or not all(isinstance(item, str) and len(item) <= MAX_TEXT_CHARACTERS for item in items):
        raise DataError(f"{where}: {key!r} must be a list of strings.")
    if key == "spelling" and len(items) not in (0, 2):
        raise DataError(f"{where}: 'spelling' must be two strings, how false and true are spelt.")
    return tuple(cast("list[str]", items))


def is_separator(sign: str, point: str) -> bool:
    """Whether a sign may stand between groups of three digits."""
    return sign == "" or (len(sign) == 1 and not sign.isalnum() and sign not in ("+", "-", point))


def is_zone(name: str) -> bool:
    """Whether there is such a time zone; none at all will do."""
    if not name:
        return True
    try:
        pc.assume_timezone(pa.array([0], pa.timestamp("us")), name)
    except (pa.ArrowException, ValueError):
        return False
    return True
