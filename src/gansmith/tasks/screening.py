"""Records that break what must hold are made again.

Record i is the first of its candidates that keeps all rules and shares no key with the records before it;
candidate 0 is what the model makes anyway, candidate r comes from the r-th further draw of latents. So the
first records do not depend on how many follow. They do depend on those before them where keys must be
unique, so the blocks of such a model are made in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.recipe import Validating, Verdict
from gansmith.modalities.registry import Modality, offered

MAX_TRIES: Final = 100
"""Candidates for one record."""

Candidates = Callable[[int], Any]
"""The records of a block from the r-th draw."""


@final
class Screen:
    """Remembers the keys of all records that it has let through."""

    def __init__(self, modality: Modality, codec: Any) -> None:
        self._modality, self._codec = modality, codec
        self._seen: list[set[int]] = []

    def passed(self, records: Any, first: int, again: Candidates) -> Any:
        """A block of records that keep all rules.

        Args:
            records: As the model makes them.
            first: Number of the first record among all that are made.
            again: Makes further candidates, record by record, when they are needed.

        Raises:
            UsageError: No candidate of a record will do: too much is asked for, or no more keys are left.
        """
        verdict = self._verdict(records)
        if verdict is None:
            return records
        self._seen = self._seen or [set() for _ in verdict.keys]
        if verdict.is_valid.all() and not verdict.keys:
            return records
        pools, verdicts = [records], [verdict]
        chosen = np.zeros(len(records), np.int64)
        for place in range(len(records)):
            for draw in range(MAX_TRIES):
                if draw == len(pools):
                    pools.append(again(draw))
                    verdicts.append(self._verdict(pools[-1]) or verdict)
                if self._takes(verdicts[draw], place):
                    chosen[place] = draw
                    break
            else:
                raise _exhausted(first + place, verdict)
        if not chosen.any():
            return records
        return self._modality.format.join(pools).take(chosen * len(records) + np.arange(len(records)))

    def _verdict(self, records: Any) -> Verdict | None:
        validating = offered(self._modality.recipe, Validating)
        return validating.verdict(self._codec, records) if validating else None

    def _takes(self, verdict: Verdict, place: int) -> bool:
        """Whether this record will do; if so, its keys are taken."""
        if not verdict.is_valid[place]:
            return False
        numbers = [
            (seen, keys[place])
            for seen, keys, has_key in zip(self._seen, verdict.keys, verdict.has_key[:, place], strict=True)
            if has_key
        ]
        if any(number in seen for seen, number in numbers):
            return False
        for seen, number in numbers:
            seen.add(number)
        return True


def _exhausted(n_made: int, verdict: Verdict) -> UsageError:
    rules = "; ".join(verdict.rules[-5:])
    return UsageError(
        f"after {n_made:,} records none of {MAX_TRIES} further ones keeps all that must hold ({rules}). "
        "Make fewer records, ask for less, or leave out a rule that the data hardly keeps."
    )
