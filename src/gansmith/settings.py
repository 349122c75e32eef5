"""Settings: frozen values that are stated once, each with its type, its range and what it means.

A class of settings is a dataclass. The docstring of a field is its help; `Annotated[int, Field(ge=1)]` says
what it may be. Whatever makes one checks it: Python, JSON, TOML, the command line.

>>> @settings
... class Walk:
...     n_steps: Annotated[int, Field(ge=1)] = 100
>>> from_plain(Walk, {"n_step": 5})
Traceback (most recent call last):
gansmith.errors.UsageError: there is no setting 'n_step'. Did you mean 'n_steps'?
>>> Walk(0)
Traceback (most recent call last):
gansmith.errors.UsageError: n_steps must be 1 or more, not 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, field
from functools import cache, partial, wraps
from typing import Annotated, Any, Final, ParamSpec, TypeVar, dataclass_transform, overload

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass

from gansmith.errors import GansmithError, UsageError, did_you_mean

__all__ = [
    "Annotated", "Field", "NonNegativeFloat", "NonNegativeInt", "PositiveFloat", "PositiveInt", "field",
    "from_plain", "help_of", "settings", "to_plain",
]  # fmt: skip

T = TypeVar("T")
P = ParamSpec("P")

_CONFIG: Final = ConfigDict(
    strict=True,
    extra="forbid",
    allow_inf_nan=False,
    use_attribute_docstrings=True,
    arbitrary_types_allowed=True,
)
_LIMITS: Final = {
    "greater_than_equal": "{ge:g} or more",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "{le:g} or less",
    "less_than": "less than {lt:g}",
    "finite_number": "a finite number",
    "missing": "given",
    "too_long": "{max_length} items or fewer",
    "too_short": "{min_length} or more items",
}
_TYPES: Final = {
    "int": "a whole number", "float": "a number", "string": "a text", "bool": "true or false",
    "tuple": "a list", "mapping": "an object", "dict": "an object", "dataclass": "an object",
    "dataclass_exact": "an object",
}  # fmt: skip

_BRANCH: Final = re.compile(r"constrained-[a-z]+|(literal|tuple|nullable)\[.*\]")
"""What pydantic names one of several types with that a value may have."""


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(Field, field))
def settings(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(Field, field))
def settings(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...


def settings(cls: type[T] | None = None, *, kw_only: bool = False) -> Any:
    """Make a class of annotated fields one of settings: frozen, checked, and comparable.

    Raises:
        UsageError: From its constructor, when a value is of the wrong type or out of its range.
    """
    if cls is None:
        return partial(settings, kw_only=kw_only)
    made: Any = dataclass(frozen=True, kw_only=kw_only, config=_CONFIG)(cls)
    made.__init__ = _explaining(made.__init__, made)
    return made


def _explaining(make: Callable[P, None], kind: type[Any]) -> Callable[P, None]:
    """The constructor of a class of settings, with complaints in words."""

    @wraps(make)
    def checked(*given: P.args, **named: P.kwargs) -> None:
        try:
            make(*given, **named)
        except ValidationError as error:
            raise _explained(error, kind, "", UsageError) from None

    return checked


def to_plain(values: Any) -> dict[str, Any]:
    """All fields as JSON can hold them."""
    return asdict(values)


def from_plain(
    kind: type[T], values: Mapping[str, Any], where: str = "", error: type[GansmithError] = UsageError
) -> T:
    """Settings from plain JSON.

    Args:
        kind: A class of settings.
        values: By field name; a field that is left out keeps its default.
        where: What to begin the message with, such as the name of the file and a colon.
        error: What to raise.

    Raises:
        UsageError: Or `error`: a key is unknown (with the nearest known name), a value is of the wrong type
            or out of range, or a needed one is missing.
    """
    try:
        return _adapter(kind).validate_json(json.dumps(values))
    except ValidationError as found:
        raise _explained(found, kind, where, error) from None
    except (TypeError, ValueError, RecursionError) as found:
        raise error(f"{where}these settings are no plain JSON ({found}).") from found


def help_of(kind: type[Any]) -> dict[str, str]:
    """What each setting of a class means, by name."""
    return {name: " ".join((info.description or "").split()) for name, info in _fields(kind).items()}


@cache
def _adapter(kind: type[Any]) -> Any:
    return TypeAdapter(kind)


def _fields(kind: Any) -> dict[str, Any]:
    return kind.__pydantic_fields__


def _explained(
    found: ValidationError, kind: type[Any], where: str, error: type[GansmithError]
) -> GansmithError:
    """The first complaint, in words."""
    unknown = "unexpected_keyword_argument"
    complaints = found.errors(include_url=False)
    paths = [[part for part in one["loc"] if not _BRANCH.fullmatch(str(part))] for one in complaints]
    first, path = min(
        zip(complaints, paths, strict=True),  # of several types that a value may have the nearest one
        key=lambda one: (one[0]["type"] != unknown, -len(one[1]), one[0]["type"].endswith("_type")),
    )
    beside = [one for one in complaints if one["loc"][:1] == first["loc"][:1] and one is not first]
    if path and isinstance(path[0], int):  # an argument that was given by its place
        path[0] = list(_fields(kind))[path[0]]
    if first["type"] == unknown:
        name = str(path.pop())
        for part in path:
            kind = _within(kind, part)
        return error(f"{where}there is no setting {name!r}. {did_you_mean(name, sorted(_fields(kind)))}")
    spelt, limits = ".".join(map(str, path)), first.get("ctx", {})
    wanted = _LIMITS.get(first["type"], _TYPES.get(first["type"].removesuffix("_type"), ""))
    if first["type"] == "literal_error":
        names = str(limits["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        if beside and not isinstance(first["input"], str):
            wanted = _TYPES.get(beside[0]["type"].removesuffix("_type"), "of another type")
            return error(
                f"{where}{spelt} must be {wanted} or one of {', '.join(names)}, not {first['input']!r:.80}."
            )
        return error(
            f"{where}{spelt} {first['input']!r} is not known. {did_you_mean(str(first['input']), names)}"
        )
    wanted = wanted.format(**limits) or first["msg"].removeprefix("Input should be ")
    shown = "" if first["type"] == "missing" else f", not {first['input']!r:.80}"
    return error(f"{where}{spelt} must be {wanted}{shown}.")


def _within(kind: Any, part: int | str) -> Any:
    """The class of settings that a field holds, or `kind` for an item of a list."""
    asked = [_fields(kind)[part].annotation] if part in _fields(kind) else [kind]
    for one in asked:
        if isinstance(one, type) and "__pydantic_fields__" in vars(one):
            return one
        asked += getattr(one, "__args__", ())
    return kind
