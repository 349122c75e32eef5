"""What constraints are given: columns by their names, found in the schema that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gansmith.errors import DataError, did_you_mean
from gansmith.modalities.table.schema import Column, Schema
from gansmith.settings import AfterValidator, Annotated, PlainSerializer, PlainValidator


def _named(name: object, info: Any) -> Column:
    if isinstance(name, Column):
        return name
    if not isinstance(name, str):
        raise ValueError("the name of a column")
    schema: Schema = info.context
    for column in schema.columns:
        if column.name == name:
            return column
    near = did_you_mean(name, schema.names)
    raise DataError(f"{info.field_name!r} names the column {name!r}, which is not there. {near}")


def each_once(columns: Sequence[Column]) -> Sequence[Column]:
    """Raise DataError when a column stands in two places."""
    for name, n in Counter(column.name for column in columns).items():
        if n > 1:
            raise DataError(f"it names the column {name!r} twice. Name different columns.")
    return columns


def check_kinds(columns: Sequence[Column], is_right: Callable[[Column], bool], wanted: str) -> None:
    """Raise DataError when a constraint cannot hold for one of the columns."""
    for column in columns:
        if not is_right(column):
            raise DataError(f"column {column.name!r} is {column.kind} ({column.type}). Wanted: {wanted}.")


def check_keys(state: Mapping[str, Any], *keys: str) -> None:
    """Raise DataError when what a model holds of a constraint has other keys than these."""
    if set(state) != set(keys):
        raise DataError(f"it holds {', '.join(map(repr, state)) or 'nothing'}. Wanted: {', '.join(keys)}.")


Named = Annotated[Column, PlainValidator(_named), PlainSerializer(lambda column: column.name)]
Columns = Annotated[tuple[Named, ...], AfterValidator(each_once)]
