"""The first part of a job: reading the data, before anything that learns is imported.

opened = open_data("adult.csv")
show(opened.overview())
run = start(opened, FitConfig())
"""

from __future__ import annotations

import time
from typing import Any, final

from gansmith.errors import UsageError
from gansmith.modalities.readers import AbstractReader, Reading, find_reader, recognising_reader


@final
class Opened:
    """Data that has been read and not yet learnt from.

    Args:
        reader: Of its kind.
        records: What it read.
        reading: How it was read.
        target: A column to be predicted from the others, or "".
        started: When reading began, on the monotonic clock: budgets count from here.
    """

    def __init__(
        self, reader: AbstractReader, records: Any, reading: Reading, target: str, started: float
    ) -> None:
        self.reader, self.reading, self.target, self.started = reader, reading, target, started
        self._records: Any = records

    @property
    def name(self) -> str:
        """Where the records came from, for messages."""
        return self._records.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        return self._records.notes

    def __len__(self) -> int:
        return len(self._records)

    def overview(self) -> list[dict[str, str]]:
        """What was found in each part of a record, one row each."""
        return self.reader.overview(self._records)

    def hand_over(self) -> Any:
        """The records, which are forgotten here, so that they need not be in memory twice.

        Raises:
            UsageError: They have been handed over before.
        """
        records, self._records = self._records, None
        if records is None:
            raise UsageError("this data has been learnt from already. Open it again.")
        return records


def open_data(source: object, *, kind: str = "", target: str = "", reading: Reading | None = None) -> Opened:
    """Read the data.

    Args:
        source: A path, or an object in memory.
        kind: Kind of data; empty finds it.
        target: A column to be predicted from the others, kept for scoring.
        reading: How to read it.

    Raises:
        DataError: When the data is missing, malformed or of no known kind.
        UsageError: When the kind or the target is unknown, or cannot be predicted.
    """
    started = time.monotonic()
    reading = reading or Reading()
    reader = find_reader(kind) if kind else recognising_reader(source)
    records = reader.read(source, reading)
    if target:
        reader.check_target(records, target)
    return Opened(reader, records, reading, target, started)
