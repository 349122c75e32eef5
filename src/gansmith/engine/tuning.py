"""What a user may choose of how networks learn, on every kind of data; quickly imported.

Whatever is not chosen is None and follows from the data: rules and networks stay as they were planned.

>>> tuning = Tuning(latents="quarter", generator_widths="halfway", learning_rate=0.005)
>>> sorted(tuning.chosen())
['generator_widths', 'latents', 'learning_rate']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, Final, Literal, TypeVar, final

from gansmith.errors import UsageError
from gansmith.nets.settings import (
    MAX_WIDTH,
    Activation,
    BatchStatistic,
    LatentsRule,
    WeightInit,
    Widths,
    rule_of_thumb_sizes,
)
from gansmith.settings import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    Offered,
    PositiveFloat,
    PositiveInt,
    settings,
    settings_of,
)

Optimiser = Literal["adam", "sgd", "rmsprop"]
"""How a step follows from gradients."""
LatentDistribution = Literal["normal", "uniform"]
"""Standard normal numbers, or numbers evenly from [-1, 1)."""
Turns = Literal["fresh", "same_fakes", "one_pass"]
"""One after the other, each on records and fakes of its own; on the same ones, a pass of the generator less;
or at the same time, from one pass of the discriminator, the cheapest."""
T = TypeVar("T")

OF_NETWORKS: Final = (
    "generator_widths", "discriminator_widths", "activation", "weights", "minibatch", "spectral_norm",
)  # fmt: skip
"""Settings of networks; the others are of the rules."""
OF_MODEL: Final = (*OF_NETWORKS, "latents", "latent_distribution", "n_packed")
"""Settings that a learnt model has for good."""
_PLACES: Final[Mapping[str, tuple[str, tuple[str, ...] | None]]] = {
    "latents": ("n_latents", None),
    "learning_rate": ("learning_rate", ()),
    "generator_learning_rate": ("learning_rate", ("generator",)),
    "discriminator_learning_rate": ("learning_rate", ("discriminator",)),
    "optimiser": ("optimiser", ()),
    "beta1": ("beta1", ()),
    "beta2": ("beta2", ()),
    "average_half_life_samples": ("average_half_life_samples", ("generator", "learner")),
    "weight_clip": ("weight_clip", ("discriminator",)),
}
"""By setting: the name of its field, and the players of a game that have it, by the names that
rules give them; empty: all; None: the rules. Others are fields of the rules, of the same name."""


@settings(kw_only=True)
class AbstractTuning:
    """What may be chosen of networks and rules; None takes what the preset chooses from the data."""

    latents: Annotated[
        Annotated[int, Field(ge=1, le=MAX_WIDTH)] | LatentsRule | None, Offered(form="N|RULE")
    ] = None
    """Noise values per record: a number, or the "root", "half" or "quarter" of the number of values of a
    record."""
    latent_distribution: LatentDistribution | None = None
    """Distribution of the noise: "normal", or "uniform" in [-1, 1)."""
    generator_widths: Annotated[Widths | Literal["halfway"] | None, Offered(form="N,N,...")] = None
    """Units of the generator's hidden layers, from the latents to the record; "halfway": one layer, halfway
    between latents and record."""
    discriminator_widths: Annotated[Widths | Literal["halfway"] | None, Offered(form="N,N,...")] = None
    """Units of the discriminator's hidden layers, from the record to the logit; "halfway": two layers, a half
    and a quarter of the values of a record."""
    activation: Activation | None = None
    """Activation function: leaky_relu, relu, tanh, elu, gelu or silu."""
    weights: WeightInit | None = None
    """Initial weights: lecun (PyTorch's default), xavier, he, orthogonal, or normal (standard deviation
    0.02)."""
    batch_size: PositiveInt | None = None
    """Real records per batch; at most all training records."""
    learning_rate: PositiveFloat | None = None
    """Learning rate of all players at the start; the schedule of the game still applies."""
    generator_learning_rate: PositiveFloat | None = None
    """Learning rate of the generator; overrides learning_rate."""
    discriminator_learning_rate: PositiveFloat | None = None
    """Learning rate of the discriminator; overrides learning_rate."""
    optimiser: Optimiser | None = None
    """Optimiser of all players: adam, sgd or rmsprop."""
    beta1: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Adam's decay rate of the mean gradient; the momentum of SGD and RMSprop."""
    beta2: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Adam's decay rate of the mean squared gradient; the smoothing constant of RMSprop."""
    n_discriminator_turns: PositiveInt | None = None
    """Discriminator updates per step; if several, each on new real and fake records."""
    n_generator_turns: PositiveInt | None = None
    """Generator updates per step; if several, each on new fakes."""
    turns: Turns | None = None
    """What the players' turns share: fresh (nothing), same_fakes, or one_pass (fakes and one
    pass of the discriminator; the fastest)."""
    average_half_life_samples: NonNegativeFloat | None = None
    """Half-life, in samples seen, of the moving average of weights that makes the records; 0: no average."""
    objective: str | None = None
    """The losses of the players, with their usual penalties; see `gansmith list objectives`."""
    penalties: Annotated[
        Mapping[str, NonNegativeFloat] | Literal["auto"] | None,
        Offered(option="--penalty", form="NAME=WEIGHT"),
    ] = None
    """What keeps the discriminator smooth, instead of the usual penalties; see `gansmith list penalties`.
    "auto": those of the preset, with the weight that scores best in short trials; "none" ({} in Python):
    none."""
    weight_clip: PositiveFloat | None = None
    """Clip the weights of the discriminator to this absolute value; WGAN 2017 has 0.01, with the objective
    wasserstein and no penalties."""
    spectral_norm: bool | None = None
    """Divide each weight matrix of the discriminator by its largest singular value."""
    n_packed: Annotated[int | None, Field(ge=1, le=16), Offered(option="--packed")] = None
    """Records that the discriminator judges together (PacGAN), against mode collapse; 2 is enough."""
    minibatch: BatchStatistic | None = None
    """Minibatch statistic that the discriminator sees, against mode collapse: deviation or discrimination."""
    replay_share: Annotated[float | None, Field(ge=0, le=1), Offered(option="--replay")] = None
    """Share of earlier fakes among those the discriminator learns from, against oscillation."""
    input_noise: NonNegativeFloat | None = None
    """Standard deviation of noise added to the discriminator's input; it decays to 0 during the run."""
    augmentations: Annotated[
        Mapping[str, Annotated[float, Field(ge=0, le=1)]] | None,
        Offered(option="--augmentation", form="NAME=CHANCE"),
    ] = None
    """Random changes of what the discriminator sees, with their probabilities, for few records; see `gansmith
    list augmentations`."""
    augmentation_target: Annotated[float | None, Field(ge=0, le=1)] = None
    """Adaptive augmentation: how much the discriminator may overfit, from 0 to 1, such as 0.6, before records
    are changed more often; the probabilities of the augmentations are then upper limits."""
    label_smoothing: Annotated[float | None, Field(ge=0, lt=0.5)] = None
    """One-sided label smoothing: the weight with which real records count as fake."""
    terms: Annotated[Mapping[str, NonNegativeFloat] | None, Offered(option="--term", form="NAME=WEIGHT")] = (
        None
    )
    """Further terms of the losses, with their weights; see `gansmith list terms`."""
    n_unrolled: Annotated[NonNegativeInt | None, Offered(option="--unrolled")] = None
    """Unrolled discriminator steps that the generator looks ahead, against oscillation; slow."""
    combined_batch: bool | None = None
    """Put real and fake records into one batch with one loss."""

    def __post_init__(self) -> None:
        weights = None if self.penalties == "auto" else self.penalties
        if self.objective is not None or weights or self.terms or self.augmentations:
            from gansmith.engine.names import check_names  # what has these names is made of tensors

            check_names(self.objective, weights or {}, self.terms or {}, self.augmentations or {})

    def chosen(self) -> dict[str, Any]:
        """All that is not left to the data, by name."""
        values = {one.name: getattr(self, one.name) for one in settings_of(AbstractTuning)}
        return {name: value for name, value in values.items() if value is not None}

    def for_rules(self, n_values: int) -> Iterator[tuple[str, str, tuple[str, ...] | None, Any]]:
        """What is chosen of the rules of a game for records of so many values.

        Of each setting: its name, that of its field, the players that have it (see `_PLACES`), and its value;
        what goes before something else comes after it.
        """
        chosen = {name: value for name, value in self.chosen().items() if name not in OF_NETWORKS}
        if isinstance(self.latents, str):
            chosen["latents"] = rule_of_thumb_sizes(n_values, self.latents).n_latents
        if max(self.n_discriminator_turns or 1, self.n_generator_turns or 1) > 1 or self.n_unrolled:
            chosen.setdefault("turns", "fresh")  # no other turns are more than one of each player
        if self.penalties == "auto":
            del chosen["penalties"]  # they are probed when all else is known
        for setting, value in chosen.items():
            yield setting, *_PLACES.get(setting, (setting, None)), value


@final
@settings(kw_only=True)
class Tuning(AbstractTuning):
    """Nothing else."""


def tuned_networks(networks: T, tuning: AbstractTuning, n_values: int, rules: Any) -> T:
    """The networks' settings of a plan, of any kind of data, with what a user has chosen.

    The rules of the game are tuned already.

    Raises:
        UsageError: When these networks have no such setting, or a rule of thumb gives too many units.
    """
    of_kind: Any = networks
    chosen = {name: value for name, value in tuning.chosen().items() if name in OF_NETWORKS}
    known = {field.name for field in fields(of_kind)}
    for name, value in chosen.items():
        if name not in known:
            raise UsageError(f"the networks of this kind of data have no setting {name!r}. Leave it out.")
        if value == "halfway":
            chosen[name] = getattr(rule_of_thumb_sizes(n_values, getattr(rules, "n_latents", 1)), name)
    return replace(of_kind, **chosen)
