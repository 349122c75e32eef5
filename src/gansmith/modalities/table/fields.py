"""What the values of a schema may be: a person may have written them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.settings import AfterValidator, Annotated, Field

Text = Annotated[str, Field(max_length=10_000)]


def must_be(wanted: str, is_right: Callable[[Any], bool]) -> AfterValidator:
    """For a field: refuses values that are not right, saying what is wanted; none at all will do."""

    def checked(value: Any) -> Any:
        if len(value) and not is_right(value):
            raise ValueError(wanted)
        return value

    return AfterValidator(checked)


def has_no_digits(text: str) -> bool:
    """Whether a text may stand before or after a number."""
    return not re.search("[0-9]", text)


def is_locale(text: str) -> bool:
    """Whether a text names a language and a country."""
    return re.fullmatch("[a-z]{2,3}_[A-Z]{2}", text) is not None


def is_pair(texts: tuple[str, ...]) -> bool:
    """Whether these are the spellings of false and true."""
    return len(texts) == 2


def is_separator(sign: str) -> bool:
    """Whether a sign may stand between groups of three digits."""
    return len(sign) == 1 and not sign.isalnum() and sign not in "+-"


def is_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    try:
        pc.assume_timezone(pa.array([0], pa.timestamp("us")), name)
    except (pa.ArrowException, ValueError):
        return False
    return True
