"""The article's game: how many milliseconds an iteration takes, here and in a plain PyTorch loop.

The loop is written as an article would: `nn.Sequential`, `nn.BCELoss` on a sigmoid's output, a `DataLoader`,
two `torch.optim.Adam`. Same sizes, same data, same rules, one thread; several rounds in turn, so that
whatever else the machine does meets both.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

import torch
from torch import Tensor, nn

from bench.machine import machine, one_thread
from gansmith.engine.batches import Batches
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import TrainConfig, Training
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.networks import networks_for
from gansmith.modalities.image.presets import article

N_RECORDS: Final = 177
SIDE: Final = 8
N_PIXELS: Final = SIDE**2
N_EPOCHS: Final = 60
TARGET: Final = 0.65


def plain(records: Tensor) -> float:
    """Milliseconds per iteration of the plain loop."""
    generator = nn.Sequential(nn.Linear(20, 40), nn.Tanh(), nn.Linear(40, 64), nn.Sigmoid())
    discriminator = nn.Sequential(
        nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid()
    )
    for layer in (*generator, *discriminator):
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    generator_optimiser = torch.optim.Adam(generator.parameters(), lr=0.005)
    discriminator_optimiser = torch.optim.Adam(discriminator.parameters(), lr=0.005)
    criterion = nn.BCELoss()
    data = torch.utils.data.TensorDataset(records)
    loader = torch.utils.data.DataLoader(data, batch_size=10, shuffle=True, drop_last=True)
    real_labels, fake_labels = torch.ones(10, 1), torch.zeros(10, 1)
    n_iterations, started = 0, time.perf_counter()
    for _ in range(N_EPOCHS):
        for (real,) in loader:
            discriminator_optimiser.zero_grad()
            real_loss = criterion(discriminator(real), real_labels)
            fake = generator(torch.randn(10, 20))
            fake_loss = criterion(discriminator(fake.detach()), fake_labels)
            (real_loss + fake_loss).backward()
            discriminator_optimiser.step()

            generator_optimiser.zero_grad()
            loss = criterion(discriminator(generator(torch.randn(10, 20))), real_labels)
            loss.backward()
            generator_optimiser.step()
            n_iterations += 1
    return 1e3 * (time.perf_counter() - started) / n_iterations


def ours(records: Tensor) -> float:
    """Milliseconds per step of the same game here, records, monitors and checkpoints in memory included."""
    pixels = (255 * records).byte().numpy().reshape(-1, SIDE, SIDE)
    codec = ImageCodec.fit(ImageFormat().read(pixels, ImageOptions()), ImageOptions(), 0)
    plan, randomness = article(codec, N_RECORDS, 0), Randomness(0)
    game = plan.game.start(networks_for(codec.shape, 0, plan.networks, plan.game), randomness)
    batches = Batches.of(records.reshape(-1, *codec.shape), plan.game.batch_size, randomness)
    n_epoch = N_RECORDS // plan.game.batch_size * plan.game.batch_size
    n_steps, started = 0, time.perf_counter()
    for _ in Training(game, batches, TrainConfig(N_EPOCHS * n_epoch)):
        n_steps += 1
    return 1e3 * (time.perf_counter() - started) / n_steps


def run(n_rounds: int = 9) -> dict[str, Any]:
    """All rounds, one line each, and the median ratio."""
    print(f"The classic game (Goodfellow et al. 2014), milliseconds per iteration, one thread; {machine()}")
    print("round  plain   ours  ratio")
    records = torch.rand(N_RECORDS, N_PIXELS, generator=torch.Generator().manual_seed(0))
    rounds: list[tuple[float, float]] = []
    with one_thread():
        plain(records)
        for index in range(n_rounds):
            rounds.append((plain(records), ours(records)))
            print(f"{index:5}  {rounds[-1][0]:.3f}  {rounds[-1][1]:.3f}  {rounds[-1][1] / rounds[-1][0]:.3f}")
    ratio = statistics.median(ours / plain for plain, ours in rounds)
    print(f"median ratio {ratio:.3f} (target: at most {TARGET})")
    return {"rounds": rounds, "ratio": ratio}
