"""What a game is to everybody else: named networks, and in which turns they learn.

Rules are frozen plain values and what follows from them without any state: which networks there are, and what
finished networks make. A game is rules that are being played: networks that learn, their optimisers, and all
that must survive an interruption. Training, models, cost and fine-tuning know these two classes and nothing
of what is inside; adding a game is adding one file and one line in `__init__.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import Batch, Samples
from gansmith.engine.checkpoint import below
from gansmith.engine.cures import UNTOUCHED, Adjustments
from gansmith.engine.penalties import penalties_chosen
from gansmith.engine.players import Player, PlayerConfig
from gansmith.engine.processors import Precision, matrix_precision, quick_full_products
from gansmith.engine.randomness import Randomness, Stream
from gansmith.engine.terms import TermConfig
from gansmith.engine.tuning import AbstractTuning
from gansmith.errors import UsageError
from gansmith.settings import PositiveInt, settings

Networks = Mapping[str, nn.Module]
Readings = dict[str, float]
"""What was read off a game at one moment, by name; see `gansmith.engine.monitors` for the names it knows."""


@final
@dataclass(frozen=True)
class Progress:
    """How far a run is on."""

    share: float
    """Of the run that is done, in [0, 1]; schedules are functions of it."""
    samples_seen: int = 0
    """Real records learnt from, those of this step among them."""
    n_samples: int = 1
    """Real records that the whole run will learn from."""
    rate_scale: float = 1.0
    """To be multiplied with all learning rates; below 1 after a roll-back or a cure."""
    adjustments: Adjustments = UNTOUCHED
    """What cures have changed."""


@settings(kw_only=True)
class AbstractRules(ABC):
    """The rules of a game."""

    name: ClassVar[str]
    """Users and files know it by that."""
    roles: ClassVar[tuple[str, ...]]
    """The networks that it is played with."""
    generating: ClassVar[tuple[str, ...]]
    """Those of them that finished networks generate with; the others may be left out of a model file."""
    is_read_by_fakes: ClassVar[bool] = True
    """Whether fakes are looked at to see how far it is; if not, none are made for that."""
    of_networks: ClassVar[tuple[str, ...]]
    """Settings that finished networks depend on, so that they cannot be changed afterwards."""

    batch_size: PositiveInt
    """Real records per batch."""
    precision: Precision = "float32"
    """Of matrix products: "float32", or "bfloat16", several times faster where the processor knows it."""

    @property
    def n_batches(self) -> int:
        """How many batches one step takes."""
        return 1

    @property
    def samples_per_step(self) -> int:
        """Real records that one step counts as seen."""
        return self.batch_size

    @abstractmethod
    def start(self, networks: Networks, randomness: Randomness) -> AbstractGame:
        """A game of these rules that has not begun; the networks will learn in place."""

    def noise(self, n_records: int, stream: Stream, index: int) -> Float[Tensor, "batch n_noise"]:
        """What `generate` draws for so many records where it is given no `noise`: standard normal values."""
        return torch.empty(n_records, 0)

    def between(
        self, ends: Float[np.ndarray, "2 n_noise"], shares: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n n_told"]:
        """Noise on the way from one record's to another's: along the sphere on which it lies.

        Args:
            ends: The noise of two records.
            shares: How far each point of the way is, from 0 to 1.

        Source:
            White 2016, "Sampling generative networks", section 2.1 (arXiv:1609.04468).
        """
        start, end = ends
        lengths = np.linalg.norm(start), np.linalg.norm(end)
        cosine = float(np.clip(start @ end / max(lengths[0] * lengths[1], 1e-12), -1.0, 1.0))
        angle = np.arccos(cosine)
        if np.sin(angle) < 1e-6:  # the same direction, or the opposite one: straight on
            weights = np.stack([1 - shares, shares], 1)
        else:
            weights = np.stack([np.sin((1 - shares) * angle), np.sin(shares * angle)], 1) / np.sin(angle)
        return (weights @ ends).astype(np.float32)

    @abstractmethod
    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Tensor:
        """What finished networks make: a function of its arguments alone.

        Args:
            networks: Those named in `generating`, at least.
            given: What is asked for, record by record, such as a `condition` or a `source`, and perhaps the
                `noise` to make records from; perhaps nothing.
            stream: Where other noise comes from.
            index: Which draw of the stream.

        Returns:
            One sample for each record of `given`, shape `(batch, *sample)`.
        """

    def realism(
        self, networks: Networks, batch: Batch, readings: Mapping[str, float]
    ) -> Float[Tensor, " batch"]:
        """The probability that each record is real, as far as this game has learnt to tell.

        Args:
            networks: All of them.
            batch: Samples as `real`.
            readings: As they were when the networks were kept.

        Raises:
            UsageError: When the game has learnt nothing of that kind, or its networks were left out.
        """
        raise UsageError(f"a model of the game {self.name!r} cannot tell real records from others.")

    def inverse(self) -> AbstractRules | None:
        """The rules of a game that learns to make given records again with what has learnt by these.

        It takes the same networks, and generates the records that it is given as `real`. None: there is none.
        """
        return None

    def tuned(self, tuning: AbstractTuning, n_values: int) -> AbstractRules:
        """These rules with what a user has chosen; settings of networks are not looked at.

        Raises:
            UsageError: When this game has no such setting, or does not go with the others.
        """
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        players = {name: value for name, value in own.items() if isinstance(value, PlayerConfig)}
        changes: dict[str, Any] = {}
        for setting, name, whose, value in tuning.for_rules(n_values):
            holders = () if whose is None else [*players.keys() & (whose or players)]
            for player in holders:
                players[player] = players[player].with_setting(name, value)
            if whose is None and name in own:
                changes[name] = value
            elif not holders:
                raise UsageError(
                    f"the game {self.name!r} has no setting {setting!r}. "
                    "Leave it out, or take a preset of another game."
                )
        for name, kind in (("terms", TermConfig), ("augmentations", AugmentationConfig)):
            if name in changes:
                changes[name] = tuple(kind(*pair) for pair in changes[name].items())
        if {"objective", "penalties"} & set(changes):
            weights = changes.get("penalties")
            changes["penalties"] = penalties_chosen(own["penalties"], weights, changes.get("objective"))
        return replace(self, **changes, **players)

    def curable(self) -> AbstractRules:
        """These rules for a game that may have to cure itself; networks are built for what cures may want."""
        return self

    @property
    def adjustable(self) -> tuple[str, ...]:
        """Which `Adjustments` change something in this game, by name."""
        return ("rate_scale",)

    def after(self, adjustments: Adjustments) -> AbstractRules:
        """The rules of networks that were learnt with these adjustments."""
        return self

    def fine_tuning(self, learnt: AbstractRules, rate_share: float, length_share: float) -> AbstractRules:
        """These rules for networks that have learnt already: with smaller steps.

        Args:
            learnt: What the networks were learnt by.
            rate_share: To be multiplied with learning rates.
            length_share: How long the run is, measured by one that begins anew.

        Raises:
            UsageError: When they were learnt by another game.
        """
        if type(learnt) is not type(self):
            raise UsageError(f"a model of the game {learnt.name!r} cannot go on with {self.name!r}.")
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        changes: dict[str, Any] = {
            name: value.gentler(rate_share, length_share)
            for name, value in settings.items()
            if isinstance(value, PlayerConfig)
        }
        return replace(self, **changes, **{name: getattr(learnt, name) for name in self.of_networks})


class AbstractGame(ABC):
    """Rules that are being played.

    Args:
        rules: Of the game.
        networks: One for each role, learning in place.
        randomness: Where all noise comes from; replaced when a run goes back to try again.

    Raises:
        UsageError: When a role is not filled.
    """

    def __init__(self, rules: AbstractRules, networks: Networks, randomness: Randomness) -> None:
        missing = [role for role in rules.roles if role not in networks]
        if missing:
            raise UsageError(f"the game {rules.name!r} needs a network as {', '.join(missing)}.")
        self.rules, self.networks, self.randomness = rules, dict(networks), randomness
        self.players: dict[str, Player] = {}
        self.device = device_of(networks)

    @property
    def best(self) -> dict[str, nn.Module]:
        """The networks to keep, to sample and to score: moving averages where there are any."""
        known = {name: player.best_known for name, player in self.players.items()}
        return {name: known.get(name, network) for name, network in self.networks.items()}

    def play(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, float]:
        """One step.

        Args:
            step: Counted from 0; decides, with the seed, every random number of these turns.
            batches: As many as the rules take.
            progress: How far the run is on.

        Returns:
            What each player had to minimise, by name.
        """
        with quick_full_products(self.rules.precision):
            losses = self.turns(step, batches, progress)
        return {name: loss.item() for name, loss in losses.items()}

    @abstractmethod
    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """The turns of one step, and what each player had to minimise in them, as scalars; see `play`."""

    def precision(self) -> AbstractContextManager[object]:
        """Within it, matrix products are taken in the precision of the rules."""
        return matrix_precision(self.rules.precision, self.device)

    def update_averages(self, progress: Progress) -> None:
        """Move the moving averages of all players; whoever repeats steps does so after each."""
        for player in self.players.values():
            player.update_average(self.rules.samples_per_step, progress.samples_seen)

    @torch.no_grad()
    def generate(self, given: Batch, stream: Stream, index: int) -> Tensor:
        """What the best networks so far make; see `AbstractRules.generate`."""
        return self.rules.generate(self.best, given, stream, index)

    def tried(self, heldout: Batch, stream: Stream) -> Tensor:
        """A fake for each held-out record, always from the same noise; none where nobody looks at them."""
        return self.generate(heldout if self.rules.is_read_by_fakes else heldout.rows(slice(0)), stream, 0)

    @abstractmethod
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """What can be read off the game itself.

        Args:
            fake: What `generate` made of the held-out batch.
            heldout: Records that nobody learns from.
            seen: Records that are learnt from.
        """

    def memory(self) -> dict[str, Tensor]:
        """What the game remembers beside its players: pools, probabilities that adapt, running means."""
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what `memory` gave; most games remember nothing."""
        del memory

    def state(self) -> dict[str, Tensor]:
        """All that must survive, as named tensors (copies); networks that are no players may not change."""
        tensors = {f"memory/{key}": value.detach().clone() for key, value in self.memory().items()}
        for name, player in self.players.items():
            tensors |= {f"players/{name}/{key}": value for key, value in player.state().items()}
        return tensors

    def begin_anew(self, networks: Mapping[str, Tensor]) -> None:
        """Restart all players from the best networks known, given as `NAME/...`."""
        for name, player in self.players.items():
            player.take(below(f"{name}/", networks))

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave.

        Raises:
            KeyError, RuntimeError: When names or shapes are not those of this game.
        """
        for name, player in self.players.items():
            player.load_state(below(f"players/{name}/", tensors))
        self.remember(below("memory/", tensors))


def device_of(networks: Networks) -> torch.device:
    """Where networks are."""
    return next(weight.device for network in networks.values() for weight in network.parameters())


def source_of(given: Batch) -> Samples:
    """The records that others are made of.

    Raises:
        UsageError: There is none.
    """
    if (source := given.get("source")) is None:
        raise UsageError(
            "this model makes a record of another one, and was given none. "
            "Use gansmith apply, or Translator.transform."
        )
    return source


def grid_noise(source: Samples, n_noise: int, stream: Stream, index: int) -> Tensor | None:
    """Standard normal values for these sources, shape `(batch, n_noise, *grid)`; None: there are none."""
    if not n_noise:
        return None
    return stream.normal((len(source), n_noise, *source.shape[2:]), index).to(source)
