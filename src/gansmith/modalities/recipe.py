"""How a kind of data is learnt: a codec between records and samples, and a recipe for the game.

A task never asks which kind it holds. Adding a kind is adding one `AbstractFormat`, one `AbstractCodec`, one
`AbstractRecipe` and a line in `registry.py`, or an entry point of another package; `gansmith.conformance`
checks that it keeps its promises. What only some kinds can do are the protocols of `capabilities.py`.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar, final, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Dataset, Samples, TensorDataset
from gansmith.engine.games import AbstractRules
from gansmith.modalities.format import O, R
from gansmith.nets.mlp import initialise
from gansmith.nets.settings import AbstractPlayerNetworks

Compact = Float[Tensor, "batch *compact"]

VALUES_PER_BLOCK = 1 << 18
"""Of samples that are made at a time, where a kind does not say otherwise."""


class AbstractCodec(ABC, Generic[R, O]):
    """Learns how records become samples and samples become records again; immutable once fitted.

    Records are kept in memory in a *compact* form, shape `(n, *compact)`; `expand` makes the samples that
    the networks see, shape `(n, *sample)`. Where nothing is to be saved the two are the same.
    """

    @classmethod
    @abstractmethod
    def fit(cls, records: R, options: O, seed: int) -> AbstractCodec[R, O]:
        """Learn how records become samples, from training records alone.

        Raises:
            DataError: When nothing in them can be learnt.
        """

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> AbstractCodec[R, O]:
        """The codec that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make the codec again: plain JSON, and tensors."""

    @property
    @abstractmethod
    def n_values(self) -> int:
        """Numbers of a sample."""

    @property
    def empty(self) -> R:
        """No records, but such as it makes: of the same columns, of the same size."""
        return self.decode(torch.empty(0, self.n_values), 0, 0)

    @property
    def block_size(self) -> int:
        """Records that are made at a time, so that they take little memory."""
        return max(1, VALUES_PER_BLOCK // self.n_values)

    @abstractmethod
    def encode(self, records: R, seed: int) -> Compact:
        """Records as compact samples."""

    @abstractmethod
    def decode(self, compact: Compact, seed: int, first_index: int) -> R:
        """Compact samples as records.

        Args:
            compact: Shape `(n, *compact)`.
            seed: For what the networks leave open.
            first_index: Number of the first record among all that are made.
        """

    @property
    def is_exact(self) -> bool:
        """Whether `compact` takes `expand` back to the last digit: what nobody hears may be left out."""
        return True

    def expand(self, compact: Tensor) -> Tensor:
        """Compact records as samples."""
        return compact

    def compact(self, samples: Tensor) -> Tensor:
        """Samples as compact records."""
        return samples


C = TypeVar("C", bound=AbstractCodec[Any, Any])


@final
@dataclass(frozen=True)
class Plan:
    """Everything a training needs to know beside the data: sizes, rules and length."""

    networks: Any
    """Settings of the recipe's own class."""
    game: AbstractRules
    """The rules of the game, whichever it is."""
    samples_seen: int
    """Length of the run where the user gives none."""
    most_samples: int = sys.maxsize
    """No budget buys more than this."""
    n_evaluations: int = 10
    """How often the held-out score is taken."""
    tolerance: float = 0.0
    """How far below the best held-out score so far a newer model may lie and still be kept."""
    fine_tuning_tolerance: float = 0.0
    """The same where a model is fine-tuned: usually what comes must be better than what was there."""
    finishing_share: float = 0.0
    """Share of the time of a run that its last touch takes, where there is a budget; see `Finishing`."""
    n_judged: int = 0
    """Samples that the held-out score is taken on, where there are more of them than held-out records."""
    ensemble_size: int = 1
    """How many of the last half of the training generate records in turn."""
    judges_start: bool = False
    """Whether networks as they begin are something already, and kept if none that follow are better."""


class AbstractRecipe(ABC, Generic[C]):
    """Sizes, networks, game, rules and length for a kind of data. Stateless."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]]
    """The class of its codec."""
    networks: ClassVar[type[Any]]
    """The class of the settings of its networks."""
    presets: ClassVar[Mapping[str, str]]
    """Names of presets and what each is, measured; "default" is among them."""

    def n_heldout(self, n_records: int, preset: str) -> int:
        """How many of that many records are kept apart to choose the model by; 0 keeps the last model."""
        return n_records // 10

    def options_for(self, options: Any, n_records: int, preset: str) -> Any:
        """Options of the kind under a preset, for that many training records: the user's own, or stricter."""
        return options

    @abstractmethod
    def plan(self, codec: C, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        """Sizes, rules and length for that many training records.

        A kind may go by the seconds that there are to learn; 0 where nobody said.
        """

    @abstractmethod
    def build(self, codec: C, networks: Any, rules: AbstractRules) -> dict[str, nn.Module]:
        """New networks, one for each role of the game; a kind need not know all games.

        Raises:
            UsageError: When this kind of data has no networks for that game.
        """

    def dataset(self, codec: C, records: Any, seed: int) -> Dataset:
        """Encoded records, from which batches are drawn; as `real` in compact form, and what else is known.

        Here all of them are held in memory. A kind whose records are large gives a data set that reads them
        from disk as they are asked for.
        """
        return TensorDataset({"real": codec.encode(records, seed)})

    def samples(self, codec: C, networks: Any, batch: Batch, generator: torch.Generator | None) -> Batch:
        """A batch of the data set as games see it.

        What is drawn for its records, such as a `condition` that they fulfil, comes from `generator`; without
        one nothing is drawn. Settings of the `networks` that play say what these want to know.
        """
        return batch.with_part("real", codec.expand(batch["real"]))

    @abstractmethod
    def held_out_score(
        self, codec: C, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """What chooses the model that is kept.

        Returns:
            (fake, held-out) samples to a number from 0 to 1, 1 is perfect; or the name of what the game
            itself reads, the higher the better.
        """

    def describe(self, codec: C) -> list[dict[str, str]]:
        """What was learnt of each part of a record, one row each, for `show`."""
        return [{"learnt": f"{codec.n_values:,} values of each record"}]

    def remarks(self, codec: C, records: Any, target: str) -> tuple[str, ...]:
        """What a person should know about what the codec, fitted to these records, does not keep of them.

        Raises:
            UsageError: When so little is kept of the target that it cannot be learnt.
        """
        return ()

    def unknown(self, codec: C, records: Any) -> tuple[str, ...]:
        """What a person should know about what a learnt codec does not know of new records.

        Raises:
            DataError: When they are of other columns or shapes.
        """
        return ()

    def fine_tuning_options(self, codec: C, own: Any, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of a run that fine-tunes a model: what the model knows comes from it.

        Its `own` are those it was learnt with; `given` are the user's, by name.

        Raises:
            UsageError: When they would make another model of it.
        """
        return given


@runtime_checkable
class Drawn(Protocol):
    """Finished networks hold something that a report draws."""

    def plots(self, networks: Mapping[str, nn.Module]) -> Mapping[str, Any]:
        """What a page shows beside the scores, plain values by section; see `report/page.py`."""
        ...


def seeded_networks(
    recipe: AbstractRecipe[Any], codec: Any, networks: Any, rules: AbstractRules, key: int
) -> dict[str, nn.Module]:
    """New networks whose first weights are a function of `key` alone; the global random state is kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key)  # noqa: TID251 - inside a fork, which is thrown away
        built = recipe.build(codec, networks, rules)
        if isinstance(networks, AbstractPlayerNetworks):
            initialise(built.values(), networks.weights, torch.default_generator)
        return built
