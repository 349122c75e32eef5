"""A mixture that learns to have given marginals: records are not needed, only counts of them, noisy or not.

What stands in the place of a discriminator are tables of counts. Whoever chose them asked where the generator
was most wrong, which is a game of a kind; here the answers are given and the generator comes to terms with
all of them at once, as near as their noise allows. It may do so as long and as often as anybody likes.

Source:
    Liu, Vietri and Wu 2021, "Iterative methods for private synthetic data" (arXiv:2106.07153); that a network
    fitted to noisy marginals does as well as a graphical model: Chen et al. 2025 (arXiv:2511.13893).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch, Samples
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.nets.mixture import Measured, MixtureOfProducts
from gansmith.settings import NonNegativeFloat, PositiveInt, field, settings


@final
@settings(kw_only=True)
class MarginalsRules(AbstractRules):
    """The rules: a `MixtureOfProducts` as `generator`, and what was `Measured`."""

    name: ClassVar[str] = "marginals"
    roles: ClassVar[tuple[str, ...]] = ("generator", "measured")
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    is_read_by_fakes: ClassVar[bool] = False
    of_networks: ClassVar[tuple[str, ...]] = ("n_columns",)

    n_columns: PositiveInt
    """Columns of a record."""
    generator: PlayerConfig = field(default_factory=lambda: PlayerConfig(2e-2, 1e-3, beta1=0.9, beta2=0.99))
    """How it learns."""
    enough: NonNegativeFloat = 1.0
    """The misfit below which nothing is learnt: nearer to what was measured than its noise is noise."""

    def start(self, networks: Networks, randomness: Randomness) -> Marginals:
        return Marginals(self, networks, randomness)

    def noise(self, n_records: int, stream: Stream, index: int) -> Float[Tensor, "batch n_noise"]:
        """See the base class: a value for the component, and one for each column."""
        return stream.normal((n_records, 1 + self.n_columns), index)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """Records with the cells that the `condition` allows."""
        noise = given.get("noise")
        noise = self.noise(len(given), stream, index) if noise is None else noise
        return cast("MixtureOfProducts", networks["generator"])(noise, given.get("condition"))


@final
class Marginals(AbstractGame):
    """One network that learns."""

    def __init__(self, rules: MarginalsRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self._player = Player(networks["generator"], rules.generator)
        self.players = {"generator": self._player}
        self._measured, self._enough = cast("Measured", networks["measured"]), rules.enough

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the misfit is in variances of the noise."""
        misfit = self._measured.misfit(cast("MixtureOfProducts", self._player.network))
        if misfit > self._enough:
            learn([self._player], misfit, progress.share, progress.rate_scale)
        return {"misfit": misfit.detach()}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """The misfit, see `Measured`, and how well all is matched: 1 over it, at most 1."""
        misfit = self._measured.misfit(cast("MixtureOfProducts", self.best["generator"])).item()
        return {"misfit": misfit, "match": 1 / max(misfit, 1.0)}
