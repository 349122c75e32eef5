"""What is learnt of domains before any game: which there are, how large windows are, how colours differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, final

import numpy as np
import torch
from torch import Tensor

from gansmith.engine.batches import Conditions
from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.grids import Translatable
from gansmith.modalities.pairs.codec import as_bytes, as_values, window_of
from gansmith.modalities.pairs.domains import IDENTITY_PX, DomainOptions
from gansmith.modalities.pairs.domains.colours import (
    COLOURED,
    N_COLOURS,
    N_HEIGHTS,
    points_of,
    table,
    transport,
)
from gansmith.modalities.pairs.domains.records import Domains
from gansmith.modalities.pairs.records import shares
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.registry import find_modality, needed
from gansmith.scorecard.features import draws
from gansmith.settings import Field, NonNegativeInt, PositiveInt, from_plain, settings, to_plain
from gansmith.tabular.where import Where, terms_of

WINDOW: Final = 64
"""Longest side of a window."""
_TABLES: Final = "colours"
"""The tensor of the tables of colours."""


@final
@settings(kw_only=True, error=DataError)
class DomainState:
    """What is known of domains, beside the attribute."""

    kind: str
    """Of the records."""
    n_channels: PositiveInt
    window: Annotated[tuple[PositiveInt, ...], Field(strict=False)]
    """Sides of the windows that are learnt from."""
    size: NonNegativeInt = 0
    """Longest side that whole records are brought to; 0: they are learnt from as they come."""
    has_two_sets: bool = False
    """Whether there are two domains, of two sets; else there is an attribute."""
    is_of_one: bool = False
    """Whether the second set is one record: its texture is learnt, from its patches, and no way back."""
    is_identity: bool = False
    """Whether the two are people: an encoder is shared, each has a decoder, and results are always marked."""
    is_of_people: bool = False
    """Whether the values of the attribute are people: results are always marked."""
    kept: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """The attributes that are read, and never asked for."""


@final
class DomainCodec(AbstractCodec[Any, DomainOptions]):
    """See the base class; samples are values from 0 to 1.

    Args:
        state: What is known.
        attributes: What records are, and can become.
        tables: See `ColourTables`, a table for each value; None: colours are left to the network.
    """

    def __init__(self, state: DomainState, attributes: AttributeCodec, tables: Tensor | None) -> None:
        self.state_, self.attributes, self.tables = state, attributes, tables

    @classmethod
    def fit(cls, records: Domains, options: DomainOptions, seed: int) -> DomainCodec:
        attributes = AttributeCodec.fit(records.attributes)
        if attributes.is_empty:
            raise DataError(f"{records.name}: all records that are left to learn from are of one domain.")
        usual = IDENTITY_PX if options.identity else 0
        size = options.longest_side or (usual if len(records.sets) == 2 else max(records.sides(0)))
        state = DomainState(
            kind=records.kind,
            n_channels=records.n_channels,
            window=window_of(
                np.array([records.sides(one) for one in range(len(records))]), WINDOW, size=size
            ),
            size=size,
            has_two_sets=len(records.sets) == 2,
            is_of_one=len(records.sets) == 2 and len(records.groups[-1][2]) == 1,
            is_identity=options.identity,
            is_of_people=options.is_of_people,
            kept=records.kept,
        )
        is_of_colours = state.has_two_sets and not state.is_of_one and not state.is_identity
        has_tables = is_of_colours and state.n_channels in COLOURED
        return cls(state, attributes, _tables(records, seed) if has_tables else None)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> DomainCodec:
        try:
            known = from_plain(DomainState, dict(state.get("domains", {})))
            find_modality(known.kind)
        except (TypeError, ValueError, UsageError) as error:
            raise ModelFileError(f"what is known of the domains is damaged ({error}).") from error
        tables = tensors.get(_TABLES)
        others = {name: tensor for name, tensor in tensors.items() if name != _TABLES}
        attributes = AttributeCodec.from_state(state.get("attributes", {}), others)
        n_most = 1 if known.has_two_sets else len(attributes.columns)
        if not 1 <= len(attributes.columns) <= n_most:
            raise ModelFileError("what is known of the domains is damaged: so many attributes cannot be.")
        wanted = (attributes.n_conditions, N_HEIGHTS, known.n_channels, *[N_COLOURS] * 3)
        if tables is not None and (tables.dtype != torch.float32 or tables.shape != wanted):
            raise ModelFileError(
                f"tables of colours must have the shape {wanted}, not {tuple(tables.shape)}."
            )
        return cls(known, attributes, tables)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        attributes, tensors = self.attributes.state()
        if self.tables is not None:
            tensors = {**tensors, _TABLES: self.tables}
        return {"domains": to_plain(self.state_), "attributes": attributes}, tensors

    @property
    def translatable(self) -> Translatable:
        """The format of the records."""
        modality = find_modality(self.state_.kind)
        return needed(modality.format, Translatable, modality.kind)

    @property
    def is_mirrored(self) -> bool:
        """Whether windows are: not where they are whole, or known to lean or look to a side."""
        return self.state_.has_two_sets and not self.state_.size and self.translatable.is_mirrorable

    @property
    def changed(self) -> tuple[str, ...]:
        """The attributes that can be asked for."""
        return tuple(name for name in self.attributes.names if name not in self.state_.kept)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many numbers of a condition say each attribute."""
        return tuple(column.width for column in self.attributes.columns)

    @property
    def n_values(self) -> int:
        return self.state_.n_channels * math.prod(self.state_.window)

    @property
    def empty(self) -> np.ndarray:
        return np.zeros((0, self.state_.n_channels, *self.state_.window), np.uint8)

    def condition(self, where: Where) -> Conditions:
        """What a generator is told of one record for which that is asked, shape `(1, n_conditions)`.

        Of an attribute that is not named nothing is asked, whatever usually goes with those that are.

        Raises:
            UsageError: There is no such attribute, or it never has that value.
        """
        attributes, terms = self.attributes, terms_of(where, self.changed)
        named = dict[str, np.ndarray]()
        for name in dict.fromkeys(term.column for term in terms):
            column = attributes.columns[attributes.index(name)]
            asked = column.asked([term for term in terms if term.column == name])
            named[name] = attributes.draw(1, draws(0), {name: asked}).columns[name]
        return attributes.encode(Attributes(named))

    def encode(self, records: Any, seed: int) -> Compact:
        raise UsageError("records of domains are learnt from in windows, not as a whole.")

    def expand(self, compact: Tensor) -> Tensor:
        """Values from 0 to 1."""
        return as_values(compact)

    def compact(self, samples: Tensor) -> Tensor:
        """Whole numbers of 8 bits, to be looked at."""
        return as_bytes(samples)

    def decode(self, compact: Tensor, seed: int, first_index: int) -> np.ndarray:
        return compact.numpy()


def _tables(records: Domains, seed: int) -> Tensor:
    """For each of two domains the colours of the other one in its own."""
    rng = draws(seed)
    points = [
        points_of([shares(records.grid(place)) for place in places], rng) for _, _, places in records.groups
    ]
    tables = [table(transport(points[1 - to], points[to], rng), records.n_channels) for to in (0, 1)]
    return torch.from_numpy(np.ascontiguousarray(np.stack(tables)))
