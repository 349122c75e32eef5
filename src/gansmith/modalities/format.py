"""What is known of a kind of data before anything is learnt: how it is recognised, read, shown and written.

Nothing here imports what learns: `import torch` alone takes as long as reading a small table, and what was
found in the data is to be on the screen before. Judging data that others made needs no networks either.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Generic, Protocol, TypeVar, final, runtime_checkable

import numpy as np

from gansmith.findings import Finding
from gansmith.modalities.previews import Preview
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress
from gansmith.scorecard.score import Effort
from gansmith.store import whole_file


@runtime_checkable
class Records(Protocol):
    """Some records of the user's data: rows, pictures, clips."""

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        ...

    def __len__(self) -> int: ...

    def take(self, indices: np.ndarray) -> Records:
        """The records with these numbers, in this order."""
        ...


R = TypeVar("R", bound=Records)
O = TypeVar("O")  # noqa: E741 - the kind's options


@runtime_checkable
class Writer(AbstractContextManager["Writer"], Protocol):
    """A file that records are appended to, block by block; whole or not there at all."""

    def write(self, records: Any) -> None:
        """Append records."""
        ...


@final
class BlockFile:
    """A `Writer` of what `content` makes of each block; "-" is standard output."""

    def __init__(self, path: Path, content: Callable[[Any], bytes]) -> None:
        self._opening = nullcontext(sys.stdout.buffer) if str(path) == "-" else whole_file(path)
        self._content = content

    def __enter__(self) -> BlockFile:
        self._file = self._opening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, error, trace)

    def write(self, records: Any) -> None:
        """Append records."""
        self._file.write(self._content(records))


class AbstractFormat(ABC, Generic[R, O]):
    """How a kind of data is recognised, read, shown, written. Stateless, and quickly imported.

    `R` are its records, `O` the class of its options, which all its methods take that read or write.
    """

    kind: ClassVar[str]
    """The name users know it by."""
    noun: ClassVar[str] = "record"
    """What one record is, for messages."""
    million_points: ClassVar[str] = "million points"
    """What a million of its values are."""
    n_previewed: ClassVar[int] = 5
    """How many records a preview of what is made shows."""
    n_frames: ClassVar[int] = 0
    """At how many moments of a run, beside the evaluations, a preview is kept: the frames of a film."""

    @abstractmethod
    def recognises(self, source: object) -> bool:
        """Whether a path or an object in memory looks like this kind of data."""

    @abstractmethod
    def read(self, source: object, options: O) -> R:
        """The user's data as records.

        Raises:
            DataError: With the place, when the data is missing or malformed.
        """

    @abstractmethod
    def read_like(self, source: object, like: R) -> R:
        """Data that is to be compared with `like`, read in the same way.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """

    def read_for(self, source: object, like: R) -> R:
        """Data for a model to look at that makes records such as `like`; one record will do.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """
        return self.read_like(source, like)

    def settled(self, options: O, command: str) -> O:
        """Options as a command will use them: files that they name are read, to be kept with the run."""
        return options

    @abstractmethod
    def fingerprint(self, records: R) -> str:
        """The same text for the same records, another for others."""

    @abstractmethod
    def join(self, blocks: Sequence[R]) -> R:
        """Several blocks of records as one."""

    def returned(self, records: R, source: object) -> Any:
        """Records in the type of the caller's own data; `source` is None for a loaded model."""
        return records

    @abstractmethod
    def writer(self, path: Path, like: R, metadata: Mapping[str, str], options: O) -> Writer:
        """A file of records such as `like`, in the format of its name.

        Raises:
            UsageError: When there is no such format.
        """

    def overview(self, records: R) -> list[dict[str, str]]:
        """What was found in each part of a record, one row each."""
        return [{"kind": self.kind, "records": f"{len(records):,}"}]

    @abstractmethod
    def preview(self, records: R) -> Preview:
        """A few records as a person would look at them."""


# --- What only some formats can do; see `gansmith.modalities.registry.needed` -------------------------------


@runtime_checkable
class HasColumns(Protocol):
    """Records are made of named columns, one of which may be a target to be predicted from the others."""

    def names(self, records: Any) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    def check_target(self, records: Any, target: str) -> None:
        """Raise UsageError unless `target` can be predicted from the rest of a record."""
        ...

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """The user's data with the values of a target as one more column, and the name of that column.

        Raises:
            UsageError: When there are not as many values as records, or the data can take no column.
        """
        ...


@final
@dataclass(frozen=True)
class Description:
    """What would be learnt of records."""

    rows: list[dict[str, str]]
    """Of each part of a record, one row each."""
    remarks: tuple[str, ...]
    """What a person should know about what would not be kept of them."""
    schema: Mapping[str, Any] | None
    """What the parts of a record are, as plain JSON, where there is such a thing."""


