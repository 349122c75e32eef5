"""A constraint as plain JSON, read key by key: what is misspelt or of another type is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, final

from gansmith.errors import DataError, did_you_mean
from gansmith.modalities.table.fields import MAX_TEXT_CHARACTERS
from gansmith.modalities.table.schema import Column, Schema


@final
@dataclass(frozen=True)
class Given:
    """One constraint as it was given, and the columns that it may name."""

    values: Mapping[str, Any]
    schema: Schema
    where: str
    """What to call it in an error, such as "constraint 2 of the schema (inequality)"."""

    def refused(self, what: str) -> DataError:
        """The error that says what is wrong with it."""
        return DataError(f"{self.where}: {what}")

    def only(self, *keys: str) -> None:
        """Raise DataError when it holds another key than "kind" and these."""
        for key in self.values:
            if key not in ("kind", *keys):
                raise self.refused(f"unknown key {key!r}. {did_you_mean(key, keys)}")

    def column(self, key: str) -> Column:
        """The column that is named under `key`.

        Raises:
            DataError: None is named, or there is no such column.
        """
        return self._named(self._there(key), key)

    def columns(self, key: str, n_min: int) -> tuple[Column, ...]:
        """The columns that are listed under `key`, each once.

        Raises:
            DataError: It is no list, too short, or names a column twice or one that is not there.
        """
        listed = self._there(key)
        if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) < n_min:
            raise self.refused(f"{key!r} must be a list of {n_min} or more columns.")
        found = tuple(self._named(name, key) for name in cast("Sequence[object]", listed))
        for place, column in enumerate(found):
            if column in found[:place]:
                raise self.refused(f"{key!r} names the column {column.name!r} twice. Name it once.")
        return found

    def truth(self, key: str) -> bool:
        """A truth value; false where nothing is given.

        Raises:
            DataError: It is something else.
        """
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.refused(f"{key!r} must be true or false, not {value!r}.")
        return value

    def text(self, key: str) -> str:
        """A text.

        Raises:
            DataError: It is something else, or not there.
        """
        value = self._there(key)
        if not isinstance(value, str) or len(value) > MAX_TEXT_CHARACTERS:
            raise self.refused(f"{key!r} must be a text.")
        return value

    def differ(self, *columns: Column) -> None:
        """Raise DataError when a column stands in two places."""
        names = [column.name for column in columns]
        for name in names:
            if names.count(name) > 1:
                raise self.refused(f"it names the column {name!r} twice. Name different columns.")

    def _there(self, key: str) -> object:
        if key not in self.values:
            raise self.refused(f"{key!r} is missing.")
        return self.values[key]

    def _named(self, name: object, key: str) -> Column:
        if not isinstance(name, str):
            raise self.refused(f"{key!r} must name a column, not {name!r}.")
        for column in self.schema.columns:
            if column.name == name:
                return column
        raise self.refused(
            f"{key!r} names the column {name!r}, which is not there. {did_you_mean(name, self.schema.names)}"
        )
