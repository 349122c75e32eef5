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

import ast
import inspect
import json
import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, partial, wraps
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any, Final, TypeVar, dataclass_transform, final, get_args, overload

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PlainSerializer,
    PlainValidator,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass as checked_dataclass
from pydantic.dataclasses import rebuild_dataclass
from pydantic_core import ArgsKwargs

from gansmith.errors import GansmithError, UsageError, did_you_mean

__all__ = [
    "AfterValidator",
    "Annotated",
    "BeforeValidator",
    "Field",
    "NonNegativeFloat",
    "NonNegativeInt",
    "Offered",
    "PlainSerializer",
    "PlainValidator",
    "PositiveFloat",
    "PositiveInt",
    "Setting",
    "changed",
    "field",
    "from_plain",
    "settings",
    "settings_of",
    "to_plain",
]  # fmt: skip

T = TypeVar("T")

_CONFIG: Final = ConfigDict(
    strict=True,
    extra="forbid",
    allow_inf_nan=False,
    validate_by_name=True,
    arbitrary_types_allowed=True,
    defer_build=True,  # most classes of settings are never made in most commands
)
_LIMITS: Final = {"ge": "{:g} or more", "gt": "more than {:g}", "le": "{:g} or less", "lt": "less than {:g}"}
_WANTED: Final = {
    "int": "a whole number", "float": "a number", "string": "a text", "bool": "true or false",
    "tuple": "a list", "mapping": "an object", "dict": "an object", "dataclass": "an object",
    "dataclass_exact": "an object", "is_instance_of": "of type {class}", "finite_number": "a finite number",
    "missing": "given", "json_invalid": "plain JSON", "int_from_float": "a whole number",
    "string_too_short": "a text of {min_length} or more characters",
    "string_too_long": "a text of {max_length} or fewer characters",
    "too_short": "a list of {min_length} or more", "too_long": "a list of {max_length} or fewer",
}  # fmt: skip
"""What was wanted, by pydantic's name of the error."""
_BRANCH: Final = re.compile(r"constrained-[a-z]+|(literal|tuple|nullable|dict)\[.*\]")
"""What pydantic names one of several types with that a value may have."""


@final
@dataclass(frozen=True)
class Offered:
    """Where and how the command line offers a setting; for `Annotated`."""

    commands: tuple[str, ...] = ()
    """Names of the commands."""
    option: str = ""
    """What it is called there; empty: as the field, with dashes."""
    form: str = ""
    """How its value is written, such as "NAME:KIND"."""
    help: str = ""
    """What it says there, where that is not what the setting means: of a flag that turns something off."""


@final
@dataclass(frozen=True)
class Setting:
    """One setting of a class, as faces show it."""

    name: str
    type: Any
    """Its annotation, without what `Annotated` adds."""
    default: Any
    help: str
    limits: str
    """Its range, in words."""
    offered: Offered


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(Field, field))
def settings(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(Field, field))
def settings(
    *, kw_only: bool = False, eq: bool = True, error: type[GansmithError] = UsageError
) -> Callable[[type[T]], type[T]]: ...


def settings(
    cls: type[T] | None = None,
    *,
    kw_only: bool = False,
    eq: bool = True,
    error: type[GansmithError] = UsageError,
) -> Any:
    """Make a class of annotated fields one of settings: frozen, checked, and (with `eq`) comparable.

    Raises:
        UsageError: Or `error`, from its constructor: a value is of the wrong type or out of its range.
    """
    if cls is None:
        return partial(settings, kw_only=kw_only, eq=eq, error=error)
    made: Any = checked_dataclass(frozen=True, kw_only=kw_only, eq=eq, config=_CONFIG)(cls)
    make = made.__init__

    @wraps(make)
    def checked(*given: Any, **named: Any) -> None:
        _build(made)
        instance, values = given[0], ArgsKwargs(given[1:], named)
        try:
            made.__pydantic_validator__.validate_python(values, self_instance=instance)
        except ValidationError as found:
            by_name = {**dict(zip(_fields(made), given[1:], strict=False)), **named}
            raise _explained(found, made, by_name, "", error) from None

    made.__init__ = checked
    return made


def _build(kind: Any) -> None:
    """Make the checks of a class, which has waited for its first use, and keep its constructor."""
    if not kind.__pydantic_complete__:
        make = kind.__init__
        rebuild_dataclass(kind, raise_errors=True)
        kind.__init__ = make


def to_plain(values: Any) -> dict[str, Any]:
    """All fields as JSON can hold them."""
    return asdict(values)


def changed(values: Any, *without: str) -> dict[str, Any]:
    """The fields that are not at their defaults, but for those that are named; tuples as lists."""
    adapter = _adapter(type(values))
    found = adapter.dump_python(values, exclude=set(without), exclude_defaults=True, by_alias=True)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def from_plain(
    kind: type[T],
    values: object,
    where: str = "",
    error: type[GansmithError] = UsageError,
    context: object = None,
) -> T:
    """Settings from plain JSON.

    Args:
        kind: A class of settings.
        values: By field name; a field that is left out keeps its default.
        where: What to begin the message with, such as the name of the file and a colon.
        error: What to raise.
        context: For validators that must know more than the value.

    Raises:
        UsageError: Or `error`: a key is unknown (with the nearest known name), a value is of the wrong type
            or out of range, or a needed one is missing.
    """
    try:
        return _adapter(kind).validate_json(json.dumps(values), context=context, by_alias=True, by_name=False)
    except ValidationError as found:
        raise _explained(found, kind, values, where, error) from None
    except GansmithError as found:  # from a class's own checks
        raise type(found)(f"{where}{found}") from None
    except (TypeError, ValueError, RecursionError) as found:
        raise error(f"{where}these settings are no plain JSON ({found}).") from found


