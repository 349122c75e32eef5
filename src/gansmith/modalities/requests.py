"""Conditional sampling: what is wanted of a model, and how blocks of records come to fulfil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Conditions
from gansmith.modalities.format import Writer

Compact = Float[Tensor, "batch *compact"]


@runtime_checkable
class ConditionalBlock(Protocol):
    """A block of records that is being sampled: under which condition next, and what of it is kept.

    However little of it the generator makes by itself, it is done after a bounded number of answers.
    """

    @property
    def is_done(self) -> bool:
        """Whether nothing more need be asked."""
        ...

    def condition(self) -> Conditions | None:
        """What a whole block is to fulfil, shape `(n, n_conditions)`; None leaves the generator free.

        Raises:
            UsageError: When nothing was found that fulfils the request, however often it was tried.
        """
        ...

    def take(self, compact: Compact) -> None:
        """The answer, shape `(n, *compact)`."""
        ...

    @property
    def compact(self) -> Compact:
        """The block, once it is done."""
        ...

    def settled(self, records: Any) -> Any:
        """The first records of the block, decoded, with everything letter for letter as it was asked for."""
        ...


@runtime_checkable
class Request(Protocol):
    """What a user wants of the records to be made."""

    @property
    def texts(self) -> tuple[str, ...]:
        """It in words, for the provenance."""
        ...

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> ConditionalBlock:
        """A block in the making.

        Record k of it must not depend on `n_wanted`.

        Args:
            size: Records of a block.
            first_index: Number of its first record among all that are made.
            n_wanted: How many of them are needed, from the first on.
            seed: Of everything that is drawn.
        """
        ...


@runtime_checkable
class Partial(Request, Protocol):
    """Records with gaps that are to be filled."""

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about them: values that the model does not know, ..."""
        ...

    @property
    def n_gaps(self) -> int:
        """How many cells are missing."""
        ...

    def __len__(self) -> int: ...

    def returned(self, blocks: Sequence[Any]) -> Any:
        """The whole records in the type of the caller's own data."""
        ...

    def writer(self, path: Path, metadata: Mapping[str, str]) -> Writer:
        """A file of the whole records, in the format of its name."""
        ...
