"""One generator that makes of a record one of any domain that is asked for; no counterparts are known.

A condition has a part for each attribute; where that is zero nothing is asked of it, and it has to stay. The
discriminator sees what was asked for beside the record. A reader learns on real records what each of them is;
what it reads off a fake has to be what was asked for. All else that a record shows has to be kept; that is
said in up to four ways, each with a weight. *Cycle*: back in its own domain it is what it was, though a
little noise lies over it on the way, in which nothing can be hidden. *Contrast*: what the generator sees at a
place of the result is nearer to what it saw there in the source than to any other place of it. *Identity*:
who is asked for what he is already, stays. *Change*: what need not change costs.

Source:
    Choi et al. 2018, "StarGAN" (arXiv:1711.09020): many domains, and the reader; Zhu et al. 2017, "CycleGAN"
    (arXiv:1703.10593), section 5.2 for identity; Bashkirova et al. 2019, "Adversarial self-defense for
    cycle-consistent GANs" (arXiv:1908.01517): noise on the way back; Park et al. 2020, "Contrastive learning
    for unpaired image-to-image translation" (arXiv:2007.15651).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Final, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, normalize

from gansmith.engine.batches import Batch, Samples, Scalar
from gansmith.engine.encounter import examine, present
from gansmith.engine.games.base import (
    AbstractGame,
    AbstractRules,
    Networks,
    Progress,
    Readings,
    device_of,
    grid_noise,
    source_of,
)
from gansmith.engine.inputs import Inputs
from gansmith.engine.losses import Losses, wants_gradients
from gansmith.engine.monitors import likeness
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.errors import UsageError
from gansmith.nets.resizing import resized
from gansmith.settings import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field,
    settings,
)

IDENTITY_SHARE: Final = 4
"""One in so many records is asked for what it is."""


@final
@settings(kw_only=True)
class DomainRules(AbstractRules):
    """The rules: `generator` makes of each `source`, of `origin`, what is like `real` ones of `condition`."""

    name: ClassVar[str] = "domains"
    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator", "reader")
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    of_networks: ClassVar[tuple[str, ...]] = ("n_noise", "objective", "penalties")

    objective: str = "relativistic"
    """A key of `OBJECTIVES`."""
    penalties: tuple[PenaltyConfig, ...] = (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    """What keeps the discriminator smooth."""
    parts: Annotated[tuple[PositiveInt, ...], Field(strict=False)] = ()
    """How many numbers of a condition say each attribute; empty: all of them say one."""
    measured: Annotated[tuple[NonNegativeInt, ...], Field(strict=False)] = ()
    """Which attributes are numbers; of all others a condition is 1 at the place of a class."""
    reader_weight: NonNegativeFloat = 0.0
    """Of what is read off a fake: the cross-entropy of classes, the squared error of numbers; their mean."""
    reader_scales: Annotated[tuple[PositiveInt, ...], Field(min_length=1, strict=False)] = (1,)
    """By one of these, in turn, the sides of what is read are divided: no pattern of dots can be read."""
    adversarial_weight: NonNegativeFloat = 1.0
    """Of fooling the discriminator."""
    cycle_weight: NonNegativeFloat = 0.0
    """Of the mean absolute distance between a record and what comes back of it."""
    hiding_noise: NonNegativeFloat = 0.03
    """Standard deviation of the noise over what is turned back or read, of values from 0 to 1."""
    contrast_weight: NonNegativeFloat = 0.0
    """Of the cross-entropy, in nats, of finding each place again among others of the same record."""
    n_places: PositiveInt = 64
    """Of each level, that are compared."""
    temperature: PositiveFloat = 0.07
    """By which the cosine of two places is divided."""
    identity_weight: NonNegativeFloat = 0.0
    """Of the mean absolute change of records that are what is asked for."""
    change_weight: NonNegativeFloat = 0.0
    """Of the mean absolute change of all others, beside that of their colours."""
    warm_up_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the run, over which keeping gains its full weight: who begins by keeping may never change."""
    n_noise: NonNegativeInt = 0
    """Channels of noise that the generator is given beside the source."""
    generator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the generator learns."""
    discriminator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the discriminator learns."""
    reader: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, 0.0, beta1=0.9))
    """How the reader learns."""

    def __post_init__(self) -> None:
        adapting = [one.name for one in self.penalties if one.name == "lecam"]
        if find_objective(self.objective).balanced is not None:
            adapting.append(self.objective)
        if adapting:
            raise UsageError(
                f"{adapting[0]!r} goes by what the discriminator said before; the game 'domains' does not "
                "remember that. Choose another one."
            )

    def start(self, networks: Networks, randomness: Randomness) -> Domains:
        return Domains(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """What becomes of the records given as `source`, where `condition` is asked for.

        Raises:
            UsageError: When no source is given.
        """
        source, device = source_of(given), device_of(networks)
        source, noise = source.to(device), given.get("noise")
        noise = self.noise_for(source, stream, index) if noise is None else noise.to(device)
        return networks["generator"](source, given["condition"].to(device), noise)

    def asked_of(self, condition: Tensor) -> Tensor:
        """Which places of a condition are of attributes of which something is asked."""
        parts = condition.split([*self.parts] or condition.shape[1], 1)
        return torch.cat([part.any(1, keepdim=True).expand_as(part) for part in parts], 1)

    def noise_for(self, source: Samples, stream: Stream, index: int) -> Tensor | None:
        """Standard normal values for these sources, shape `(batch, n_noise, *grid)`; None: there are none."""
        return grid_noise(source, self.n_noise, stream, index)


@final
class Domains(AbstractGame):
    """A generator of all domains, and a discriminator that knows which one was asked for."""

    def __init__(self, rules: DomainRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self._losses = Losses(find_objective(rules.objective), rules.penalties)
        self._generator = Player(networks["generator"], rules.generator)
        self._discriminator = Player(networks["discriminator"], rules.discriminator)
        self._reader = Player(networks["reader"], rules.reader)
        self.players = {"generator": self._generator, "discriminator": self._discriminator}
        if rules.reader_weight:
            self.players["reader"] = self._reader

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the discriminator's turn comes first, the generator's is on the same fakes."""
        (batch,) = batches
        share, scale, config = progress.share, progress.rate_scale, self.config
        noise = config.noise_for(batch["source"], self.randomness.stream("noise"), step)
        with self.precision():
            fake = self._generator.network(batch["source"], batch["condition"], noise)
        told = self._told(step, batch, fake.detach(), share)
        learn([self._discriminator], told, share, scale)
        losses = {"discriminator": told}
        if config.reader_weight:
            losses["reader"] = self._read(step, _values(batch["source"], fake), batch["origin"])
            learn([self._reader], losses["reader"], share, scale)
        with self.precision():
            seen = Batch({"real": batch["real"], "condition": batch["condition"]})
            encounter = present(self._discriminator.network, seen, fake, None)
            kept = self._kept(step, batch, fake)
        fooling = self._losses.of_generator(encounter)
        keeping = min(1.0, share / config.warm_up_share) if config.warm_up_share else 1.0
        loss = sum((keeping * one for one in kept.values()), config.adversarial_weight * fooling)
        if config.reader_weight:
            is_asked = config.asked_of(batch["condition"])
            wanted = torch.where(is_asked, batch["condition"], batch["origin"])
            losses["asked"] = config.reader_weight * self._read(step, fake, wanted)
            loss = loss + losses["asked"]
        learn([self._generator], loss, share, scale)
        return {**losses, "generator": fooling, **kept}

    @torch.no_grad()
    def evaluate(self, fake: Samples, heldout: Batch, seen: Batch) -> Readings:
        """How fakes compare with real records of the same domains, and what they keep of their sources."""
        found = likeness(fake, heldout["real"])
        if fake.ndim > 2:
            found["content"] = edges_kept(_values(heldout["source"], fake), fake)
        if self.config.reader_weight:
            found["asked"] = self._read_right(fake, heldout["condition"])
        return found

    def _told(self, step: int, batch: Batch, fake: Samples, share: float) -> Scalar:
        """What the discriminator minimises."""
        with self.precision():
            examination = examine(
                self._discriminator.network,
                Batch({"real": batch["real"], "condition": batch["condition"]}),
                fake,
                None,
                wants_gradients=wants_gradients(self.config.penalties, step),
                inputs=Inputs(step=step),
                randomness=self.randomness,
            )
            return self._losses.of_discriminator(examination, step, share)

    def _read(self, step: int, samples: Samples, known: Tensor) -> Scalar:
        """How far from what is known a record under a little noise is read, the mean of attributes."""
        with self.precision():
            found = self._reader.network(self._hidden(step, self._coarse(step, samples))).float()
        losses = list[Tensor]()
        for read, right, is_measured in self._parted(found, known):
            if is_measured:
                losses.append((right.any(1, keepdim=True) * (read - right).square()).mean())
            else:
                losses.append(-(right * log_softmax(read, 1)).sum(1).mean())
        return sum(losses[1:], losses[0]) / len(losses)

    def _read_right(self, fake: Samples, condition: Tensor) -> float:
        """Share of fakes that are read as what was asked for; of numbers that of their variance that is."""
        found, shares = self.best["reader"](fake).float(), list[float]()
        for read, right, is_measured in self._parted(found, condition):
            is_asked = right.any(1)
            read, right = read[is_asked], right[is_asked]
            if not len(right):
                continue
            if is_measured:
                shares.append(max(0.0, 1 - (read[:, 0] - right[:, 0]).square().mean().item()))
            else:
                shares.append((read.argmax(1) == right.argmax(1)).float().mean().item())
        return sum(shares) / len(shares) if shares else 0.0

    def _parted(self, found: Tensor, known: Tensor) -> Iterator[tuple[Tensor, Tensor, bool]]:
        """Of each attribute what was read, what is right, and whether it is a number."""
        widths = [*self.config.parts] or known.shape[1]
        for place, pair in enumerate(zip(found.split(widths, 1), known.split(widths, 1), strict=True)):
            yield *pair, place in self.config.measured

    def _hidden(self, step: int, samples: Samples) -> Samples:
        """Samples under a little noise, in which nothing can be hidden."""
        noise = self.randomness.stream("hiding").normal(tuple(samples.shape), step).to(samples)
        return samples + self.config.hiding_noise * noise

    def _coarse(self, step: int, samples: Samples) -> Samples:
        """Samples of which only what is large enough is left."""
        scale, sides = self.config.reader_scales[step % len(self.config.reader_scales)], samples.shape[2:]
        if scale == 1 or not sides:
            return samples
        return resized(resized(samples, [max(1, side // scale) for side in sides]), sides)

    def _kept(self, step: int, batch: Batch, fake: Samples) -> dict[str, Scalar]:
        """How far what a record shows is not kept, weighted, by name."""
        config, generator = self.config, self._generator.network
        source = batch["source"]
        origin = batch["origin"] * config.asked_of(batch["condition"])
        values, found = _values(source, fake), dict[str, Scalar]()
        if config.cycle_weight:
            back = generator(_like(source, self._hidden(step, fake)), origin, None)
            found["cycle"] = config.cycle_weight * (back - values).abs().mean()
        if config.contrast_weight:
            found["contrast"] = config.contrast_weight * self._contrast(step, batch, fake)
        if config.identity_weight:
            n = -(-len(source) // IDENTITY_SHARE)
            same = generator(source[:n], origin[:n], None)
            found["identity"] = config.identity_weight * (same - values[:n]).abs().mean()
        if config.change_weight:
            base = self._own.base(source, batch["condition"])
            found["change"] = config.change_weight * (fake - base).abs().mean()
        return found

    def _contrast(self, step: int, batch: Batch, fake: Samples) -> Scalar:
        """See `place_contrast`, the mean over levels."""
        source, condition = batch["source"], batch["condition"]
        with torch.no_grad():
            base = self._own.base(source, condition)
            keys = self._own.features(base, source, condition)
        queries = self._own.features(fake, source, condition)
        chance = self.randomness.generator("places", step)
        losses = [
            place_contrast(query, key, self.config.n_places, self.config.temperature, chance)
            for query, key in zip(queries, keys, strict=True)
        ]
        return sum(losses[1:], losses[0]) / len(losses)

    @property
    def _own(self) -> Any:
        """The generator as it learns: see `DomainTranslator`."""
        return self._generator.network


def place_contrast(
    queries: Tensor, keys: Tensor, n_places: int, temperature: float, generator: torch.Generator
) -> Scalar:
    """Cross-entropy of finding the place of each query among places of the same record, in nats.

    Args:
        queries: What is seen of the results, shape `(batch, channels, *grid)`.
        keys: What is seen of the sources; no gradient goes there.
        n_places: That are drawn, the same for all records.
        temperature: By which cosines are divided.
        generator: Draws them.

    Source: Park et al. 2020, eq. 3 and 4, the negatives from the same picture (arXiv:2007.15651).
    """
    queries, keys = queries.flatten(2).float(), keys.detach().flatten(2).float()
    places = torch.randperm(queries.shape[2], generator=generator)[:n_places].to(queries.device)
    ours, theirs = (normalize(side[..., places], dim=1) for side in (queries, keys))
    alike = torch.einsum("bcq,bck->bqk", ours, theirs) / temperature
    n, n_queries = len(alike), len(places)
    return cross_entropy(alike.flatten(0, 1), torch.arange(n_queries, device=alike.device).repeat(n))


def edges_kept(source: Samples, fake: Samples) -> float:
    """Correlation of how steep the mean of the channels is, in sources and in fakes; 1: the same edges.

    Args:
        source: Shape `(batch, n_channels, *grid)`.
        fake: The same.
    """
    steep = []
    for side in (source, fake):
        grey = side.float().mean(1)
        slopes = [grey.diff(dim=axis).abs() for axis in range(1, grey.ndim)]
        sides = [range(min(slope.shape[axis] for slope in slopes)) for axis in range(1, grey.ndim)]
        steep.append(sum(slope[(slice(None), *(slice(len(one)) for one in sides))] for slope in slopes))
    ours, theirs = (one.flatten(1) - one.flatten(1).mean(1, keepdim=True) for one in steep)
    size = ours.norm(dim=1) * theirs.norm(dim=1)
    return ((ours * theirs).sum(1) / size.clamp_min(1e-12)).mean().item()


def _values(source: Tensor, fake: Tensor) -> Tensor:
    """The values of sources, without what else is known at each place."""
    return source[:, : fake.shape[1]]


def _like(source: Tensor, fake: Tensor) -> Tensor:
    """Fakes as sources: with what else is known at each place."""
    return torch.cat([fake, source[:, fake.shape[1] :]], 1)
