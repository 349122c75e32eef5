"""Windows of two records of different domains, from which batches are drawn: what is to come of what.

Item k wants a record of domain k mod the number of domains, and gives one of another of them; which they are
and where in them the windows lie are functions of k. So all domains come equally often, however many records
each has, and the first items are of all of them. Of several attributes each value is a domain: of the others
that the wanted record has half are asked for as well, and of the rest nothing is.
"""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

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
from gansmith.scorecard.features import draws

STRIDE: Final = 7_919
"""A prime number, by which sources are gone through: else each would meet the same record again."""
ALSO: Final = 0.5
"""Share of the other attributes that are asked for along with one."""


@final
class DomainWindows:
    """See `Dataset`: `real` of `condition`, and `source` of `origin` with its `heights`; compact."""

    def __init__(self, codec: DomainCodec, records: Domains) -> None:
        self._records, self._state = records, codec.state_
        self._window = tuple(self._state.window)
        self._codes = codec.attributes.encode(records.attributes)
        names, groups = records.attributes.names, records.groups
        self._groups = [(names.index(name), places) for name, _, places in groups]
        self._wanted = [len(groups) - 1] if codec.state_.is_of_one else [*range(len(groups))]
        self._widths = list(codec.widths)
        self._also = draws(0).random((STRIDE, len(names))) < ALSO
        self._also &= [name not in records.kept for name in names]
        self._whole: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        n_points = sum(math.prod(records.sides(number)) for number in range(len(records)))
        per_window = len(records) * math.prod(self._window)
        is_whole = self._state.size > 0
        self._n_turns = OF_WHOLE if is_whole else max(FEWEST_TURNS, OVERLAP * n_points // per_window)
        self._steps = steps_of(len(self._window))

    def __len__(self) -> int:
        return len(self._wanted) * max(len(places) for _, places in self._groups) * self._n_turns

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        real, source, height = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
        pairs = [self._pair(index) for index in indices.tolist()]
        for (wanted, given), index in zip(pairs, indices.tolist(), strict=True):
            turn = index // len(self._wanted)
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
                "condition": self._codes[wanted] * self._asked(indices),
                "source": stacked(source),
                "origin": self._codes[given],
                "heights": stacked(height),
            }
        )

    def _pair(self, index: int) -> tuple[int, int]:
        """The numbers of the record that is wanted and of the one that is given."""
        turn, place = divmod(index, len(self._wanted))
        place = self._wanted[place]
        attribute, group = self._groups[place]
        wanted = turn % len(group)
        own = [number for number, (which, _) in enumerate(self._groups) if which == attribute]
        if len(own) == 1:  # numbers: any other record
            other = (wanted + 1 + turn * STRIDE % max(1, len(group) - 1)) % len(group)
            return group[wanted], group[other]
        visit, shift = divmod(turn, len(own) - 1)
        others = self._groups[own[(own.index(place) + 1 + shift) % len(own)]][1]
        return group[wanted], others[(visit * STRIDE + visit // len(others)) % len(others)]

    def _asked(self, indices: Indices) -> Tensor:
        """Of each item 1 at the places of the attributes that are asked for, shape `(n, n_conditions)`."""
        turns, places = np.divmod(indices.numpy(), len(self._wanted))
        is_asked = self._also[turns % len(self._also)]
        is_asked[np.arange(len(places)), [self._groups[self._wanted[place]][0] for place in places]] = True
        return torch.from_numpy(np.repeat(is_asked, self._widths, axis=1)).float()

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
