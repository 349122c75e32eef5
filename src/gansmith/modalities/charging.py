"""What some recipes can do: learn within a privacy budget, which can be spent once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable


@final
@dataclass(frozen=True)
class Paid:
    """What a privacy budget has bought."""

    codec: Any
    """What was learnt of the records; all that will ever be."""
    n_records: int
    """About how many there are."""
    ledger: Mapping[str, Any]
    """What was charged for what, as plain JSON: see `gansmith.privacy.ledger`."""


@runtime_checkable
class Charging(Protocol):
    """Everything that is learnt of records is charged to a privacy budget, which can be spent once."""

    def paid(self, records: Any, options: Any, ledger: Path | None, seed: int) -> Paid:
        """Spend the budget; where that was begun, go on without paying twice.

        Args:
            records: Private; nobody else looks at them.
            options: The kind's own.
            ledger: A file that charges and what they bought are written to, and taken from; None: nowhere.
            seed: Of everything that is no noise of the guarantee.

        Raises:
            DataError: When the file is of other records or options.
        """
        ...
