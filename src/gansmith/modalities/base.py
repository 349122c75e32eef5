"""What a kind of data gives to the rest of the house.

A task never asks which kind it holds: it asks the modality. Adding a kind is adding a folder with one
`AbstractModality`, one `AbstractReader` and a line each in `registry.py` and `readers.py`;
`gansmith.conformance` checks that it keeps its promises.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor, nn

from gansmith.engine.batches import Conditioning, Dataset, TensorDataset
from gansmith.engine.games.base import AbstractRules, Networks
from gansmith.engine.tensors import Samples
from gansmith.modalities.readers import Reading
from gansmith.modalities.requests import Compact, Filling, Partial, Request, Writer
from gansmith.modalities.where import Where

__all__ = [
    "AbstractModality", "Codec", "Compact", "Filling", "Partial", "Plan", "Reading", "Records", "Request",
    "Writer", "seeded_networks",
]  # fmt: skip


@runtime_checkable
class Records(Protocol):
    """Some records of the user's data: rows, pictures, clips."""

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        ...

    def __len__(self) -> int: ...

    def take(self, indices: np.ndarray) -> Records:
        """The records with these numbers, in this order."""
        ...


@runtime_checkable
class Codec(Protocol):
    """Learns how records become samples and samples become records again.

    Records are kept in memory in a *compact* form, shape `(n, *compact)`; `expand` makes the samples that
    the networks see, shape `(n, *sample)`. Where nothing is to be saved the two are the same.
    """

    def expand(self, compact: Tensor) -> Tensor:
        """Compact records as samples."""
        ...

    def compact(self, samples: Tensor) -> Tensor:
        """Samples as compact records."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make the codec again: plain JSON, and tensors."""
        ...


@final
@dataclass(frozen=True)
class Plan:
    """Everything a training needs to know beside the data: sizes, rules and length."""

    networks: Any
    """A frozen dataclass of the modality's own."""
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
    n_members: int = 1
    """How many of the last half of the training generate records in turn."""


@final
@dataclass(frozen=True)
class Verdict:
    """What is to be said of some records before they are handed out."""

    is_valid: Bool[np.ndarray, " n"]
    """Whether each has all that must hold."""
    keys: tuple[tuple[int, ...], ...]
    """For each key that no two records may share: a number per record, the same for the same key."""
    has_key: Bool[np.ndarray, "n_keys n"]
    """Whether a record has that key; one that has none shares it with nobody."""
    rules: tuple[str, ...]
    """All that must hold, in words."""


