"""Windows of two records of different domains, from which batches are drawn: what is to come of what.

Item k wants a record of domain k mod the number of domains, and gives one of another of them; which they are
and where in them the windows lie are functions of k. So all domains come equally often, however many records
each has, and the first items are of all of them.
"""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
import torch

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.colours import heights
from gansmith.modalities.pairs.domains.records import Domains
from gansmith.modalities.pairs.windows import (
    FEWEST_TURNS,
    OF_WHOLE,
    OVERLAP,
    brought_to,
    cut,
    fitting,
    place_of,
    stacked,
    steps_of,
)

STRIDE: Final = 7_919
"""A prime number, by which sources are gone through: else each would meet the same record again."""


@final
class DomainWindows:
    """See `Dataset`: `real` of `condition`, and `source` of `origin` with its `heights`; compact."""

    def __init__(self, codec: DomainCodec, records: Domains) -> None:
        self._records, self._state = records, codec.state_
        self._window = tuple(self._state.window)
        self._codes = codec.attributes.encode(records.attributes)
        self._groups = list(records.by_value().values())
        self._whole: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        n_points = sum(math.prod(records.sides(number)) for number in range(len(records)))
        per_window = len(records) * math.prod(self._window)
        is_whole = self._state.size > 0
        self._n_turns = OF_WHOLE if is_whole else max(FEWEST_TURNS, OVERLAP * n_points // per_window)
        self._steps = steps_of(len(self._window))

    def __len__(self) -> int:
        return len(self._groups) * max(map(len, self._groups)) * self._n_turns

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        real, source, height = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
        pairs = [self._pair(index) for index in indices.tolist()]
        for (wanted, given), index in zip(pairs, indices.tolist(), strict=True):
            turn = index // len(self._groups)
            place = place_of(turn, wanted, self._steps)
            real.append(cut(self._record(wanted)[0], self._window, place))
            place = place_of(turn + 1, given, self._steps)
            found = (cut(part, self._window, place) for part in self._record(given))
            for side, window in zip((source, height), found, strict=True):
                side.append(window)
        wanted, given = (torch.tensor(side, dtype=torch.long) for side in zip(*pairs, strict=True))
        return Batch(
            {
                "real": stacked(real),
                "condition": self._codes[wanted],
                "source": stacked(source),
                "origin": self._codes[given],
                "heights": stacked(height),
            }
        )

    def _pair(self, index: int) -> tuple[int, int]:
        """The numbers of the record that is wanted and of the one that is given."""
        n_groups = len(self._groups)
        turn, place = divmod(index, n_groups)
        group = self._groups[place]
        wanted = turn % len(group)
        if n_groups == 1:  # numbers: any other record
            other = (wanted + 1 + turn * STRIDE % max(1, len(group) - 1)) % len(group)
            return group[wanted], group[other]
        visit, shift = divmod(turn, n_groups - 1)
        others = self._groups[(place + 1 + shift) % n_groups]
        return group[wanted], others[(visit * STRIDE + visit // len(others)) % len(others)]

    def _record(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """A record, and how high its points lie."""
        if not self._state.size:
            values = self._records.grid(number)
            return values, heights(values.shape[1:])
        if number not in self._whole:
            values = self._records.grid(number)
            values = brought_to(values, fitting(values.shape[1:], self._state.size))
            self._whole[number] = values, heights(values.shape[1:])
        return self._whole[number]
