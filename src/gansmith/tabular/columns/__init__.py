"""The kinds of columns: what a table's cells can be, and everything that follows from it.

A kind is a file here and a line below. Its file says how the kind is found in data, read and spelt, what may
be asked of it, how it is described and scored (an `AbstractKind`, one stateless object), and how it is learnt
(an `AbstractColumnCodec`, which may be that of another kind). Nobody else asks a column which kind it is:
they ask what it can do, through `Column.traits`.

A kind is imported when it is first needed. Their order is that in which they are tried on cells of text: from
the strictest to the one that takes everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from gansmith.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from gansmith.tabular.columns.base import AbstractKind

KINDS: Final[dict[str, str]] = {
    "integer": "gansmith.tabular.columns.numbers:INTEGER",
    "decimal": "gansmith.tabular.columns.numbers:DECIMAL",
    "boolean": "gansmith.tabular.columns.categories:BOOLEAN",
    "date": "gansmith.tabular.columns.dates:DATE",
    "datetime": "gansmith.tabular.columns.dates:DATETIME",
    "time": "gansmith.tabular.columns.clocks:TIME",
    "duration": "gansmith.tabular.columns.clocks:DURATION",
    "json": "gansmith.tabular.columns.objects:JSON",
    "invented": "gansmith.tabular.columns.invented:INVENTED",
    "list": "gansmith.tabular.columns.lists:LIST",
    "pattern": "gansmith.tabular.columns.patterns:PATTERN",
    "key": "gansmith.tabular.columns.keys:KEY",
    "text": "gansmith.tabular.columns.texts:TEXT",
    "identifier": "gansmith.tabular.columns.identifiers:IDENTIFIER",
    "constant": "gansmith.tabular.columns.categories:CONSTANT",
    "category": "gansmith.tabular.columns.categories:CATEGORY",
}
"""Where each kind is, by the name that a schema and a user call it."""


def kind_called(name: str) -> AbstractKind:
    """The kind of that name, which is one of `KINDS`."""
    return _loaded(KINDS[name])


@cache
def _loaded(place: str) -> AbstractKind:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def kinds() -> Iterator[AbstractKind]:
    """All kinds, in the order in which they are tried."""
    return map(_loaded, KINDS.values())


def kind_meant(word: str, column: str) -> tuple[AbstractKind, str]:
    """The kind that a person means, and which variant of it: `email` is a variant of what is invented.

    Raises:
        UsageError: There is no such kind; the nearest is given.
    """
    if word in KINDS:
        return kind_called(word), ""
    by_variant = {variant: kind for kind in kinds() for variant in kind.variants}
    if word not in by_variant:
        near = did_you_mean(word, [*KINDS, *by_variant])
        raise UsageError(f"column {column!r}: there is no kind {word!r}. {near}")
    return by_variant[word], word