class AbstractModality(ABC):
    """A kind of data. Stateless: everything learnt is in the codec and the networks."""

    kind: ClassVar[str]
    """The name users know it by."""
    presets: ClassVar[Mapping[str, str]]
    """Names of presets and what each is, measured."""

    @abstractmethod
    def recognises(self, source: object) -> bool:
        """Whether a path or an object in memory looks like this kind of data."""

    @abstractmethod
    def read(self, source: object, reading: Reading) -> Any:
        """The user's data as records.

        Raises:
            DataError: With the place, when the data is missing or malformed.
        """

    @abstractmethod
    def read_alike(self, source: object, like: Any) -> Any:
        """Data that is to be compared with `like`, read in the same way.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """

    @abstractmethod
    def read_for(self, codec: Any, source: object) -> Any:
        """Data for a learnt model to judge, read as the codec understands it; one record will do.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
        """

    @abstractmethod
    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """The user's data with the values of a target as one more column, and the name of that column.

        Raises:
            UsageError: When there are not as many values as records, or the data can take no column.
        """

    @abstractmethod
    def names(self, codec: Any) -> tuple[str, ...]:
        """What the parts of a record are called, such as a table's columns; empty when they have no names."""

    @abstractmethod
    def fingerprint(self, records: Any) -> str:
        """The same text for the same records, another for others."""

    @abstractmethod
    def check_target(self, records: Any, target: str) -> None:
        """Raise UsageError unless `target` can be predicted from the rest of a record."""

    @abstractmethod
    def fit_codec(self, records: Any, preset: str, seed: int, min_count: int = 0) -> Any:
        """Learn how these records become samples.

        Args:
            records: Training records alone.
            preset: A key of `presets`.
            seed: Of everything drawn.
            min_count: Records that must share a value before it may come out again, where records have
                values that tell who has them; 0 chooses, 1 lets everything out.
        """

    @abstractmethod
    def remarks(self, codec: Any, records: Any, target: str) -> tuple[str, ...]:
        """What a person should know about what the codec does not keep of these records.

        Args:
            codec: As `fit_codec` gave it for the records.
            records: What is learnt from.
            target: A column to be predicted from the others, or "".

        Raises:
            UsageError: When so little is kept of the target that it cannot be learnt.
        """

    @abstractmethod
    def unknown(self, codec: Any, records: Any) -> tuple[str, ...]:
        """What a person should know about what a learnt codec does not know of new records.

        Raises:
            DataError: When they are of other columns or shapes.
        """

    @abstractmethod
    def load_codec(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Any:
        """The codec that `state` came from."""

    @abstractmethod
    def encode(self, codec: Any, records: Any, seed: int) -> Compact:
        """Records as compact samples."""

    @abstractmethod
    def decode(self, codec: Any, compact: Compact, seed: int, first_index: int) -> Any:
        """Compact samples as records.

        Args:
            codec: Of this modality.
            compact: Shape `(n, *compact)`.
            seed: For what the networks leave open.
            first_index: Number of the first record among all that are made.
        """

    def verdict(self, codec: Any, records: Any) -> Verdict | None:
        """Which records may be handed out; None: whatever the codec makes."""
        del codec, records
        return None

    @abstractmethod
    def n_heldout(self, n_records: int, preset: str) -> int:
        """How many of that many records are kept apart to choose the model by; 0 keeps the last model.

        Raises:
            UsageError: When the preset is not known.
        """

    @abstractmethod
    def plan(self, codec: Any, n_records: int, preset: str) -> Plan:
        """Sizes, rules and length for that many training records."""

    @abstractmethod
    def networks(self, values: Mapping[str, Any]) -> Any:
        """The networks' configuration from plain JSON, checked.

        Raises:
            UsageError: When a value is out of range or a key unknown.
        """

    @abstractmethod
    def build(self, codec: Any, networks: Any, rules: AbstractRules) -> dict[str, nn.Module]:
        """New networks, one for each role of the game.

        Args:
            codec: Of this modality.
            networks: Their sizes, as `networks` gives them.
            rules: Of the game; this kind need not know all games.

        Raises:
            UsageError: When this kind of data has no networks for that game.
        """

    def dataset(self, codec: Any, records: Any, seed: int) -> Dataset:
        """Encoded records, from which batches are drawn; as `real` in compact form, and what else is known.

        Here all of them are held in memory. A kind whose records are large gives a data set that reads them
        from disk as they are asked for.
        """
        return TensorDataset({"real": self.encode(codec, records, seed)})

    def finish(
        self, codec: Any, rules: AbstractRules, members: Sequence[Networks], seen: Dataset, seed: int
    ) -> None:
        """The last touch on the networks that are kept, when their game is over; most kinds need none.

        Args:
            codec: Of this modality.
            rules: Of the game.
            members: Networks that generate records in turn, on the CPU; changed in place.
            seen: Training records, as `dataset` gave them.
            seed: Of anything drawn.
        """
        del codec, rules, members, seen, seed

    @abstractmethod
    def conditioning(self, codec: Any) -> Conditioning | None:
        """Makes conditions that a batch of real samples fulfils; None plays without."""

    @abstractmethod
    def request(self, codec: Any, where: Where, balance: str = "") -> Request:
        """What `--where` and `--balance` ask for.

        Args:
            codec: Of this modality.
            where: Conditions that every record must fulfil.
            balance: A column of which every value shall be equally frequent; empty for none.

        Raises:
            UsageError: With the nearest known name, when a column or value is unknown or cannot be asked for.
        """

    @abstractmethod
    def partial(self, codec: Any, source: object, reading: Reading, *, keep_missing: bool) -> Partial:
        """Records with gaps to be filled.

        Args:
            codec: Of this modality.
            source: The user's data.
            reading: How it is to be read.
            keep_missing: Whether a gap may stay one, where the generator leaves it.

        Raises:
            DataError: When it is missing, malformed, or of other columns or shapes.
            UsageError: When this kind of data has no gaps.
        """

    @abstractmethod
    def held_out_score(self, codec: Any, n_heldout: int, seed: int) -> Callable[[Samples, Samples], float]:
        """(fake, held-out) samples to a number from 0 to 1, 1 is perfect; chooses the model that is kept."""

    def final_score(
        self, codec: Any, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], tuple[float, float]] | None:
        """As `held_out_score`, but expensive, with its standard error, and with the last word."""
        del codec, n_heldout, seed
        return None

    @abstractmethod
    def block_size(self, codec: Any) -> int:
        """Records per block of samples, so that a block takes little memory; fixed by the codec alone."""

    @abstractmethod
    def join(self, blocks: Sequence[Any]) -> Any:
        """Several blocks of records as one."""

    @abstractmethod
    def returned(self, codec: Any, records: Any, source: object) -> Any:
        """Records in the type of the caller's own data; `source` is None for a loaded model."""

    @abstractmethod
    def writer(self, codec: Any, path: Path, metadata: Mapping[str, str], *, safe_csv: bool) -> Writer:
        """A file of records, in the format of its name."""

    @abstractmethod
    def preview(self, codec: Any, records: Any) -> str:
        """A few records as a person would look at them, in plain text."""

    @abstractmethod
    def describe(self, codec: Any) -> list[dict[str, str]]:
        """What was learnt of each part of a record, one row each, for `show`."""


def seeded_networks(
    modality: AbstractModality, codec: Any, networks: Any, rules: AbstractRules, key: int
) -> dict[str, nn.Module]:
    """New networks whose first weights are a function of `key` alone; the global random state is kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key)  # noqa: TID251 - inside a fork, which is thrown away
        return modality.build(codec, networks, rules)
