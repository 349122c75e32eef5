"""Records that were asked for: a mixture of products gives them exactly, in one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float, Int

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.table.private.codec import Compact, PrivateCodec
from gansmith.modalities.table.private.records import PrivateRecords
from gansmith.tabular.conditions import Condition, conditions_of
from gansmith.tabular.schema import Table
from gansmith.tabular.where import Where

N_TRIES: Final = 16
"""Values of a bin that are drawn until one is what was asked for; then the nearest to a limit is taken."""
FEWEST_LIKE: Final = 30
"""Records that were learnt from, about, below which what is asked for is mostly noise."""


@final
@dataclass(frozen=True)
class PrivateRequest:
    """See `Request` of the base."""

    codec: PrivateCodec
    conditions: Mapping[int, Condition]
    """By the number of a column."""
    allowed: Float[np.ndarray, "n_turns n_cells"]
    """1 for the cells that records may have; a balanced column's values take turns."""
    texts: tuple[str, ...]

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`."""
        codes = free().numpy().astype(np.int64)
        starts = np.cumsum([0, *self.codec.sizes])[:-1]
        share = self.allowed[:, (codes + starts)].all(2).any(0).mean()
        if share * n_learnt >= FEWEST_LIKE:
            return ()
        about = int(share * n_learnt)
        return (
            f"about {about} of the {n_learnt:,} records that were learnt from are like what is asked "
            "for: what "
            "is made follows the noise of the guarantee as much as them",
        )

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> PrivateBlock:
        """See `Request`."""
        turns = (first_index + np.arange(size)) % len(self.allowed)
        return PrivateBlock(self, turns, seed)


@final
class PrivateBlock:
    """See `ConditionalBlock` of the base."""

    def __init__(self, request: PrivateRequest, turns: Int[np.ndarray, " n"], seed: int) -> None:
        self._request, self._turns, self._seed = request, turns, seed
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        return self._compact is not None

    @property
    def compact(self) -> Compact:
        assert self._compact is not None
        return self._compact

    def ask(self, fresh: Origins) -> Question:
        """See the base class."""
        return Question(fresh, torch.from_numpy(self._request.allowed[self._turns]).float())

    def take(self, compact: Compact) -> None:
        """See the base class."""
        self._compact = compact

    def settled(self, records: PrivateRecords) -> PrivateRecords:
        """See the base class: numbers of a bin that only some values of are asked for become one of these."""
        codec, rng = self._request.codec, np.random.default_rng([self._seed, 1])
        columns = dict(zip(records.records.column_names, records.records.columns, strict=True))
        for place, condition in self._request.conditions.items():
            name = codec.cells[place].column.name
            codes = self.compact[: len(records), codec.learnt.index(place)].numpy().astype(np.int64)
            cells, lots = columns[name].combine_chunks(), rng.random((len(self._turns), N_TRIES))
            columns[name] = codec.cells[place].met(cells, codes, condition, lots[: len(records)])
        made = pa.table(columns, schema=codec.schema.arrow_schema)
        return PrivateRecords.of(Table(made, codec.schema, records.name))


def request_for(codec: PrivateCodec, where: Where, balance: str) -> PrivateRequest:
    """The request for records that fulfil conditions, with the values of a column in turn.

    Raises:
        UsageError: When a column or a value is unknown, or nothing can be what is asked for.
    """
    conditions = conditions_of(codec.schema, where)
    asked = {codec.schema.names.index(name): one for name, one in conditions.items()}
    parts = [codec.cells[place].makes.astype(float) for place in codec.learnt]
    for place, condition in asked.items():
        if codec.cells[place].is_made_anew:
            raise UsageError(
                f"column {codec.cells[place].column.name!r} is made anew: nothing can be asked of it."
            )
        parts[codec.learnt.index(place)] = _allowed(codec, place, condition)
    if not balance:
        return PrivateRequest(codec, asked, np.concatenate(parts)[None], _texts(conditions))
    place = codec.schema.names.index(codec.schema.column(balance).name)
    if not codec.cells[place].values:
        raise UsageError(f"column {balance!r} has no categories to balance. Choose another column.")
    number, n_known = codec.learnt.index(place), codec.cells[place].n_known
    turns = [np.eye(len(parts[number]))[cell] for cell in range(n_known) if parts[number][cell]]
    allowed = [np.concatenate([*parts[:number], turn, *parts[number + 1 :]]) for turn in turns]
    return PrivateRequest(codec, asked, np.stack(allowed), _texts(conditions))


def _allowed(codec: PrivateCodec, place: int, condition: Condition) -> Float[np.ndarray, " n_cells"]:
    cells = codec.cells[place]
    found = cells.allowed(condition)
    if not found.any():
        known = ", ".join(cells.values[:8]) if cells.values else f"{cells.edges[0]:g} to {cells.edges[-1]:g}"
        raise UsageError(
            f"nothing that was learnt is {condition}: the guarantee let out {known} of column "
            f"{cells.column.name!r}. Ask for one of these."
        )
    return found


def _texts(conditions: Mapping[str, Condition]) -> tuple[str, ...]:
    return tuple(text for condition in conditions.values() for text in condition.texts)
