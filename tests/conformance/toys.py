"""Games small enough to be learnt in seconds: their networks, their records, and how they are played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gansmith.conformance import GameSubject
from gansmith.engine.batches import Batches, Shuffled, TensorDataset
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.contrast import ContrastRules
from gansmith.engine.games.domains import DomainRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.games.marginals import MarginalsRules
from gansmith.engine.games.paired import PairedRules
from gansmith.engine.games.sequence import SequenceRules
from gansmith.engine.games.teaching import TeachingRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training
from gansmith.nets.distributions import (
    AbstractDecoder,
    AbstractEncoder,
    AbstractRelaxed,
    AbstractSequential,
    normal_log_density,
)
from gansmith.nets.mixture import Measured, MixtureOfProducts

SMOOTH = (PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1))
AVERAGED = PlayerConfig(2e-3, 2e-4, average_half_life_samples=2_000)
TELLING = PlayerConfig(2e-3, 2e-4)


def layers(*widths: int) -> nn.Sequential:
    found: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        found += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*found[:-1])


class Maker(nn.Module):
    """Latents, and a condition where there is one, to points; or points to points."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.layers = layers(n_in, 32, 32, 2)

    def forward(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(inputs if conditions is None else torch.cat([inputs, conditions], 1))


class Mover(nn.Module):
    """Points and where they shall be to points there; noise moves them a little."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(4, 32, 32, 2)

    def forward(self, source: Tensor, condition: Tensor, noise: Tensor | None) -> Tensor:
        moved = source + self.layers(torch.cat([source, condition], 1))
        return moved if noise is None else moved + 0.01 * noise


class Teller(nn.Module):
    """Points to logits; beside conditions where it sees so many numbers of them."""

    def __init__(self, n_seen: int = 0) -> None:
        super().__init__()
        self.n_seen, self.layers = n_seen, layers(2 + n_seen, 32, 32, 1)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        beside = [] if conditions is None else [conditions[:, : self.n_seen]]
        return self.layers(torch.cat([samples, *beside], 1)).squeeze(1)


class Encoder(AbstractEncoder):
    """Points to where their latents may lie."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 32, 4)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(samples).chunk(2, 1)
        return mean, log_variance


class Decoder(AbstractDecoder):
    """Latents to round clouds of points."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 32, 2)
        self.log_variance = nn.Parameter(torch.zeros(()))

    def log_likelihood(self, samples: Tensor, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        log_variance = self.log_variance.expand(len(samples), 2)
        return normal_log_density(samples, self.layers(latents), log_variance)

    def forward(self, latents: Tensor, conditions: Tensor | None, generator: torch.Generator) -> Tensor:
        noise = torch.randn(len(latents), 2, generator=generator)
        return self.layers(latents) + (0.5 * self.log_variance).exp() * noise


class Sequence(AbstractSequential):
    """Points coordinate after coordinate, each from a normal distribution given the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(2))
        self.second = layers(1, 32, 2)

    def log_likelihood(self, parts: Mapping[str, Tensor], hiding: torch.Generator | None) -> Tensor:
        real = parts["real"]
        said = torch.stack([self.first.expand(len(real), 2), self.second(real[:, :1])], 1)
        return normal_log_density(real, said[..., 0], said[..., 1]) / 2

    def forward(self, noise: Tensor, conditions: Tensor | None) -> Tensor:
        one = self.first[0] + (0.5 * self.first[1]).exp() * noise[:, :1]
        mean, log_variance = self.second(one).chunk(2, 1)
        return torch.cat([one, mean + (0.5 * log_variance).exp() * noise[:, 1:]], 1)


class Speaker(Sequence, AbstractRelaxed):
    """The same as a row of one symbol, whose places are its coordinates."""

    def symbols(self, samples: Tensor) -> Tensor:
        return samples[:, None]

    def relaxed(
        self,
        n_records: int,
        conditions: Tensor | None,
        length: int,
        sharpness: float,
        generator: torch.Generator,
    ) -> Tensor:
        return self(torch.randn(n_records, 2, generator=generator), None)[:, None]


