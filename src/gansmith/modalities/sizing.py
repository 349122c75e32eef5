"""What only some recipes can do: make so much of something that a number of records does not say it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Sizing(Protocol):
    """How much is made is not said by a number of records."""

    def n_records(self, codec: Any, options: Any, n: int | None) -> int:
        """How many records that is, by the kind's options for sampling.

        Raises:
            UsageError: A number `n` is given, which this kind does not go by.
        """
        ...

    def counted(self, codec: Any, options: Any, n: int) -> str:
        """So many records in the words of the kind."""
        ...
