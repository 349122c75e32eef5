"""What may stand in the fields of a schema and of what was learnt: types that refuse the rest, saying why."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

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


Provider = Annotated[
    Text, must_be("a name such as license_plate", lambda text: bool(re.fullmatch("[a-z][a-z0-9_]*", text)))
]
Separator = Annotated[Text, must_be("one sign that is no digit", is_separator)]
Zone = Annotated[Text, must_be("a time zone such as Europe/Paris", is_zone)]
Pair = Annotated[tuple[Text, ...], must_be("two strings, false and true", lambda texts: len(texts) == 2)]
Around = Annotated[tuple[Text, ...], must_be("two strings of blanks", lambda both: len(both) == 2)]
Affix = Annotated[Text, must_be("without digits", lambda text: not re.search("[0-9]", text))]
_LOCALE: Final = re.compile("[a-z]{2,3}_[A-Z]{2}")
Locale = Annotated[
    Text, must_be("a language and a country such as de_DE", lambda text: bool(_LOCALE.fullmatch(text)))
]
