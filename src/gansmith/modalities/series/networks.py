"""A network that makes series: attributes first, then step after step, column after column.

A recurrent layer carries what has been on from step to step. Of each step it is first said when it is, and
then, with the calendar of that moment before it, what it holds: each column given those before it. What comes
out are chances of states, so whatever is drawn was found likely, however rare.

Sources:
    Uria et al. 2016, "Neural autoregressive distribution estimation", section 2 (arXiv:1605.02226): column
    after column. Grave, Joulin and Usunier 2017, "Improving neural language models with a continuous cache"
    (arXiv:1612.04426): what a series has done before is likely again. Lin et al. 2020, "Using GANs for
    sharing networked time series data", section 4 (arXiv:1909.13403): attributes first, then the series.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding, log_softmax, pad, silu

from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.making import Making
from gansmith.modalities.series.pointing import Pointer
from gansmith.modalities.series.window_networks import SeriesNetworks
from gansmith.nets.distributions import AbstractSequential
from gansmith.tabular.completion import Completion

SHARP: Final = 20.0
"""Shares of states that were there are told apart below and above one in so many."""
CACHE_GAIN: Final = 6.0
"""Usual categories count as much more than usual numbers: often hardly anything else is possible."""
MOST_HAD: Final = 9
"""So many states or more that a series had in a column, are not told apart."""
FIRST_SPREAD: Final = 0.05
"""Standard deviation with which what tells columns and states apart begins."""
Hidden = Float[Tensor, "1 batch width"]


@final
class SeriesGenerator(AbstractSequential):
    """See the module.

    Args:
        codec: Of the series; it walks along those that are made.
        config: Sizes.
    """

    _closed: Tensor
    _is_after_first: Tensor
    _is_later: Tensor
    _is_number: Tensor
    _slots: Tensor
    _gains: Tensor

    def __init__(self, codec: SeriesCodec, config: SeriesNetworks) -> None:
        super().__init__()
        steps, width = codec.steps, config.width
        self.n_states, self.n_clock = steps.n_states, steps.n_clock
        n_columns, n_most = len(self.n_states), max(self.n_states, default=1)
        self.hidden_share = config.hidden_share
        n_attributes = codec.n_told
        self.attributes = Completion(codec.layout, config.attribute_width) if codec.layout else None
        n_in = steps.route.n_history + n_attributes
        self.read = nn.Linear(n_in, width)
        self.carry = nn.GRU(width, width, batch_first=True)
        self.past = nn.Linear(2 * width + n_attributes, width)
        self.now = nn.Linear(steps.route.n_moment, width)
        self.known = nn.Parameter(torch.randn(n_columns, n_most, width) * FIRST_SPREAD)
        self.again = nn.Linear(steps.route.n_again, width) if steps.route.n_again else None
        self.n_plain = steps.n_plain
        self.place = nn.Parameter(torch.zeros(n_columns, width))
        self.column = nn.Parameter(torch.randn(n_columns, width) * FIRST_SPREAD)
        self.refine = nn.Linear(width, width)
        self.said = nn.Parameter(torch.zeros(n_columns, width, n_most))
        self.bias = nn.Parameter(torch.zeros(n_columns, n_most))
        self.before = nn.Parameter(torch.randn(n_columns, n_most, width) * FIRST_SPREAD)
        lacking = np.arange(n_most) >= np.array(self.n_states or (1,))[:, None]
        numbers = np.arange(n_columns)[:, None]
        for name, values in (
            ("_closed", np.where(lacking, -1e9, 0.0)),
            ("_is_after_first", numbers > 0),
            ("_is_later", numbers >= self.n_clock),
            ("_is_number", numbers >= self.n_plain),
        ):  # of NumPy, so that they are there where a model is rebuilt without memory
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)), persistent=False)
        self.pointer = Pointer(steps, width + n_attributes, width, codec.plain) if steps.is_pointing else None
        self.cache = nn.Linear(width, 3 * max(n_columns, 1))
        nn.init.zeros_(self.cache.weight)
        nn.init.zeros_(self.cache.bias)
        self.cache_of = nn.Parameter(torch.zeros(1 + len(codec.plain), 3 * max(n_columns, 1)))
        self.old = nn.Parameter(torch.zeros(max(n_columns, 1), MOST_HAD, 2))
        self.usual = nn.Parameter(torch.zeros(1 + len(codec.plain), n_columns, n_most))
        self.plain = torch.from_numpy(np.array(codec.plain, np.int64))
        gains = [1.0 if codec.n_bins else CACHE_GAIN for codec in steps.columns] or [1.0]
        slots, first = np.full((n_columns, n_most), steps.route.n_counted), 0
        for column, n in steps.route.counted:
            slots[column, :n] = first + np.arange(n)
            first += n
        self.register_buffer("_slots", torch.from_numpy(slots), persistent=False)
        gained = torch.from_numpy(np.array(gains, np.float32))[:, None, None]
        self.register_buffer("_gains", gained, persistent=False)
        self._making = Making(codec)

    # --- Learning ---

    def log_likelihood(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> Float[Tensor, " batch"]:
        """See the base class; the mean over the cells that count."""
        counts = parts["counts"]
        is_step, said, here = self.said_along(parts, hiding)
        cells = counts.new_zeros(counts.shape, dtype=said.dtype)
        cells[is_step] = said.gather(-1, here[..., None])[..., 0]
        return (cells * counts).sum((1, 2)) / counts.sum((1, 2)).clamp_min(1)

    def said_along(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> tuple[Bool[Tensor, "batch steps"], Float[Tensor, "n columns states"], Int[Tensor, "n columns"]]:
        """Which steps are there, and of these the logarithms of chances of states, and those they have."""
        states = parts["states"].long()
        told = self._told(parts, states.shape[1])
        past = self._hidden(self._pasts(parts, states, told, hiding), hiding)
        is_step = parts["counts"].any(2)  # what fills up short series costs nothing from here on
        told = told[is_step]
        past, moment, days = past[is_step], parts["moment"][is_step].float(), parts["days"][is_step].long()
        hints, here = parts["hints"][is_step].float(), states[is_step]
        known = self._each(self.known, here) + hints[..., None] * self.place
        known = torch.cumsum(known, -2) - known  # (steps, columns, width)
        context = past[:, None] + self.now(moment)[:, None] * self._is_later
        if self.again is not None:
            context = context + self.again(parts["again"][is_step].float())[:, None] * self._is_number
        cached = self._closed + self.cached(past, told, parts["shares"][is_step].float())
        if self.pointer is None:
            logits = self._logits(context + known, slice(None)) + cached
            return is_step, log_softmax(logits.float(), -1), here
        told, pace = torch.cat([past, told], 1), parts["pace"][is_step].float()
        day = self.pointer.context(told, days[:, 1], days[:, 2:])
        logits = self._logits(context + day[:, None] * self._is_after_first + known, slice(None)) + cached
        gaps = logits[:, 0, : self.n_states[0]] + self.pointer.logits(told, days[:, 0], days[:, 2:], pace)
        gaps = self.pointer.waited(gaps.float())
        first = pad(gaps, (0, logits.shape[-1] - gaps.shape[-1]))
        said = torch.cat([first[:, None], log_softmax(logits[:, 1:].float(), -1)], 1)
        return is_step, said, here

    def _told(self, parts: Mapping[str, Tensor], n_steps: int) -> Float[Tensor, "batch steps n_attributes"]:
        """The attributes of series, as samples, at each of their steps."""
        return self._making.codec.told(parts["attributes"])[:, None].expand(-1, n_steps, -1)

    def _pasts(
        self, parts: Mapping[str, Tensor], states: Tensor, told: Tensor, hiding: torch.Generator | None
    ) -> Float[Tensor, "batch steps width"]:
        """What is known before each step."""
        history = torch.cat([parts["history"].float(), told], -1)
        before = self._each(self.before, states).sum(-2)
        rows = self.read(history) + pad(before, (0, 0, 1, -1))  # of the step before
        rows = self._hidden(rows, hiding)
        carried, _ = self.carry(rows)
        return self.past(torch.cat([carried, rows, told], -1))

    def cached(
        self,
        past: Float[Tensor, "rows width"],
        told: Float[Tensor, "rows n_attributes"],
        shares: Float[Tensor, "rows one_and_counted"],
    ) -> Float[Tensor, "rows columns states"]:
        """What is added to logits for how often states, and those beside them, were there so far.

        How likely something new is goes by how many states there were in how many steps. What is usual with
        the categories of a series is added, too.

        Args:
            past: What is known before a step.
            told: The attributes of the series.
            shares: See `Walk.shares`.
        """
        share = pad(shares[:, :-1], (0, 1))[:, self._slots]
        is_had = share > 0
        n_had = is_had.sum(2).clamp(max=MOST_HAD - 1)  # (rows, columns)
        old = self.old[torch.arange(len(self.n_states)), n_had]  # (rows, columns, 2)
        often, around = torch.log1p(SHARP * share), pad(share, (1, 1))
        beside = torch.log1p(SHARP * (around[..., :-2] + share + around[..., 2:]))
        kind = torch.cat([past.new_ones(len(past), 1), told[:, self.plain]], 1)
        weights = self.cache(silu(past)) + kind @ self.cache_of
        weights = self._gains * weights.unflatten(1, (-1, 3))[..., None]
        had = weights[:, :, 2] + self._gains[:, :, 0] * (old[..., :1] + old[..., 1:] * shares[:, -1:, None])
        own = weights[:, :, 0] * often + weights[:, :, 1] * beside + had * is_had
        return own + CACHE_GAIN * torch.einsum("rk,kcs->rcs", kind, self.usual)

    def _hidden(self, values: Tensor, hiding: torch.Generator | None) -> Tensor:
        """Values, some of them zero while the network learns, and the others the larger for it."""
        if hiding is None or not self.hidden_share:
            return values
        is_kept = torch.rand(values.shape, generator=hiding) >= self.hidden_share
        return values * is_kept.to(values) / (1 - self.hidden_share)

    def _each(self, table: Tensor, states: Int[Tensor, "*rows columns"]) -> Tensor:
        """What stands in a table for the state of each column."""
        n_columns, n_most, width = table.shape
        places = states + n_most * torch.arange(n_columns)
        return embedding(places, table.reshape(-1, width))

    def _logits(self, context: Float[Tensor, "*rows columns width"], columns: slice) -> Tensor:
        """What is said of columns, each from a context of its own."""
        found = silu(context + self.column[columns])
        found = found + silu(self.refine(found))
        return torch.einsum("...cw,cws->...cs", found, self.said[columns]) + self.bias[columns]

    # --- Making ---

    def advance(
        self, history: Tensor, told: Tensor, states: Tensor | None, hidden: Hidden | None
    ) -> tuple[Float[Tensor, "batch width"], Hidden]:
        """What is known before a step, and what is carried on.

        Args:
            history: Of each series, shape `(batch, n_history)`.
            told: Its attributes, as samples, shape `(batch, n_attributes)`.
            states: Of the step before, shape `(batch, columns)`; None: there was none.
            hidden: What was carried so far; None: nothing.
        """
        rows = self.read(torch.cat([history, told], 1))
        if states is not None:
            rows = rows + self._each(self.before, states[:, None])[:, 0].sum(-2)
        carried, after = self.carry(rows[:, None], hidden)
        return self.past(torch.cat([carried[:, 0], rows, told], -1)), after

    def chances(
        self, context: Float[Tensor, "batch width"], column: int, more: Tensor | None = None
    ) -> Float[Tensor, "batch states"]:
        """How likely each state of a column is; `more` is added to the logits."""
        logits = self._logits(context[:, None], slice(column, column + 1))[:, 0, : self.n_states[column]]
        logits = logits if more is None else logits + more
        if self.pointer is not None and not column:
            return self.pointer.waited(logits.float()).exp()
        return logits.float().softmax(-1)

    def with_column(
        self, context: Float[Tensor, "batch width"], column: int, states: Tensor, hints: Tensor
    ) -> Float[Tensor, "batch width"]:
        """The context for the columns that follow."""
        return context + self.known[column, states] + hints[:, None] * self.place[column]

    @torch.no_grad()
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch *sample"]:
        return self._making.series(self, noise, conditions)


def networks_for(codec: SeriesCodec, config: SeriesNetworks, rules: Any) -> dict[str, nn.Module]:
    """New networks, their weights from torch's current random state."""
    return {"generator": SeriesGenerator(codec, config)}
