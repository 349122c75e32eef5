"""The rules of the game of two: its settings, and what finished networks make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import Batch, Latents, Logits, Samples
from gansmith.engine.cures import Adjustments
from gansmith.engine.games.base import AbstractRules, Networks, Progress, device_of
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.inputs import Inputs
from gansmith.engine.judge import said
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness, Stream, latents_of
from gansmith.engine.terms import TermConfig
from gansmith.engine.tuning import LatentDistribution, Turns
from gansmith.errors import UsageError
from gansmith.nets.discriminators import AbstractWholeBatchDiscriminator
from gansmith.settings import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, field, settings

if TYPE_CHECKING:
    from gansmith.engine.games.adversarial import Adversarial

INVERTED_BATCH_SIZE: Final = 128
"""Records from which an encoder learns at once to invert the generator, at most."""
PACKED_BY_CURES: Final = 2
"""Records that a discriminator is built to judge at once where a cure may want that."""


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
    of_networks: ClassVar[tuple[str, ...]] = (
        "n_latents", "latent_distribution", "objective", "penalties", "n_packed", "packs_if_ill",
    )  # fmt: skip

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
    warm_up_samples: NonNegativeInt = 0
    """Samples over which learning rates rise to their full height: an optimiser without momentum begins with
    steps that are as large as they can be."""
    n_discriminator_turns: PositiveInt = 1
    """Turns of the discriminator in each step, before those of the generator."""
    n_generator_turns: PositiveInt = 1
    """Turns of the generator in each step, each on fakes of its own."""
    turns: Turns = "fresh"
    """How turns follow each other."""
    n_packed: Annotated[int, Field(ge=1, le=16)] = 1
    """Records that the discriminator judges at once."""
    packs_if_ill: bool = False
    """Whether it does so only once a cure wants it; until then each record is shown so many times over."""
    input_noise: NonNegativeFloat = 0.0
    """Standard deviation of the noise on what the discriminator sees, at the start of the run."""
    final_input_noise: NonNegativeFloat = 0.0
    """At the end, reached along a cosine."""
    augmentations: tuple[AugmentationConfig, ...] = ()
    """What is done to records before the discriminator sees them."""
    augmentation_target: Annotated[float | None, Field(ge=0, le=1)] = None
    """Share by which real records are judged rightly beyond chance at which augmentation is held; its chances
    rise from 0, each up to its own. None follows their schedule."""
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Share of the real records that counts as fake."""
    combined_batch: bool = False
    """Whether real records and fakes are one batch with one loss, the mean over all of its records; a
    discriminator that looks at whole batches sees both."""
    replay_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the fakes that the discriminator meets, those that are past ones."""
    n_replayed: PositiveInt = 4_096
    """Past fakes that are kept for that."""
    n_unrolled: NonNegativeInt = 0
    """Steps of the discriminator that the generator looks ahead."""

    def __post_init__(self) -> None:
        objective = find_objective(self.objective)
        if self.turns != "fresh" and self.n_unrolled:
            raise UsageError(
                f"looking ahead needs turns of the generator of its own, not {self.turns!r}. "
                "Leave out turns or n_unrolled."
            )
        if self.turns == "one_pass":
            self._check_one_pass()
        if self.augmentation_target is not None and not self.augmentations:
            raise UsageError(
                "augmentation_target holds the chance of augmentations: name one, or leave it out."
            )
        if self.label_smoothing and objective.threshold is None and not objective.is_relative:
            raise UsageError(
                f"the objective {self.objective!r} has no labels to be smoothed: only differences of logits "
                "mean something. Leave out label_smoothing, or choose another objective."
            )
        if self.combined_batch and objective.is_relative:
            raise UsageError(
                f"the objective {self.objective!r} compares real records with fakes: they cannot be one "
                "batch of labelled records. Leave out combined_batch, or choose another objective."
            )
        if self.n_unrolled and any(term.needs_features for term in self.terms):
            raise UsageError(
                "looking ahead does not go with terms that need features. Leave out n_unrolled or the terms."
            )
        for player in ("discriminator", "generator"):
            n_turns = getattr(self, f"n_{player}_turns")
            if self.turns != "fresh" and n_turns > 1:
                raise UsageError(
                    f"turns {self.turns!r} are one of each player, not {n_turns} of the {player}. "
                    f"Leave out turns or n_{player}_turns."
                )

    def _check_one_pass(self) -> None:
        """Raise UsageError where both players would have to see other fakes, or see them otherwise."""
        has_terms = any(term.is_for("generator") for term in self.terms)
        is_shown_otherwise = self.n_packed > 1 or self.input_noise or self.augmentations
        for is_so, what in (
            (self.replay_share > 0, "replay_share"),
            (self.combined_batch, "combined_batch"),
            (has_terms and bool(is_shown_otherwise), "terms with packing, noise or augmentations"),
        ):
            if is_so:
                raise UsageError(f"turns 'one_pass' do not go with {what}. Leave out one of them.")

    @property
    def n_batches(self) -> int:
        """One for each turn on fresh records that compares them with fakes."""
        is_comparing = (
            find_objective(self.objective).is_relative
            or self.combined_batch
            or any(term.is_for("generator") for term in self.terms)
        )
        is_on_others = is_comparing and self.turns == "fresh"
        return self.n_discriminator_turns + (self.n_generator_turns if is_on_others else 0)

    @property
    def samples_per_step(self) -> int:
        """Those that the discriminator learns from."""
        return self.batch_size * self.n_discriminator_turns

    def curable(self) -> AdversarialRules:
        """See the base class: the discriminator can judge packs, if it does not already."""
        is_fixed = self.n_packed > 1 or (self.turns == "one_pass" and self.terms)
        return self if is_fixed else replace(self, n_packed=PACKED_BY_CURES, packs_if_ill=True)

    @property
    def adjustable(self) -> tuple[str, ...]:
        """See the base class."""
        known = {
            "penalty_scale": bool(self.penalties),
            "input_noise": True,
            "replay_share": self.turns != "one_pass",
            "packs": self.packs_if_ill,
        }
        return (*super().adjustable, *(name for name, is_known in known.items() if is_known))

    def after(self, adjustments: Adjustments) -> AdversarialRules:
        """See the base class: packs that were begun with go on."""
        return replace(self, packs_if_ill=self.packs_if_ill and not adjustments.packs)

    def start(self, networks: Networks, randomness: Randomness) -> Adversarial:
        from gansmith.engine.games.adversarial import Adversarial  # it is made of its rules

        return Adversarial(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """Records from latents, with the `condition` that was given."""
        noise = given.get("noise")
        if noise is None:
            noise = self.noise(len(given), stream, index)
        latents = latents_of(noise, self.latent_distribution).to(device_of(networks))
        return networks["generator"](latents, given.get("condition"))

    def inverse(self) -> EncoderRules:
        """See the base class: an encoder inverts the generator."""
        return EncoderRules(
            batch_size=min(self.batch_size, INVERTED_BATCH_SIZE),
            n_latents=self.n_latents,
            latent_distribution=self.latent_distribution,
        )

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
        logits = self.alone(networks["discriminator"], batch["real"], batch)
        return torch.sigmoid(logits - readings.get("decision_threshold", 0.0))

    @torch.no_grad()
    def alone(self, judge: nn.Module, samples: Samples, batch: Batch) -> Logits:
        """What is said of each sample by itself, with the conditions of the batch.

        Where several are judged at once it is said of so many like it; a discriminator that looks at whole
        batches gets them in such as it has learnt from.
        """
        return self.logits(judge, Inputs(self.n_packed, is_packing=False), samples, batch)

    def logits(self, judge: nn.Module, inputs: Inputs, samples: Samples, batch: Batch) -> Logits:
        """What a discriminator says of samples with the conditions of a batch, shown as `inputs` has it."""
        shown, conditions = inputs.packed(samples), inputs.packed_condition(batch)
        if not isinstance(judge, AbstractWholeBatchDiscriminator):
            return said(judge, shown, conditions).logits
        parts = shown.split(self.batch_size)
        of_parts = [None] * len(parts) if conditions is None else conditions.split(self.batch_size)
        pairs = zip(parts, of_parts, strict=True)
        return torch.cat([said(judge, part, condition).logits for part, condition in pairs])

    def rate_scale(self, progress: Progress) -> float:
        """What learning rates are multiplied with, beside their schedules."""
        full, warm = self.full_rate_samples, self.warm_up_samples
        risen = min(1.0, progress.samples_seen / warm) if warm else 1.0
        return risen * progress.rate_scale * (1.0 if full is None else min(1.0, full / progress.n_samples))
