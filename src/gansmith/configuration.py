"""Configurations are frozen dataclasses; here they become plain JSON and come back, checked."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any, TypeVar, Union, cast

from gansmith.errors import UsageError, did_you_mean

T = TypeVar("T")


def to_plain(config: Any) -> dict[str, Any]:
    """All fields as JSON can hold them; a whole number in a field of decimals becomes a decimal.

    So that what is written does not depend on whether the configuration came from Python or from JSON.
    """
    return asdict(from_plain(type(config), asdict(config)))


def from_plain(kind: type[T], values: Mapping[str, Any]) -> T:
    """A configuration from plain values.

    Args:
        kind: A frozen dataclass of plain values, tuples of these, or such dataclasses.
        values: By field name; a field that is left out keeps its default.

    Raises:
        UsageError: When a key is unknown (with the nearest known name), a value is of the wrong type or out
            of range, or a needed one is missing.
    """
    known = {field.name for field in fields(cast(Any, kind))}
    for key in values:
        if key not in known:
            raise UsageError(f"{kind.__name__} has no setting {key!r}. {did_you_mean(key, sorted(known))}")
    hints = typing.get_type_hints(kind)
    checked = {key: _checked(hints[key], value, f"{kind.__name__}.{key}") for key, value in values.items()}
    try:
        return kind(**checked)
    except TypeError as error:
        raise UsageError(f"{kind.__name__}: {error}.") from error


def _checked(hint: Any, value: Any, name: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, Union):
        return None if value is None else _checked(arguments[0], value, name)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise UsageError(f"{name} must be a list, not {value!r}.")
        return tuple(_checked(arguments[0], item, name) for item in cast("list[Any]", value))
    if origin is Mapping or is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} must be an object, not {value!r}.")
        if origin is Mapping:
            items = cast("Mapping[str, Any]", value).items()
            return {key: _checked(arguments[1], item, f"{name}.{key}") for key, item in items}
        return from_plain(cast("type[Any]", hint), cast("Mapping[str, Any]", value))
    if hint is Any:
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if (hint is int and isinstance(value, bool)) or not isinstance(value, hint):
        raise UsageError(f"{name} must be {hint.__name__}, not {value!r}.")
    return value
