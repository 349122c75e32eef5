"""How a column spells a value that everybody knows: formats shown, not named."""

from __future__ import annotations

import datetime
from typing import Final

import pyarrow as pa

from gansmith.tabular.schema import Column

_MOMENT: Final = datetime.datetime(2019, 12, 31, 23, 45, 58)
_VALUES: Final = {
    "date32[day]": _MOMENT.date(),
    "timestamp[us]": _MOMENT,
    "time64[us]": _MOMENT.time(),
}
_AMOUNT: Final = 1234.56


def is_spelt(column: Column) -> bool:
    """Whether its cells were texts where they came from, not numbers or times already."""
    return not column.stored_as or "str" in column.stored_as or column.stored_as == "object"


def example_of(column: Column) -> str:
    """How a column of times or numbers spells the end of 2019, or 1234.56; "" for all others.

    Example:
        >>> example_of(Column("joined", "date", format="%d/%m/%Y"))
        '31/12/2019'
        >>> example_of(Column("pay", "decimal", decimals=2, thousands=",", prefix="$"))
        '$1,234.56'
    """
    value: object = _VALUES.get(column.type)
    if column.traits.is_number:
        whole = pa.types.is_integer(column.arrow_type) or column.decimals == 0
        value = round(_AMOUNT) if whole else _AMOUNT
    if value is None or column.type.endswith("int8"):
        return ""
    return str(column.traits.spell(pa.array([value], column.arrow_type), column)[0])
