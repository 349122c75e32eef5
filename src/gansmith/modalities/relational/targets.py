"""What every kind of database that is written to can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.modalities.relational.records import Database
from gansmith.store.address import without_password


class AbstractTarget(ABC):
    """A kind of database that is written to."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        self._address, self._like, self._tables = address, like, tables

    @abstractmethod
    def check(self, *, replaces: bool) -> str:
        """Raise UsageError when something is there that would be lost.

        Returns:
            What a server says of itself, see `server_of`; empty: there is none.
        """

    @abstractmethod
    def begin(self, *, replaces: bool) -> None:
        """Make the tables."""

    @abstractmethod
    def append(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table."""

    @abstractmethod
    def finish(self) -> None:
        """Turn keys on, check them, and keep all of it."""

    @abstractmethod
    def abandon(self) -> None:
        """Leave; what is not finished is as if it never was."""

    def _taken(self, there: Sequence[str]) -> UsageError:
        shown = ", ".join(sorted(there)[:6])
        return UsageError(
            f"{without_password(self._address)} is not empty: it has {shown}. Give an empty database, or "
            "--replace to replace tables of the same names."
        )


def quoted(name: str) -> str:
    """A name as standard SQL spells it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'
