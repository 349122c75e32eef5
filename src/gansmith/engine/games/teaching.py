"""A generator that makes what others learn from.

Each step a new learner, with weights of its own, takes a few steps on generated records and is then examined
on real ones. The examination is differentiated through the learner's steps back to the generator: it learns
to teach, whatever its records look like.

Source:
    Such et al. 2020, "Generative teaching networks" (arXiv:1912.07768).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from jaxtyping import Int
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy, one_hot

from gansmith.engine.batches import Batch, Samples, Scalar
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings, device_of
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.settings import PositiveFloat, PositiveInt, field, settings


@final
@settings(kw_only=True)
class TeachingRules(AbstractRules):
    """The rules: a generator, and a `learner` whose weights are drawn anew for each lesson.

    The generator maps latents and classes as one-hot vectors to samples, the learner samples to class logits.
    Batches have `labels`, whole numbers from 0.
    """

    name: ClassVar[str] = "teaching"
    roles: ClassVar[tuple[str, ...]] = ("generator", "learner")
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    of_networks: ClassVar[tuple[str, ...]] = ("n_latents", "n_classes")

    n_latents: PositiveInt
    """Noise values per generated record."""
    n_classes: PositiveInt
    """Classes to be taught."""
    n_lessons: PositiveInt = 3
    """Steps that a learner takes before it is examined."""
    learner_rate: PositiveFloat = 0.1
    """The learner's step size, plain gradient descent."""
    generator: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, beta1=0.9))
    """How the generator learns."""

    def start(self, networks: Networks, randomness: Randomness) -> Teaching:
        return Teaching(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """A record for each of the `labels` given; without labels all classes take turns."""
        labels = given.get("labels")
        if labels is None:
            labels = torch.arange(len(given)) % self.n_classes
        device = device_of(networks)
        latents = stream.normal((len(given), self.n_latents), index).to(device)
        return networks["generator"](latents, one_hot(labels.to(device), self.n_classes).float())


@final
class Teaching(AbstractGame):
    """A generator and its pupils."""

    def __init__(self, rules: TeachingRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self._learner = networks["learner"].requires_grad_(False)
        self.players = {"generator": Player(networks["generator"], rules.generator)}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the loss is that of the examined learner."""
        (batch,) = batches
        generator = self.players["generator"]
        with self.precision():
            stream = self.randomness.stream("lessons")
            taught = self._taught(self.networks, len(batch), stream, step)
            loss, _ = self._examined(taught, batch)
        learn([generator], loss, progress.share, progress.rate_scale)
        return {"learner": loss}

    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How a learner that was taught does on held-out records; the share that it gets right is a score."""
        stream = self.randomness.stream("evaluation/lessons")
        size = min(len(heldout), self.config.batch_size)
        taught = self._taught(self.best, size, stream, 0, is_watched=False)
        with torch.no_grad():
            loss, accuracy = self._examined(taught, heldout)
        return {"learner_loss": loss.item(), "learner_accuracy": accuracy.item()}

    def _taught(
        self, networks: Networks, n_records: int, stream: Stream, index: int, *, is_watched: bool = True
    ) -> dict[str, Tensor]:
        """The weights of a new learner after its lessons; differentiable for the generator where watched."""
        weights = self._new_weights(stream, index)
        labels = torch.arange(n_records, device=self.device) % self.config.n_classes
        for lesson in range(self.config.n_lessons):
            part = stream.part(str(lesson))
            given = Batch({"labels": labels})
            records = self.config.generate(networks, given, part, index)
            loss = cross_entropy(functional_call(self._learner, weights, (records,)).float(), labels)
            gradients = torch.autograd.grad(loss, [*weights.values()], create_graph=is_watched)
            weights = {
                name: weight - self.config.learner_rate * gradient
                for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
            }
        return weights

    def _examined(self, weights: dict[str, Tensor], batch: Batch) -> tuple[Scalar, Tensor]:
        """Loss of a learner on real records, and the share that it gets right."""
        labels: Int[Tensor, " batch"] = batch["labels"]
        logits = functional_call(self._learner, weights, (batch["real"],)).float()
        return cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean()

    def _new_weights(self, stream: Stream, index: int) -> dict[str, Tensor]:
        """First weights of a learner: normal, with the deviation that keeps the size of what goes through."""
        named = dict(self._learner.named_parameters())
        noise = stream.normal((sum(weight.numel() for weight in named.values()),), index).to(self.device)
        parts = noise.split([weight.numel() for weight in named.values()])
        return {
            name: (
                part.view_as(weight) * (2 / weight[0].numel()) ** 0.5 if weight.ndim > 1 else 0 * part
            ).requires_grad_()
            for (name, weight), part in zip(named.items(), parts, strict=True)
        }
