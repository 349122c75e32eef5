"""Networks that make the rows of a database: for each table one that says how likely each state of a row is.

A row is a sequence of states (`views.py`). What is seen of its context and of the row before it in its family
makes a context; each state that is known is added; each that is said is said from all that stand before it.
What comes out are chances of states, so whatever is drawn was found likely, however rare.

Source:
    Uria et al. 2016, "Neural autoregressive distribution estimation", section 2 (arXiv:1605.02226): column
    after column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding, embedding_bag, log_softmax, silu

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.errors import UsageError
from gansmith.modalities.relational.making import Making
from gansmith.modalities.relational.views import MOST_REMEMBERED, Place
from gansmith.nets.distributions import AbstractSequential
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import Field, PositiveInt, settings

if TYPE_CHECKING:
    from gansmith.modalities.relational.codec import RelationalCodec

REMEMBERED: Final = 0.3
"""What each row that is remembered counts beside the one before."""
FIRST_SPREAD: Final = 0.05
"""Standard deviation with which what tells states apart begins."""
Hidden = Float[Tensor, "batch width"]


@final
@settings
class RelationalNetworks(AbstractPlayerNetworks):
    """Sizes of the networks."""

    width: PositiveInt = 128
    """Units of what is known of a row."""
    hidden_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Of what is known that a network does not see while it learns."""
    context_share: Annotated[float, Field(ge=0, le=0.5)] = 0.5
    """The same of columns of the context and of the row before, on the average over rows: where there are few
    families all of them together name a row, and some rows see nearly all."""


