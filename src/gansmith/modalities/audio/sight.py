"""Sounds as a detector of odd ones sees them: how loud each band is at each moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor, GridCorruptor
from gansmith.modalities.audio.levels import framing, levels_of
from gansmith.modalities.audio.sounds import Form, Sounds
from gansmith.modalities.sight import AbstractSight, Parts, View
from gansmith.nets.grid_players import GridCritic
from gansmith.settings import from_plain, to_plain


@final
@dataclass(frozen=True)
class SoundSight(AbstractSight[Sounds]):
    """See the base class; a sound is one part."""

    n_samples: ClassVar[int] = 80_000
    form: Form

    @classmethod
    def fit(cls, records: Sounds) -> SoundSight:
        return cls(records.form)

    def seen(self, records: Sounds) -> View:
        """See the base class: shape `(n, n_channels, n_bands, n_moments)`; see `levels`."""
        return torch.from_numpy(levels_of(records.waves, self.form))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        none = np.zeros((1, self.form.n_samples, self.form.n_channels), np.int16)
        return GridCorruptor(), GridCritic(levels_of(none, self.form).shape[1:])

    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        """See the base class: all values."""
        return view.flatten(1).double().numpy()

    def names(self, records: Sounds) -> Sequence[str]:
        """See the base class: of their files."""
        return records.names

    def reasons(
        self, records: Sounds, oddness: Parts, usual: Sounds, neighbours: np.ndarray
    ) -> Sequence[str]:
        """See the base class: when and how high it differs most from usual sounds that are most like it."""
        theirs = self.seen(usual).numpy()
        said = list[str]()
        for one, near in zip(self.seen(records).numpy(), neighbours, strict=True):
            gap = (one - theirs[near].mean(0)).sum(0)  # (n_bands, n_moments)
            band, moment = np.unravel_index(int(np.abs(gap).argmax()), gap.shape)
            seconds = moment * framing(self.form)[1] / self.form.rate_hz
            height = ("low", "middle", "high")[int(3 * band) // gap.shape[0]]
            what = "louder" if gap[band, moment] > 0 else "quieter"
            said.append(
                f"{what} than usual sounds most like it, most of all at {seconds:.2f} s in {height} bands"
            )
        return said

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"form": to_plain(self.form)}, {}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SoundSight:
        del tensors
        return cls(from_plain(Form, state["form"]))
