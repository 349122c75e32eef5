"""Stretches of series, from which a network learns: whole series where they are short."""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.series.along import PARTS, told
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.margins import margins_of
from gansmith.modalities.series.records import SeriesSet

LONGEST: Final = 128
"""Steps that are learnt from at once."""
WARM_UP: Final = 16
"""Steps at the beginning of a later stretch that say what was before, and are not learnt from."""
RARE_SHARE: Final = 0.05
"""Below which a category of series is rare: such series are learnt from as often, about. What is told of a
series is never guessed, so nothing becomes likelier by that."""
MAX_NUMBERS: Final = 300_000_000
"""Of what networks are told of all steps; of more steps a random part is learnt from."""


@final
class Crops:
    """See `Dataset`: what a network is told of each step of a stretch, and which of its columns count."""

    def __init__(self, codec: SeriesCodec, series: SeriesSet, seed: int) -> None:
        if codec.form.window:
            series = series.in_windows(codec.form.window)
        series = _some(codec, series, seed)
        steps = codec.steps
        encoded = steps.encode(series, seed)
        self._told = told(steps, encoded, series.starts)
        self.margins = margins_of(steps, encoded, series.starts)
        self._n_clock, self._n_asked = steps.n_clock, codec.n_asked
        self.attributes = torch.from_numpy(codec.encode_attributes(series, seed)).float()
        places = [_stretches(int(length)) for length in series.lengths]
        owners = np.repeat(np.arange(len(series)), [len(each) for each in places])
        flat = np.array([stretch for each in places for stretch in each], np.int64).reshape(-1, 2)
        times = codec.times_as_often(self.attributes, RARE_SHARE)[owners]
        self._owners, flat = np.repeat(owners, times), np.repeat(flat, times, 0)
        first = series.starts[:-1][self._owners]
        self._is_begun = flat[:, 0] > 0
        self._first, self._lengths = first + flat[:, 0], flat[:, 1]

    def __len__(self) -> int:
        return len(self._first)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        chosen = indices.numpy()
        lengths = self._lengths[chosen]
        longest = int(lengths.max())
        within = np.arange(longest) < lengths[:, None]
        rows = self._first[chosen][:, None] + np.where(within, np.arange(longest), 0)
        parts = {name: torch.from_numpy(getattr(self._told, name)[rows]) for name in PARTS}
        counts = np.repeat(within[:, :, None], parts["states"].shape[2], 2)
        is_begun = self._is_begun[chosen]
        counts[is_begun, :WARM_UP] = False
        counts[~is_begun, 0, : self._n_clock] = False
        parts["counts"] = torch.from_numpy(counts)
        parts["attributes"] = self.attributes[self._owners[chosen]]
        parts["condition"] = torch.zeros(len(chosen), self._n_asked)
        parts["condition"][:, 0] = torch.from_numpy(lengths).float()  # previews are as long
        return Batch({"real": parts["hints"], **parts})


def _stretches(length: int) -> list[tuple[int, int]]:
    """Where stretches of a series begin, and how long they are."""
    if length <= LONGEST:
        return [(0, length)]
    step = LONGEST - WARM_UP
    return [(first, min(LONGEST, length - first)) for first in range(0, length - WARM_UP, step)]


def _some(codec: SeriesCodec, series: SeriesSet, seed: int) -> SeriesSet:
    """As many series as fit into memory as a network is told of them."""
    route = codec.steps.route
    per_step = (
        route.n_history + route.n_moment + route.n_again + route.n_counted + 2 * len(codec.steps.columns)
    )
    share = MAX_NUMBERS / (per_step * len(series.owners))
    if share >= 1:
        return series
    order = np.random.default_rng(seed).permutation(len(series))
    return series.take(np.sort(order[: max(1, int(share * len(series)))]))
