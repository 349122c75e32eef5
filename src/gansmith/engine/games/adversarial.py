"""The game of two: a generator and a discriminator, and in which turns they learn.

The discriminator learns from real records and fakes; then the generator learns what the discriminator, as it
is by then, says of its fakes. These are fresh ones, or, cheaper, those that the discriminator has just learnt
from. Or both learn at the same time from one pass of the discriminator: without batch statistics its input
gradient at a fake is all that the generator's own turn would ask it for. One backward pass and one optimiser
step per player and turn, always.

Source:
    Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661); Huang et al. 2024, "The GAN is
    dead; long live the GAN!" (arXiv:2501.05441): relativistic pairing with R1 and R2 is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch, Latents, Logits, Samples, Scalar
from gansmith.engine.encounter import Encounter, Examination, discriminator_loss, due, examine, present
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings, device_of
from gansmith.engine.judge import AbstractWholeBatchDiscriminator, said
from gansmith.engine.monitors import accuracies, decision_threshold, likeness, memory_gap
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream, latents_of
from gansmith.engine.terms import TermConfig
from gansmith.engine.tuning import LatentDistribution, Turns
from gansmith.errors import UsageError
from gansmith.settings import PositiveInt, field, settings

FLAT: Final = 1e-20
"""Slopes below are not divided by: a hinge has none at all, others none where the discriminator is sure."""


@final
@settings(kw_only=True)
class AdversarialRules(AbstractRules):
    """The rules of the game of two.

    The generator maps latents `(batch, n_latents)` and conditions, or None, to samples `(batch, *sample)`;
    the discriminator maps samples and conditions to logits `(batch,)`, or to a `Judgement`.
    """

    name: ClassVar[str] = "adversarial"
    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    of_networks: ClassVar[tuple[str, ...]] = ("n_latents", "latent_distribution", "objective", "penalties")

    n_latents: PositiveInt
    """Noise values per fake record."""
    latent_distribution: LatentDistribution = "normal"
    """Of the noise: "normal", or "uniform" in [-1, 1)."""
    objective: str = "relativistic"
    """A key of `OBJECTIVES`."""
    penalties: tuple[PenaltyConfig, ...] = (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    """What keeps the discriminator smooth."""
    terms: tuple[TermConfig, ...] = ()
    """What the players want beside that."""
    generator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the generator learns."""
    discriminator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the discriminator learns."""
    full_rate_samples: PositiveInt | None = None
    """A run of more samples than this learns in as many smaller steps: its learning rates are divided by how
    much longer it is. None: the same rates, however long."""
    n_discriminator_turns: PositiveInt = 1
    """Turns of the discriminator in each step, before those of the generator."""
    n_generator_turns: PositiveInt = 1
    """Turns of the generator in each step, each on fakes of its own."""
    turns: Turns = "fresh"
    """How turns follow each other."""

    def __post_init__(self) -> None:
        find_objective(self.objective)
        for player in ("discriminator", "generator"):
            n_turns = getattr(self, f"n_{player}_turns")
            if self.turns != "fresh" and n_turns > 1:
                raise UsageError(
                    f"turns {self.turns!r} are one of each player, not {n_turns} of the {player}. "
                    f"Leave out turns or n_{player}_turns."
                )

    @property
    def n_batches(self) -> int:
        """One for each turn on fresh records that compares them with fakes."""
        is_comparing = find_objective(self.objective).is_relative or any(
            term.is_for("generator") for term in self.terms
        )
        is_on_others = is_comparing and self.turns == "fresh"
        return self.n_discriminator_turns + (self.n_generator_turns if is_on_others else 0)

    @property
    def samples_per_step(self) -> int:
        """Those that the discriminator learns from."""
        return self.batch_size * self.n_discriminator_turns

    def start(self, networks: Networks, randomness: Randomness) -> Adversarial:
        return Adversarial(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """Records from latents, with the `condition` that was given."""
        noise = given.get("noise")
        if noise is None:
            noise = self.noise(len(given), stream, index)
        latents = latents_of(noise, self.latent_distribution).to(device_of(networks))
        return networks["generator"](latents, given.get("condition"))

    def noise(self, n_records: int, stream: Stream, index: int) -> Float[Tensor, "batch n_latents"]:
        """What becomes the latents."""
        return stream.normal((n_records, self.n_latents), index)

    def latents(self, n_records: int, stream: Stream, index: int) -> Latents:
        """Latents for so many records."""
        return latents_of(self.noise(n_records, stream, index), self.latent_distribution)

    def realism(
        self, networks: Networks, batch: Batch, readings: Mapping[str, float]
    ) -> Float[Tensor, " batch"]:
        """The discriminator's; where the objective compares, its threshold lies between both sides."""
        if "discriminator" not in networks:
            raise UsageError("this model was saved for sampling only: it has no discriminator to be asked.")
        logits = said(networks["discriminator"], batch["real"], batch.get("condition")).logits
        return torch.sigmoid(logits - readings.get("decision_threshold", 0.0))

    def rate_scale(self, progress: Progress) -> float:
        """What learning rates are multiplied with, beside their schedules."""
        full = self.full_rate_samples
        return progress.rate_scale * (1.0 if full is None else min(1.0, full / progress.n_samples))


