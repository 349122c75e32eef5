"""The engine alone: two tiny networks learn a ring of eight points."""

import math

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Batches
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training


class Generator(nn.Module):
    """Two latents to a point in the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Shape (batch, 2) to (batch, 2)."""
        return self.net(latents)


class Discriminator(nn.Module):
    """A point in the plane to a logit."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Shape (batch, 2) to (batch,)."""
        return self.net(samples).squeeze(1)


torch.set_num_threads(1)  # networks this small are fastest on one core
randomness = Randomness(seed=0)
angles = torch.arange(2000) % 8 * (2 * math.pi / 8)
points = torch.stack([angles.cos(), angles.sin()], 1) + 0.05 * randomness.normal((2000, 2), "ring", 0)

learner = PlayerConfig(learning_rate=2e-3, final_learning_rate=2e-4, average_half_life_samples=10_000)
rules = AdversarialRules(
    batch_size=128,
    n_latents=2,
    penalties=(PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1)),
    generator=learner,
    discriminator=learner,
)
with torch.random.fork_rng():
    torch.manual_seed(0)
    game = rules.start({"generator": Generator(), "discriminator": Discriminator()}, randomness)
batches = Batches.of(points[500:], rules.batch_size, randomness)
evaluation = Evaluation(heldout=Batch({"real": points[:500]}), seen=batches.first(500))
training = Training(game, batches, TrainConfig(128 * 1500), evaluation)
for record in training:
    if record.readings:
        print(f"step {record.step}: coverage {record.readings['coverage']:.2f}", *record.findings)