@final
class RowChances(nn.Module):
    """The chances of the states of one table's rows.

    Args:
        places: The sequence of a row.
        table: Whose rows they are.
        n_first: How many columns are seen before the first that is said.
        width: Units.
    """

    _offsets: Tensor
    is_said: Tensor

    def __init__(self, places: tuple[Place, ...], table: str, n_first: int, width: int) -> None:
        super().__init__()
        self.n_first, self.width = n_first, width
        self.sizes = tuple(place.n_states for place in places)
        self.said = tuple(column for column, place in enumerate(places) if not place.path and place.said >= 0)
        has_families = any(place.said < 0 for place in places)
        self.n_remembered = MOST_REMEMBERED * len(self.said) if has_families else 0
        said = np.isin(np.arange(len(places)), self.said)
        self.register_buffer("is_said", torch.from_numpy(said), persistent=False)
        offsets = np.cumsum([0, *(n + 1 for n in self.sizes)])  # one more for what is not there
        self.register_buffer("_offsets", torch.from_numpy(offsets[:-1].astype(np.int64)), persistent=False)
        self.known = nn.Parameter(torch.randn(int(offsets[-1]), width) * FIRST_SPREAD)
        self.before = nn.Parameter(torch.randn(int(offsets[-1]), width) * FIRST_SPREAD)
        self.had = nn.Parameter(torch.randn(int(offsets[-1]), width) * FIRST_SPREAD)
        self.level = nn.Parameter(torch.zeros(len(places), width))
        self.column = nn.Parameter(torch.randn(len(places), width) * FIRST_SPREAD)
        self.think = nn.Linear(width, width)
        self.refine = nn.Linear(width, width)
        n_said = sum(self.sizes[column] for column in self.said)
        self.out = nn.Parameter(torch.zeros(n_said, width))
        self.bias = nn.Parameter(torch.zeros(n_said))
        ends = np.cumsum([0, *(self.sizes[column] for column in self.said)]).tolist()
        self._of = {column: slice(ends[i], ends[i + 1]) for i, column in enumerate(self.said)}

    def log_likelihood(
        self,
        states: Int[Tensor, "batch places"],
        levels: Float[Tensor, "batch places"],
        before: Int[Tensor, "batch places"],
        had: Int[Tensor, "batch remembered"],
        hiding: torch.Generator | None,
        shares: tuple[float, float],
    ) -> Float[Tensor, " batch"]:
        """The mean over what is said of each row, in nats; `shares` are hidden of it and of its context.

        Args:
            states: The sequences of rows.
            levels: Their levels.
            before: The sequences of the rows before them in their families.
            had: What is said of the rows before those, one after the other.
            hiding: Draws what is not seen; None: all is.
            shares: Of what is known, and of the context, that is hidden.
        """
        known = embedding(states + 1 + self._offsets, self.known) + levels[..., None] * self.level
        hidden_share, context_share = shares
        seen = torch.ones(before.shape), (had >= 0).float()
        if hiding is not None and context_share:
            known = known * self._kept(states.shape, ~self.is_said, context_share, hiding)[..., None]
            all_may_go = torch.ones((), dtype=torch.bool)
            seen = tuple(one * self._kept(one.shape, all_may_go, context_share, hiding) for one in seen)
        context = self._context(known[:, : self.n_first].sum(1), before, had, seen)
        upto = torch.cumsum(known[:, self.n_first :], 1) - known[:, self.n_first :]
        columns = torch.tensor([column - self.n_first for column in self.said])
        found = self._seen(context[:, None] + upto[:, columns], self.column[list(self.said)])
        if hiding is not None and hidden_share:
            is_kept = torch.rand(found.shape, generator=hiding) >= hidden_share
            found = found * is_kept / (1 - hidden_share)
        total = states.new_zeros(len(states), dtype=torch.float32)
        for place, column in enumerate(self.said):
            logits = found[:, place] @ self.out[self._of[column]].T + self.bias[self._of[column]]
            here = states[:, column : column + 1].clamp_min(0)
            total = total + log_softmax(logits.float(), -1).gather(1, here)[:, 0]
        return total / max(1, len(self.said))

    def context(
        self, seen: Hidden, before: Int[Tensor, "batch places"], had: Int[Tensor, "batch remembered"]
    ) -> Hidden:
        """What is known before anything is said.

        Args:
            seen: What is seen first, summed.
            before: The states of the row before in the family.
            had: What is said of the rows before that one.
        """
        return self._context(seen, before, had, (torch.ones(before.shape), (had >= 0).float()))

    def _context(self, seen: Hidden, before: Tensor, had: Tensor, weights: tuple[Tensor, ...]) -> Hidden:
        found = seen + self._summed(self.before, before + 1 + self._offsets, weights[0])
        if had.shape[1]:
            offsets = self._offsets[list(self.said)].repeat(had.shape[1] // len(self.said))
            found = found + REMEMBERED * self._summed(self.had, had + 1 + offsets, weights[1])
        return self._thought(found)

    def _summed(self, table: Tensor, indices: Tensor, weights: Tensor) -> Hidden:
        return embedding_bag(indices, table, mode="sum", per_sample_weights=weights.to(table.dtype))

    def _thought(self, hidden: Hidden) -> Hidden:
        return hidden + silu(self.think(silu(hidden)))

    def _kept(
        self, shape: torch.Size, may_go: Tensor, share: float, hiding: torch.Generator
    ) -> Float[Tensor, "batch columns"]:
        """Zeros for columns that are not seen: hardly any of one row, twice the share of another."""
        rates = 2 * share * torch.rand((shape[0], 1), generator=hiding)
        return 1.0 - ((torch.rand(shape, generator=hiding) < rates) & may_go).float()

    def seen(
        self, first: int, states: Int[Tensor, "batch columns"], levels: Float[Tensor, "batch columns"]
    ) -> Hidden:
        """What columns that follow each other from the `first` on add to what is known."""
        columns = slice(first, first + states.shape[1])
        if not states.shape[1]:
            return self.level.new_zeros(len(states), self.width)
        found = embedding_bag(states + 1 + self._offsets[columns], self.known, mode="sum")
        return found + levels @ self.level[columns]

    def chances(self, context: Hidden, column: int) -> Float[Tensor, "batch states"]:
        """How likely each state of a column is."""
        found = self._seen(context, self.column[column])
        logits = found @ self.out[self._of[column]].T + self.bias[self._of[column]]
        return logits.double().softmax(-1)

    def _seen(self, context: Tensor, column: Tensor) -> Tensor:
        found = silu(context + column)
        return found + silu(self.refine(found))


@final
class RelationalGenerator(AbstractSequential):
    """Makes databases, table after table.

    Args:
        codec: Of the database.
        config: Sizes.
    """

    def __init__(self, codec: RelationalCodec, config: RelationalNetworks) -> None:
        super().__init__()
        self.shares = config.hidden_share, config.context_share
        self.tables = nn.ModuleList(
            RowChances(*_sequence(codec, one.name), config.width) for one in codec.plan.made
        )
        self._making = Making(codec)

    def log_likelihood(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> Float[Tensor, " batch"]:
        """See the base class; of rows of whatever tables."""
        tables, found = parts["tables"], parts["real"].new_zeros(len(parts["tables"]))
        for number, network in enumerate(self.tables):
            assert isinstance(network, RowChances)
            rows = torch.nonzero(tables == number)[:, 0]
            if not len(rows) or not network.said:
                continue
            n = len(network.sizes)
            states, before = parts["states"][rows, :n], parts["before"][rows, :n]
            levels, had = parts["real"][rows, :n], parts["had"][rows, : network.n_remembered]
            likely = network.log_likelihood(states, levels, before, had, hiding, self.shares)
            found = found.index_add(0, rows, likely)
        return found

    @torch.no_grad()
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch *sample"]:
        return self._making.databases(self, noise, conditions)


def _sequence(codec: RelationalCodec, table: str) -> tuple[tuple[Place, ...], str, int]:
    places, n_first = codec.sequences[table]
    return places, table, n_first


def networks_for(
    codec: RelationalCodec, config: RelationalNetworks, rules: AbstractRules
) -> dict[str, nn.Module]:
    """New networks, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that databases do not play.
    """
    if not isinstance(rules, LikelihoodRules):
        raise UsageError(f"databases have no networks for the game {rules.name!r}.")
    return {"generator": RelationalGenerator(codec, config)}