@final
class Adversarial(AbstractGame):
    """A generator against a discriminator."""

    def __init__(self, rules: AdversarialRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self.generator = Player(networks["generator"], rules.generator)
        self.discriminator = Player(networks["discriminator"], rules.discriminator)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}
        self._objective = find_objective(rules.objective)
        if rules.turns == "one_pass" and isinstance(
            networks["discriminator"], AbstractWholeBatchDiscriminator
        ):
            raise UsageError(
                "both players cannot learn from one pass of a discriminator that looks at a whole batch: "
                "what it says of a fake depends on the others. Choose other turns."
            )

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the losses are those of the last turn of each player, penalties included."""
        turns = {"fresh": self._fresh, "same_fakes": self._same_fakes, "one_pass": self._one_pass}
        losses = turns[self.config.turns](step, batches, progress)
        return {"discriminator": losses[0], "generator": losses[1]}

    def evaluate(self, fake: Samples, heldout: Batch, seen: Batch) -> Readings:
        """How the fakes compare, how the discriminator judges, and where its threshold lies."""
        judge = self.best["discriminator"]
        with torch.no_grad():
            condition = heldout.get("condition")
            fake_logits = said(judge, fake, condition).logits
            real_logits = said(judge, heldout["real"], condition).logits
            seen_logits = said(judge, seen["real"], seen.get("condition")).logits
        threshold = decision_threshold(real_logits, fake_logits, is_relative=self._objective.is_relative)
        return {
            **accuracies(real_logits, fake_logits, threshold),
            **likeness(fake, heldout["real"]),
            "memory_gap": memory_gap(seen_logits, real_logits),
            "decision_threshold": threshold,
        }

    # --- In which turns ----------------------------------------------------------------------------------

    def _fresh(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        share, scale = progress.share, self.config.rate_scale(progress)
        loss = torch.zeros(())
        for turn in range(self.config.n_discriminator_turns):
            loss = self.discriminator_turn(step, turn, batches[turn], share)
            learn([self.discriminator], loss, share, scale)
        generator_loss = torch.zeros(())
        of_generator = batches[self.config.n_discriminator_turns :] or batches[-1:]
        for turn in range(self.config.n_generator_turns):
            generator_loss = self.generator_turn(step, turn, of_generator[turn % len(of_generator)])
            learn([self.generator], generator_loss, share, scale)
        return loss, generator_loss

    def discriminator_turn(self, step: int, turn: int, batch: Batch, share: float) -> Scalar:
        """The discriminator's loss on a batch and fresh fakes."""
        latents = self._latents(step, turn, batch)
        with torch.no_grad():
            fake = self._made(latents, batch)
        return self._discriminator_loss(self._examined(step, batch, fake, latents), step, share)

    def generator_turn(self, step: int, turn: int, batch: Batch) -> Scalar:
        """The generator's loss on fresh fakes, and on a batch where it compares."""
        latents = self._latents(step, self.config.n_discriminator_turns + turn, batch)
        return self._generator_loss(self._presented(batch, self._made(latents, batch), latents))

    def _same_fakes(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        share, scale = progress.share, self.config.rate_scale(progress)
        (batch,) = batches
        latents = self._latents(step, 0, batch)
        fake = self._made(latents, batch)
        loss = self._discriminator_loss(self._examined(step, batch, fake, latents), step, share)
        learn([self.discriminator], loss, share, scale)
        generator_loss = self._generator_loss(self._presented(batch, fake, latents))
        learn([self.generator], generator_loss, share, scale)
        return loss, generator_loss

    def _one_pass(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        share, scale = progress.share, self.config.rate_scale(progress)
        (batch,) = batches
        latents = self._latents(step, 0, batch)
        fake = self._made(latents, batch)
        examination = self._examined(step, batch, fake, latents, is_shared=True)
        loss = self._discriminator_loss(examination, step, share)
        generator_loss = self._generator_loss(examination.encounter)
        slopes = self._slopes(examination.encounter)
        pull = self._pull(examination, generator_loss, *slopes)
        learn([self.discriminator], loss, share, scale, also=[examination.both] if pull is None else [])
        if pull is None:
            assert examination.both.grad is not None
            ratio = (slopes[1] / slopes[0]).view(-1, *[1] * (fake.ndim - 1))
            pull = ratio * examination.both.grad[len(batch) :]
        learn([self.generator], fake, share, scale, gradient=pull.to(fake.dtype))
        return loss, generator_loss

    def _pull(
        self, examination: Examination, generator_loss: Scalar, slopes: Logits, generator_slopes: Logits
    ) -> Samples | None:
        """The gradient of the generator's loss for its fakes, as a turn of its own would find it.

        A fake's logit is a function of that fake alone. So its input gradient, which R2 needs anyway, times
        the slope of the generator's loss is that gradient; and the input gradient of the discriminator's loss
        is the same but for the ratio of both slopes, -exp(real - fake) for relativistic pairs.

        Args:
            examination: The shared pass.
            generator_loss: On it.
            slopes: Of the discriminator's objective for the logits of the fakes.
            generator_slopes: Of the generator's.

        Returns:
            None where the discriminator's own backward pass will tell, because that ratio is known.
        """
        judge, both = examination.judge, examination.both
        n = len(generator_slopes)
        has_terms = any(term.is_for("generator") for term in self.config.terms)
        if judge.has_gradients and not has_terms:
            return (generator_slopes[:, None] * judge.gradients(both)[n:].detach()).view_as(both[n:])
        if not self.config.terms and slopes.abs().min() > FLAT:
            return None
        (gradient,) = torch.autograd.grad(generator_loss, both, retain_graph=True)
        return gradient[n:]

    def _slopes(self, encounter: Encounter) -> tuple[Logits, Logits]:
        """Of the objectives of both players, the discriminator first, for the logits of the fakes."""
        real = encounter.of_real.logits.detach()
        fake = encounter.of_fake.logits.detach().requires_grad_()
        losses = (self._objective.discriminator(real, fake), self._objective.generator(real, fake))
        discriminator_slopes, generator_slopes = (
            torch.autograd.grad(loss.mean(), fake)[0] for loss in losses
        )
        return discriminator_slopes, generator_slopes

    # --- What all turns share ----------------------------------------------------------------------------

    def _made(self, latents: Latents, batch: Batch) -> Samples:
        with self.precision():
            return self.generator.network(latents, batch.get("condition"))

    def _examined(
        self, step: int, batch: Batch, fake: Samples, latents: Latents, *, is_shared: bool = False
    ) -> Examination:
        network, is_due = self.discriminator.network, bool(due(self.config.penalties, step))
        with self.precision():
            return examine(network, batch, fake, latents, wants_gradients=is_due, is_shared=is_shared)

    def _presented(self, batch: Batch, fake: Samples, latents: Latents) -> Encounter:
        network = self.discriminator.network
        with self.precision():
            if self._objective.is_relative or self.config.terms:
                return present(network, batch, fake, latents)
            of_fake = said(network, fake, batch.get("condition"))
            return Encounter(batch, fake, latents, of_fake, of_fake)  # nobody asks for the real ones

    def _discriminator_loss(self, examination: Examination, step: int, share: float) -> Scalar:
        with self.precision():
            loss = discriminator_loss(
                examination, self._objective, self.config.penalties, step, share, self.randomness
            )
            return self._with_terms(loss, examination.encounter, "discriminator")

    def _generator_loss(self, encounter: Encounter) -> Scalar:
        loss = self._objective.generator(encounter.of_real.logits, encounter.of_fake.logits).mean()
        return self._with_terms(loss, encounter, "generator")

    def _with_terms(
        self, loss: Scalar, encounter: Encounter, player: Literal["generator", "discriminator"]
    ) -> Scalar:
        for term in self.config.terms:
            if term.is_for(player):
                loss = loss + term.loss(encounter)
        return loss

    def _latents(self, step: int, turn: int, batch: Batch) -> Latents:
        stream = self.randomness.stream(f"latents/{turn}")
        return self.config.latents(len(batch), stream, step).to(batch["real"].device)
