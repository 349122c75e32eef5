"""Reading the user's data, apart from learning it: a first look needs no networks.

`import torch` alone takes as long as reading a small table. So what a person wants to see first, what was
found in the data, is made by readers, which import nothing that learns. Judging data that somebody else made
needs none either.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, Final, final

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.effort import Effort
from gansmith.settings import field, settings

READERS: Final = {
    "image": "gansmith.modalities.image.reader:ImageReader",
    "table": "gansmith.modalities.table.reader:TableReader",
}
"""In the order in which they are asked whether they recognise something; tables take whatever is left."""


@final
@settings
class Reading:
    """How the user's data is to be read; what a kind of data has no use for it ignores."""

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    """Kinds of columns that the user knows better, by name."""
    schema: Mapping[str, Any] | None = None
    """A whole schema, as `gansmith show --json` prints it."""
    has_header: bool = True
    """Whether a text file's first line names its columns."""
    encoding: str | None = None
    """Of a text file; None finds it."""
    where: Any = ()
    """Learn only from the records that fulfil these conditions; a `Where` of plain JSON."""
    missing: tuple[str, ...] = ()
    """Spellings of a missing cell beside the usual ones."""
    locale: str = ""
    """Language and country of what is invented, such as "de_DE"; empty: neutral."""
    constraints: tuple[Mapping[str, Any], ...] = ()
    """What always holds, beside what the schema says, as plain JSON."""
    finds_constraints: bool = True
    """Whether what always holds is looked for where the schema says nothing of it."""


class AbstractReader(ABC):
    """What can be said of a kind of data before anything is learnt. Stateless, and quickly imported."""

    kind: ClassVar[str]
    """The name users know it by."""

    @abstractmethod
    def recognises(self, source: object) -> bool:
        """Whether a path or an object in memory looks like this kind of data."""

    @abstractmethod
    def read(self, source: object, reading: Reading) -> Any:
        """The user's data as records.

        Raises:
            DataError: With the place, when the data is missing or malformed.
        """

    @abstractmethod
    def check_target(self, records: Any, target: str) -> None:
        """Raise UsageError unless `target` can be predicted from the rest of a record."""

    @abstractmethod
    def read_alike(self, source: object, like: Any) -> Any:
        """Data that is to be compared with `like`, read in the same way.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """

    def read_to_judge(self, source: object, like: Any) -> Any:
        """Synthetic data that is to be judged against `like`: what can be compared, and notes on the rest.

        Raises:
            DataError: When it is missing or malformed, or nothing in it can be compared.
        """
        return self.read_alike(source, like)

    @abstractmethod
    def score(
        self, fakes: Sequence[Any], train: Any, holdout: Any, target: str | None, seed: int, effort: Effort
    ) -> Iterator[Scorecard]:
        """The scorecards of synthetic data sets, each score beside its anchors.

        Args:
            fakes: Synthetic data sets.
            train: What they were learnt from.
            holdout: Real records that were not learnt from.
            target: A part of a record to be predicted from the others; None: all in turn.
            seed: Of everything drawn.
            effort: How many records and repetitions.
        """

    @abstractmethod
    def overview(self, records: Any) -> list[dict[str, str]]:
        """What was found in each part of a record, one row each."""


def find_reader(kind: str) -> AbstractReader:
    """The reader of that kind of data.

    Raises:
        UsageError: When there is none, with the nearest known name.
    """
    return made_of_kind(READERS, kind)


def made_of_kind(classes: Mapping[str, str], kind: str) -> Any:
    """An object of the class that a kind names as "module:Class", which is imported now.

    Raises:
        UsageError: When the kind is not among them, with the nearest that is.
    """
    if kind not in classes:
        raise UsageError(f"kind {kind!r} is not known. {did_you_mean(kind, classes)}")
    module, _, name = classes[kind].partition(":")
    return getattr(import_module(module), name)()


def recognising_reader(source: object) -> AbstractReader:
    """The reader of the kind that the data looks like.

    Raises:
        DataError: When none recognises it.
    """
    for kind in READERS:
        reader = find_reader(kind)
        if reader.recognises(source):
            return reader
    raise DataError(
        f"{source!r:.200}: no kind of data is recognised. Say which with --kind: {', '.join(READERS)}."
    )