class Listener(nn.Module):
    """A logit for each of such rows."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 1)

    def forward(self, symbols: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(symbols.flatten(1))


class Swapper(AbstractCorruptor):
    """One cell of each row comes from another row; which one it is, is drawn."""

    def forward(self, samples: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, n_columns = samples.shape
        places = torch.randint(n_columns, (n,), generator=generator)
        is_changed = torch.nn.functional.one_hot(places, n_columns).bool()
        others = samples.roll(int(torch.randint(1, n, (), generator=generator)), 0)
        return torch.where(is_changed, others, samples), is_changed


def points(n: int = 512) -> dict[str, Tensor | None]:
    """Two clouds of two classes as `real`, another one elsewhere as `source`, paired at random."""
    noise = Randomness(5)
    labels = torch.arange(n) % 2
    centres = torch.tensor([[1.0, 1.0], [-1.0, 0.5]])
    real = centres[labels] + 0.2 * noise.normal((n, 2), "real", 0)
    stretched = noise.normal((n, 2), "source", 0) * torch.tensor([0.5, 0.1])
    source = torch.tensor([3.0, -2.0]) + stretched
    return {"real": real, "source": source, "labels": labels}


def clouds(n: int = 512) -> dict[str, Tensor | None]:
    """The same two clouds, each to be turned into the other."""
    real = points(n)["real"]
    assert real is not None
    codes = torch.eye(2)[torch.arange(n) % 2]
    return {"real": real, "condition": codes, "source": real.roll(3, 0), "origin": codes.roll(3, 0)}


PARTS = {"domains": clouds}
"""Of games that need others than `points`."""


@dataclass(frozen=True)
class Toy:
    """A game small enough to be learnt in seconds."""

    rules: AbstractRules
    make: Callable[[], dict[str, nn.Module]]
    n_steps: int = 800


TOYS = {
    "adversarial": Toy(
        AdversarialRules(
            batch_size=64, n_latents=2, penalties=SMOOTH, generator=AVERAGED, discriminator=TELLING
        ),
        lambda: {"generator": Maker(2), "discriminator": Teller()},
    ),
    "autoencoder": Toy(
        AutoencoderRules(batch_size=64, n_latents=2, learner=AVERAGED),
        lambda: {"encoder": Encoder(), "decoder": Decoder()},
    ),
    "contrast": Toy(
        ContrastRules(batch_size=64),
        lambda: {"corruptor": Swapper(), "discriminator": layers(2, 32, 32, 2)},
    ),
    "domains": Toy(
        DomainRules(
            batch_size=64,
            penalties=SMOOTH,
            cycle_weight=1.0,
            identity_weight=1.0,
            reader_weight=1.0,
            n_noise=2,
            generator=AVERAGED,
            discriminator=TELLING,
        ),
        lambda: {"generator": Mover(), "discriminator": Teller(2), "reader": layers(2, 16, 2)},
    ),
    "encoder": Toy(
        EncoderRules(batch_size=64, n_latents=2, learner=AVERAGED),
        lambda: {"generator": Maker(2), "encoder": Encoder()},
    ),
    "likelihood": Toy(LikelihoodRules(batch_size=64, generator=AVERAGED), lambda: {"generator": Sequence()}),
    "marginals": Toy(
        MarginalsRules(batch_size=64, n_columns=2, generator=PlayerConfig(3e-2, beta1=0.9, beta2=0.99)),
        lambda: {
            "generator": MixtureOfProducts((2, 2), 4),
            "measured": Measured((2, 2), [((0, 1), np.array([90.0, 10, 10, 90]), np.full(4, 25.0))], 200),
        },
    ),
    "paired": Toy(
        PairedRules(
            batch_size=64,
            penalties=SMOOTH,
            faithful_share=0.0,
            generator=AVERAGED,
            discriminator=TELLING,
        ),
        lambda: {"generator": Maker(2), "faithful": Maker(2), "discriminator": Teller()},
    ),
    "sequence": Toy(
        SequenceRules(
            batch_size=64, likelihood_share=0.5, game_rate=1.0, generator=AVERAGED, discriminator=TELLING
        ),
        lambda: {"generator": Speaker(), "discriminator": Listener()},
    ),
    "teaching": Toy(
        TeachingRules(
            batch_size=64, n_latents=2, n_classes=2, generator=PlayerConfig(5e-3, beta1=0.9, beta2=0.999)
        ),
        lambda: {"generator": Maker(4), "learner": layers(2, 16, 2)},
        n_steps=200,
    ),
}


def networks_of(name: str) -> dict[str, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TOYS[name].make()


def subject_of(name: str, folder, **rules: Any) -> GameSubject:
    changed = replace(TOYS[name].rules, **rules)
    dataset = TensorDataset(PARTS.get(name, points)())
    return GameSubject(changed, lambda: networks_of(name), dataset, folder)


def learnt(
    name: str,
    networks: Mapping[str, nn.Module] | None = None,
    parts: Mapping[str, Tensor | None] | None = None,
) -> tuple[Training, list[Any]]:
    """A whole run of a toy, and the readings of its evaluations."""
    toy, randomness = TOYS[name], Randomness(0)
    game = toy.rules.start(networks or networks_of(name), randomness)
    data = TensorDataset(parts or PARTS.get(name, points)())
    drawing = Shuffled(len(data), toy.rules.batch_size, randomness)
    heldout, seen = data.batch(torch.arange(256, 512)), data.batch(torch.arange(256))
    config = TrainConfig(toy.n_steps * toy.rules.samples_per_step, 4, 2)
    batches = Batches(data, drawing, randomness)
    training = Training(game, batches, config, Evaluation(heldout, seen, lambda fake, real: 0.5))
    return training, [record.readings for record in training if record.readings]
