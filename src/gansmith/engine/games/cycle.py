"""Two generators and two discriminators: records of one sort become records of another, and back again.

No pairs are known. Each generator has to fool the discriminator of the sort it makes, and whoever goes there
and back has to arrive where it started. Discriminators also meet fakes of the past, from a pool, so that
generators cannot run in circles before them.

Source:
    Zhu et al. 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks"
    (arXiv:1703.10593).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from gansmith.engine.batches import Batch, Samples, Scalar
from gansmith.engine.encounter import examine, present
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.inputs import Inputs
from gansmith.engine.losses import Losses, wants_gradients
from gansmith.engine.monitors import likeness
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.engine.replay import Pool
from gansmith.errors import UsageError
from gansmith.settings import NonNegativeFloat, NonNegativeInt, field, settings


@final
@settings(kw_only=True)
class CycleRules(AbstractRules):
    """The rules: `generator` makes `real` records of `source` ones, `inverse_generator` the other way."""

    name: ClassVar[str] = "cycle"
    roles: ClassVar[tuple[str, ...]] = (
        "generator", "inverse_generator", "discriminator", "source_discriminator",
    )  # fmt: skip
    generating: ClassVar[tuple[str, ...]] = ("generator", "inverse_generator")
    of_networks: ClassVar[tuple[str, ...]] = ("objective", "penalties")

    objective: str = "relativistic"
    """A key of `OBJECTIVES`."""
    penalties: tuple[PenaltyConfig, ...] = (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    """What keeps the discriminators smooth."""
    cycle_weight: NonNegativeFloat = 10.0
    """Of the mean absolute distance between a record and what comes back of it."""
    n_pooled: NonNegativeInt = 50
    """Past fakes of each sort that are kept to be shown again; 0 keeps none."""
    generator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the generators learn."""
    discriminator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the discriminators learn."""

    def __post_init__(self) -> None:
        adapting = [one.name for one in self.penalties if one.name == "lecam"]
        if find_objective(self.objective).balanced is not None:
            adapting.append(self.objective)
        if adapting:
            raise UsageError(
                f"{adapting[0]!r} goes by what one discriminator said before; the game 'cycle' has two, and "
                "remembers neither. Choose another one."
            )

    def start(self, networks: Networks, randomness: Randomness) -> Cycle:
        return Cycle(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """What becomes of the records given as `source`; of `real` ones, where no source is given."""
        if (source := given.get("source")) is not None:
            return networks["generator"](source)
        return networks["inverse_generator"](given["real"])


@final
class Cycle(AbstractGame):
    """Two adversarial games that are tied together by the way back."""

    def __init__(self, rules: CycleRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self._losses = Losses(find_objective(rules.objective), rules.penalties)
        self._generators = {name: Player(networks[name], rules.generator) for name in rules.generating}
        judges = ("discriminator", "source_discriminator")
        self._judges = {name: Player(networks[name], rules.discriminator) for name in judges}
        self.players = {**self._generators, **self._judges}
        self._pools = {name: Pool(rules.n_pooled, 0.5) for name in judges}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the generators' turn comes first, then that of each discriminator."""
        (batch,) = batches
        real, source = batch["real"], batch["source"]
        make, unmake = (player.network for player in self._generators.values())
        share, scale = progress.share, progress.rate_scale
        with self.precision():
            fake, fake_source = make(source), unmake(real)
            fooling = self._fooling(real, fake, "discriminator")
            fooling = fooling + self._fooling(source, fake_source, "source_discriminator")
            cycle = (unmake(fake) - source).abs().mean() + (make(fake_source) - real).abs().mean()
        loss = fooling + self.config.cycle_weight * cycle
        learn([*self._generators.values()], loss, share, scale)
        losses = {"generators": fooling, "cycle": cycle}
        sides = {"discriminator": (real, fake), "source_discriminator": (source, fake_source)}
        for name, (genuine, made) in sides.items():
            losses[name] = self._telling(step, name, genuine, made.detach().float(), share)
            learn([self._judges[name]], losses[name], share, scale)
        return losses

    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How the translated records compare with the real ones, and how far the way back misses."""
        with torch.no_grad():
            back = self.best["inverse_generator"](fake)
        missed = (back - heldout["source"]).abs().mean().item()
        return {**likeness(fake, heldout["real"]), "cycle_error": missed}

    def memory(self) -> dict[str, Tensor]:
        """The pools of past fakes."""
        return {name: pool.parts["fake"] for name, pool in self._pools.items() if pool.parts}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        for name, pool in self._pools.items():
            pool.parts = {"fake": memory[name].to(self.device, copy=True)} if name in memory else {}

    def _fooling(self, real: Samples, fake: Samples, judge: str) -> Scalar:
        encounter = present(self._judges[judge].network, Batch({"real": real}), fake, None)
        return self._losses.of_generator(encounter)

    def _telling(self, step: int, judge: str, real: Samples, fake: Samples, share: float) -> Scalar:
        if self.config.n_pooled:
            chance = self.randomness.generator(f"pool/{judge}", step)
            fake = self._pools[judge].exchanged({"fake": fake}, chance)["fake"]
        with self.precision():
            examination = examine(
                self._judges[judge].network,
                Batch({"real": real}),
                fake,
                None,
                wants_gradients=wants_gradients(self.config.penalties, step),
                inputs=Inputs(step=step),
                randomness=Randomness(self.randomness.key(judge, step), self.randomness.retry),
            )
            return self._losses.of_discriminator(examination, step, share)
