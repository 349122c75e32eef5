"""Pictures as a detector of odd ones sees them: values of 0 to 1, large ones reduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor, GridCorruptor
from gansmith.modalities.image.embedding import BLOCK_NUMBERS, values_of
from gansmith.modalities.image.pictures import Form, Pictures
from gansmith.modalities.sight import AbstractSight, Parts, View
from gansmith.nets.grid_players import GridCritic
from gansmith.settings import from_plain, to_plain

_ROWS: Final = ("upper", "middle", "lower")
_COLUMNS: Final = ("left", "centre", "right")


@final
@dataclass(frozen=True)
class PictureSight(AbstractSight[Pictures]):
    """See the base class; a picture is one part."""

    n_samples: ClassVar[int] = 80_000
    form: Form

    @classmethod
    def fit(cls, records: Pictures) -> PictureSight:
        return cls(records.without_masks.form)

    def seen(self, records: Pictures) -> View:
        """See the base class: shape `(n, n_channels, height, width)`; see `embedding.values_of`."""
        plain = records.without_masks
        n_at_once = max(1, BLOCK_NUMBERS // self.form.n_values)
        parts = [
            values_of(plain.source.block(numbers), self.form)
            for numbers in np.split(plain.numbers, range(n_at_once, len(plain), n_at_once))
        ]
        return torch.from_numpy(np.concatenate(parts))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        none = np.zeros((1, self.form.height, self.form.width, self.form.n_channels), self.form.pixel_type)
        return GridCorruptor(), GridCritic(values_of(none, self.form).shape[1:])

    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        """See the base class: all values."""
        return view.flatten(1).double().numpy()

    def reasons(
        self, records: Pictures, oddness: Parts, usual: Pictures, neighbours: np.ndarray
    ) -> Sequence[str]:
        """See the base class: where it differs most from usual pictures that are most like it."""
        theirs = self.seen(usual).numpy()
        gaps = np.stack(
            [
                np.abs(one - theirs[near].mean(0)).sum(0)
                for one, near in zip(self.seen(records).numpy(), neighbours, strict=True)
            ]
        )  # (n, height, width)
        return [f"unlike usual pictures, most of all in its {_place(gap)}" for gap in gaps]

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"form": to_plain(self.form)}, {}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PictureSight:
        del tensors
        return cls(from_plain(Form, state["form"]))


def _place(gap: np.ndarray) -> str:
    """The ninth of a picture with most of it, in words."""
    found = [[part.mean() for part in np.array_split(row, 3, 1)] for row in np.array_split(gap, 3, 0)]
    row, column = divmod(int(np.argmax(np.nan_to_num(found))), 3)
    return "middle" if row == column == 1 else f"{_ROWS[row]} {_COLUMNS[column]}"
