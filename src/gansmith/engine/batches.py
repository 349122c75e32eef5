"""What data and games hand each other: tensors of known shapes, in batches of named parts, drawn by index.

`batch` records are judged at once; a sample and a condition may have any shape; a logit and a loss are one
number per record, shape `(batch,)` and never `(batch, 1)`, or one for each part of a record that is judged on
its own, such as a patch of a picture.

A data set gives any of its records by number, from memory or from disk; a drawing says which numbers batch k
consists of. Both are functions of (seed, k) alone, so a run can be taken up anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError

Samples = Float[Tensor, "batch *sample"]
Shown = Float[Tensor, "batch *shown"]
"""Samples as a discriminator sees them, perhaps several at once."""
Latents = Float[Tensor, "batch n_latents"]
Conditions = Shaped[Tensor, "batch *condition"]
Logits = Float[Tensor, "batch *parts"]
PerLogit = Float[Tensor, "batch *parts"]
PerSample = Float[Tensor, " batch"]
Scalar = Float[Tensor, ""]
Indices = Int[Tensor, " batch"]
Weights = Int[Tensor, " batch"]
"""How much oftener than others records are learnt from: whole numbers of 1 or more."""


@final
class Batch:
    """Some records as named tensors of any shape and type, each with one row per record.

    The names that games know: `real`, the records; `labels`, what is known of them; `condition`, what a
    generator is asked for; `source`, what is to be turned into something else; `mask`, which values count.

    Args:
        parts: Tensors by name; a part that is None is left out.
        n_records: Needed where there are no parts, as when nothing is asked of a generator.

    Raises:
        UsageError: When the parts are not of equally many records.
    """

    def __init__(self, parts: Mapping[str, Tensor | None], n_records: int | None = None) -> None:
        self.parts: dict[str, Tensor] = {name: part for name, part in parts.items() if part is not None}
        for part in self.parts.values():
            n_records = len(part) if n_records is None else n_records
            if len(part) != n_records:
                sizes = {name: len(part) for name, part in self.parts.items()}
                raise UsageError(f"the parts of a batch must be of equally many records, not {sizes}.")
        if n_records is None:
            raise UsageError("a batch without parts needs a number of records.")
        self._n_records = n_records

    def __len__(self) -> int:
        return self._n_records

    def __getitem__(self, name: str) -> Tensor:
        """The part of that name.

        Raises:
            UsageError: When there is none, with those there are.
        """
        if name not in self.parts:
            raise UsageError(
                f"this batch has no part {name!r}, only {', '.join(self.parts) or 'none at all'}."
            )
        return self.parts[name]

    def get(self, name: str) -> Tensor | None:
        """The part of that name, or None."""
        return self.parts.get(name)

    def with_part(self, name: str, part: Tensor | None) -> Batch:
        """The same with one part more, or another one, or without it."""
        return Batch({**self.parts, name: part}, len(self))

    def rows(self, rows: slice | Indices) -> Batch:
        """Some of the records, in this order."""
        n_records = len(range(len(self))[rows]) if isinstance(rows, slice) else len(rows)
        return Batch({name: part[rows] for name, part in self.parts.items()}, n_records)

    def to(self, device: torch.device) -> Batch:
        """The same on that device."""
        return Batch({name: part.to(device) for name, part in self.parts.items()}, len(self))


@runtime_checkable
class Dataset(Protocol):
    """Records that can be had by number."""

    def __len__(self) -> int: ...

    def batch(self, indices: Indices) -> Batch:
        """The records with these numbers, in this order, each in 0..len - 1."""
        ...


@final
class TensorDataset:
    """Records in memory, as the parts of a `Batch`."""

    def __init__(self, parts: Mapping[str, Tensor | None]) -> None:
        self.all = Batch(parts)

    def __len__(self) -> int:
        return len(self.all)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        return self.all.rows(indices)


Drawing = Callable[[int], Indices]
"""Which records batch k consists of: their numbers."""


@final
class Shuffled:
    """Epoch after epoch, each in an order of its own, the remainder of each epoch dropped.

    Args:
        n_records: Of the data set.
        batch_size: At most that many are drawn at a time.
        randomness: Of the orders.
        weights: How often each record comes in an epoch, a whole number of 0 or more; None: once.
    """

    def __init__(
        self, n_records: int, batch_size: int, randomness: Randomness, weights: Weights | None = None
    ) -> None:
        self.n_records, self.batch_size = n_records, min(batch_size, n_records)
        self._randomness = randomness
        self._drawn = torch.arange(n_records)
        if weights is not None:
            self._drawn = self._drawn.repeat_interleave(weights)
        self._epoch = -1
        self._order: tuple[Tensor, ...] = ()

    def __call__(self, index: int) -> Indices:
        """See `Drawing`."""
        epoch, position = divmod(index, len(self._drawn) // self.batch_size)
        if epoch != self._epoch:
            order = self._drawn[self._randomness.permutation(len(self._drawn), "shuffle", epoch)]
            self._order, self._epoch = order.split(self.batch_size), epoch
        return self._order[position]


@final
class Poisson:
    """Each record with the chance `rate`, in (0, 1], so that batches differ in size, and may be empty.

    It is what the bounds of differential privacy are proven for.

    Source:
        Abadi et al. 2016, "Deep learning with differential privacy", section 3.1 (arXiv:1607.00133).
    """

    def __init__(self, n_records: int, rate: float, randomness: Randomness) -> None:
        if not 0 < rate <= 1:
            raise UsageError(f"the rate of a Poisson drawing is a chance in (0, 1], not {rate}.")
        self.n_records, self.rate = n_records, rate
        self._randomness = randomness

    def __call__(self, index: int) -> Indices:
        """See `Drawing`."""
        return torch.nonzero(self._randomness.uniform((self.n_records,), "poisson", index) < self.rate)[:, 0]


Expansion = Callable[[Batch, torch.Generator | None], Batch]
"""Makes of a batch of a data set what games see: `real` as samples, where records are kept in a compact form,
and what else they are to know, such as a `condition` that the records fulfil. Without a generator nothing is
drawn."""


@final
class Batches:
    """The batches of a run, by number.

    Args:
        dataset: All records.
        drawing: Which of them batch k consists of.
        randomness: Of what is drawn for a batch, such as conditions.
        samples: See `Expansion`; on the device that they are learnt on. None leaves them as they are.
        device: Where batches are wanted; None leaves them where the data set is.
    """

    def __init__(
        self,
        dataset: Dataset,
        drawing: Drawing,
        randomness: Randomness,
        samples: Expansion | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.dataset, self.drawing, self.device = dataset, drawing, device
        self._randomness, self._samples = randomness, samples

    @classmethod
    def of(cls, real: Tensor, batch_size: int, randomness: Randomness) -> Batches:
        """Shuffled batches of samples in memory, shape `(n, *sample)`."""
        return cls(TensorDataset({"real": real}), Shuffled(len(real), batch_size, randomness), randomness)

    def __call__(self, index: int) -> Batch:
        """Batch `index` of the endless sequence."""
        drawn = self.dataset.batch(self.drawing(index))
        return self.seen(drawn, self._randomness.generator("conditions", index))

    def first(self, n_records: int) -> Batch:
        """The first records, with nothing that is drawn."""
        return self.seen(self.dataset.batch(torch.arange(min(n_records, len(self.dataset)))))

    def seen(self, batch: Batch, generator: torch.Generator | None = None) -> Batch:
        """A batch of the data set as games see it."""
        batch = batch if self.device is None else batch.to(self.device)
        return batch if self._samples is None else self._samples(batch, generator)
