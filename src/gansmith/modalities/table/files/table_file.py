"""What files of whole tables have in common: they are finished, or left out, by the writer below them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import final

from gansmith.modalities.table.files.reading import Table
from gansmith.modalities.table.files.writing import TableWriter


class AbstractTableFile(ABC):
    """See `Writer` of the base; takes `Table`s."""

    def __init__(self, writer: TableWriter) -> None:
        self._writer = writer

    def __enter__(self) -> AbstractTableFile:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    @abstractmethod
    def write(self, records: Table) -> None:
        """Append the next block."""


@final
class TableFile(AbstractTableFile):
    """A `TableWriter` that takes `Table`s."""

    def write(self, records: Table) -> None:
        """Append a block."""
        self._writer.write(records.records)