def settings_of(kind: type[Any]) -> list[Setting]:
    """The settings of a class, in the order in which they are stated."""
    return [
        Setting(
            name,
            info.annotation,
            info.get_default(call_default_factory=True),
            _help(kind, name),
            " and ".join(_limits_of(info.metadata, info.annotation)),
            next((one for one in info.metadata if isinstance(one, Offered)), Offered()),
        )
        for name, info in _fields(kind).items()
    ]


def _help(kind: type[Any], name: str) -> str:
    """What a setting means, as the class says that states it."""
    stated = (_docstrings(one) for one in kind.__mro__ if "__pydantic_fields__" in vars(one))
    return " ".join(next((fields[name] for fields in stated if name in fields), "").split())


@cache
def _docstrings(kind: type[Any]) -> dict[str, str]:
    """What stands below the fields of a class, read from its source when somebody asks: that takes time."""
    found: dict[str, str] = {}
    (tree,) = ast.parse(dedent(inspect.getsource(kind))).body
    for stated, below in pairwise(ast.iter_child_nodes(tree)):
        match stated, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
            case _:
                pass
    return found


def _limits_of(metadata: Iterable[Any], annotation: Any) -> Iterator[str]:
    """The limits of numbers among the metadata of a field, and of the parts of its type, in words."""
    for one in metadata:
        yield from _limits_of(getattr(one, "metadata", ()), None)
        for key, words in _LIMITS.items():
            if (limit := getattr(one, key, None)) is not None:
                yield words.format(limit)
    for part in get_args(annotation):
        yield from _limits_of(getattr(part, "__metadata__", ()), part)


@cache
def _adapter(kind: type[Any]) -> Any:
    _build(kind)
    return TypeAdapter(kind)


def _fields(kind: Any) -> dict[str, Any]:
    return kind.__pydantic_fields__


def _explained(
    found: ValidationError, kind: type[Any], values: object, where: str, error: type[GansmithError]
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
    kind, called, path = _owner(kind, values, path)
    spelt = ".".join(f"item {part + 1}" if isinstance(part, int) else part for part in path)
    if first["type"] == unknown:
        name, known = str(path[-1]), sorted(info.alias or name for name, info in _fields(kind).items())
        return error(f"{where}{called}there is no setting {name!r}. {did_you_mean(name, known)}")
    wanted = _wanted(first)
    if first["type"] == "literal_error":
        expected = first.get("ctx", {})["expected"].replace(" or ", ", ")
        names = [str(name) for name in literal_eval(f"[{expected}]")]
        if not beside or isinstance(first["input"], str):
            near = did_you_mean(str(first["input"]), names)
            return error(f"{where}{called}{spelt} {first['input']!r:.80} is not known. {near}")
        wanted = f"{_wanted(beside[0])} or one of {', '.join(names)}"
    shown = "" if first["type"] == "missing" else f", not {first['input']!r:.80}"
    return error(f"{where}{called}{spelt}{' ' if spelt else ''}must be {wanted}{shown}.")


def _wanted(complaint: Any) -> str:
    """What should have been given."""
    kind, limits = complaint["type"], complaint.get("ctx", {})
    found = [words.format(limits[key]) for key, words in _LIMITS.items() if key in limits]
    found += [_WANTED.get(kind.removesuffix("_type"), "").format(**limits)]
    found += [complaint["msg"].removeprefix("Input should be ").removeprefix("Value error, ")]
    return next(filter(None, found))


def _owner(kind: Any, values: Any, path: list[int | str]) -> tuple[Any, str, list[int | str]]:
    """The class whose field a path leads to, the last thing on the way with a name, and the path from it."""
    called, start = "", 0
    for place, part in enumerate([None, *path[:-1]]):
        if part is not None:
            items: Any = dict(enumerate(values)) if isinstance(values, (list, tuple)) else values
            values = items.get(part) if isinstance(items, Mapping) else None
            kind = _within(kind, part)
        name: object = values.get("name") if isinstance(values, Mapping) and "name" in _fields(kind) else None
        if name and isinstance(name, str):
            called, start = f"{kind.__name__.lower()} {name!r:.80}: ", place
    return kind, called, path[start:]


def _within(kind: Any, part: int | str) -> Any:
    """The class of settings that a field holds, or `kind` for an item of a list."""
    asked = [_fields(kind)[part].annotation] if part in _fields(kind) else [kind]
    for one in asked:
        if isinstance(one, type) and "__pydantic_fields__" in vars(one):
            return one
        asked += getattr(one, "__args__", ())
    return kind