@runtime_checkable
class Describing(Protocol):
    """What would be learnt of records can be said before anything that learns is imported."""

    def describe(self, records: Any, options: Any) -> Description:
        """What would be learnt of these records.

        Raises:
            DataError: When nothing in them can be learnt.
        """
        ...


@runtime_checkable
class Addressed(Protocol):
    """Records can be written to an address, such as that of a database."""

    def address_writer(self, address: str, like: Any, metadata: Mapping[str, str], options: Any) -> Writer:
        """What stands behind an address, all of it written or nothing.

        Raises:
            UsageError: Nothing can be written there, or what is there would be lost.
            DataError: It cannot be reached.
        """
        ...


@runtime_checkable
class Auditing(Protocol):
    """What is wrong with records can be said before anything is learnt from them."""

    def audit(self, records: Any, target: str, options: Any) -> tuple[Finding, ...]:
        """What spoils what is learnt of these records, or is worth knowing before; the worst first.

        Args:
            records: As they were read.
            target: A part of a record to be predicted from the others, or "".
            options: How they were read; the kind's own.
        """
        ...


@runtime_checkable
class Filming(Protocol):
    """Records can be shown, or heard, one after the other as the frames of a film."""

    def film(
        self, frames: Sequence[Any], path: Path, seconds_per_frame: float, metadata: Mapping[str, str]
    ) -> bytes:
        """The content of a file of that name; each frame is one or more records, side by side.

        Raises:
            UsageError: When there is no such format.
        """
        ...

    def check_film(self, path: Path) -> None:
        """Raise UsageError unless a film can be written under that name."""
        ...


@runtime_checkable
class FilmingRuns(Filming, Protocol):
    """Previews that a run has written can be shown as a film, too."""

    def film_of_files(
        self, paths: Sequence[Path], path: Path, seconds_per_frame: float, last_seconds: float
    ) -> bytes:
        """The content of a file of that name, made of previews that a run has written.

        Raises:
            UsageError: When there is no such format.
            DataError: When a file is no preview.
        """
        ...


@runtime_checkable
class Pictured(Protocol):
    """Records can be shown in rows on a page."""

    def gallery(self, name: str, title: str, caption: str, records: Any, n_columns: int) -> Mapping[str, Any]:
        """Records in rows of so many, as a report shows them.

        Returns:
            `name`, `title` and `caption` as given, `label` (what is to be seen, in words) and `image`, a
            `data:` address.
        """
        ...


@runtime_checkable
class ShowsOddities(Protocol):
    """Odd records can be shown on a page beside what would be usual."""

    def oddities(self, records: Any, again: Any | None, usual: Any) -> Mapping[str, Any]:
        """Odd records in a row each: with where they are odd, as a model makes them again, and a usual one.

        Args:
            records: Odd ones.
            again: The same as a model makes them again, or None.
            usual: For each the usual record nearest to it.

        Returns:
            A gallery; see `Pictured`.
        """
        ...


@runtime_checkable
class HasScores(Protocol):
    """Synthetic records can be judged against real ones."""

    def read_to_judge(self, source: object, like: Any) -> Any:
        """Synthetic data that is to be judged against `like`: what can be compared, and notes on the rest.

        Raises:
            DataError: When it is missing or malformed, or nothing in it can be compared.
        """
        ...

    def score(
        self,
        fakes: Sequence[Any],
        train: Any,
        holdout: Any,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = ...,
    ) -> Iterator[Scorecard]:
        """The scorecards of synthetic data sets, each score beside its anchors.

        Args:
            fakes: Synthetic data sets.
            train: What they were learnt from.
            holdout: Real records that were not learnt from.
            target: A part of a record to be predicted from the others; None: all in turn.
            seed: Of everything drawn.
            effort: How many records and repetitions.
            progress: Told what is being measured, and which share of it is done.
        """
        ...


@runtime_checkable
class HoldsOut(Protocol):
    """Which real records are set aside to judge by is not left to chance alone."""

    def hold_out(
        self, records: Any, given: Any, options: Any, share: float, seed: int
    ) -> tuple[Any, Any, tuple[str, ...]]:
        """What was learnt from, what is held out, and notes on how these were chosen.

        Args:
            records: Real records.
            given: The user's own hold-out, read like `records`; None: it is split off `records`.
            options: How the records were read; the kind's own.
            share: Of the records that are to be held out, 0 to 1.
            seed: Draws them.

        Raises:
            UsageError: The options do not go with the records, or with a hold-out of the user's own.
        """
        ...
