"""Stretches of pieces, from which a network learns: whole pieces where they are short."""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.music.along import Told, told
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.records import Pieces

LONGEST: Final = 128
"""Steps that are learnt from at once."""
WARM_UP: Final = 32
"""Steps at the beginning of a later stretch that say what was before, and are not learnt from."""
_PER_STEP: Final = ("tokens", "before", "age", "looks", "runs", "places", "chords", "begins")


@final
class Stretches:
    """See `Dataset`: what a network is told of each step of a stretch, and which of its steps count."""

    def __init__(self, codec: PieceCodec, pieces: Pieces) -> None:
        codec.check(pieces)
        shifts = codec.shifts(pieces.key_names)
        known = zip(pieces.tokens, pieces.bar_steps, shifts.tolist(), strict=True)
        self.pieces = pieces
        self._told: list[Told] = [told(codec, *one) for one in known]
        places = [_stretches(len(one)) for one in pieces.tokens]
        self._owners = np.repeat(np.arange(len(pieces)), [len(each) for each in places])
        self._spans = np.array([span for each in places for span in each], np.int64).reshape(-1, 2)
        self._conditions = conditions_of(
            codec, pieces.attributes, np.array([len(one) for one in pieces.tokens])
        )

    def __len__(self) -> int:
        return len(self._owners)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`; what lies behind the end of a stretch counts for nothing."""
        chosen = indices.numpy()
        owners, spans = self._owners[chosen], self._spans[chosen]
        longest = int(spans[:, 1].max(initial=1))
        parts: dict[str, torch.Tensor] = {}
        for name in _PER_STEP:
            rows = [
                getattr(self._told[owner], name)[first : first + long]
                for owner, (first, long) in zip(owners.tolist(), spans.tolist(), strict=True)
            ]
            table = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
            for row, values in zip(table, rows, strict=True):
                row[: len(values)] = values
            parts[name] = torch.from_numpy(table)
        counts = np.arange(longest) < spans[:, 1:]
        counts[spans[:, 0] > 0, :WARM_UP] = False
        parts["counts"] = torch.from_numpy(counts)
        parts["condition"] = self._conditions[torch.from_numpy(owners)]
        return Batch({"real": parts["tokens"].float(), **parts})


def conditions_of(codec: PieceCodec, attributes: Attributes, n_steps: np.ndarray) -> torch.Tensor:
    """How many steps there are, and what is known of pieces, as a network is told it."""
    told_steps = torch.from_numpy(n_steps.astype(np.float32))[:, None]
    if not codec.attributes.n_conditions:
        return told_steps
    return torch.cat([told_steps, codec.attributes.encode(attributes)], 1)


def _stretches(length: int) -> list[tuple[int, int]]:
    """Where stretches of a piece begin, and how long they are."""
    if length <= LONGEST:
        return [(0, length)]
    step = LONGEST - WARM_UP
    return [(first, min(LONGEST, length - first)) for first in range(0, length - WARM_UP, step)]
