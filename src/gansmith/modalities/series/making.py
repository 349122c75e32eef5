"""How a network makes series: it walks, and draws what comes next.

Series may be given in part: what is there is kept, and counts as seen; the rest is drawn. Where gaps lie
before cells that are there, several ways through them are tried side by side, and those go on that find
likely what comes after: a particle filter.

Source:
    Gordon et al. 1993, "Novel approach to nonlinear/non-Gaussian Bayesian state estimation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.modalities.draws import OF_DOUBTS, OF_WAYS, Draws
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.stepping import Known, Step
from gansmith.modalities.series.steps import Steps
from gansmith.modalities.series.walk import Walk, lengths_first

if TYPE_CHECKING:
    from gansmith.modalities.series.networks import SeriesGenerator

N_WAYS: Final = 16
"""Ways that are tried through the gaps of a series."""
Lengths = Int[np.ndarray, " n"]


@final
@dataclass(frozen=True, eq=False)
class Given:
    """The beginnings of series, perhaps with gaps; a row for each series, a column for each step."""

    steps: Steps
    """Times `(n, longest)`, the others `(n, longest, n_columns)`."""
    is_there: Bool[np.ndarray, "n longest n_columns"]
    """Which cells are known; those of time always are."""
    lengths: Lengths

    def at(self, step: int, n: int) -> Known:
        """A step of the first n series."""
        place = min(step, self.is_there.shape[1] - 1)
        is_given = self.lengths[:n] > step
        here = Steps(*(part[:n, place] for part in self.steps))
        return Known(here, self.is_there[:n, place] & is_given[:, None], is_given)

    def take(self, rows: Int[np.ndarray, " m"]) -> Given:
        """Those of some of the series, any of them several times."""
        return Given(Steps(*(part[rows] for part in self.steps)), self.is_there[rows], self.lengths[rows])


@final
class Making:
    """Makes series with a network; see the module."""

    def __init__(self, codec: SeriesCodec) -> None:
        self.codec = codec

    def __deepcopy__(self, memo: dict[int, Any]) -> Making:
        return self  # nothing of it changes

    def series(self, network: SeriesGenerator, noise: Tensor, conditions: Tensor | None) -> Tensor:
        """Compact series, one for each row of noise; see `SeriesRequest.conditions`."""
        codec, n = self.codec, len(noise)
        if conditions is None:
            conditions = torch.zeros(n, codec.n_asked)
        elif conditions.shape[1] != codec.n_asked:
            return self._continued(network, noise, conditions.numpy())
        compact = torch.zeros(n, 0)
        if codec.layout is not None and network.attributes is not None:
            latents = Draws(noise).latents(2 * codec.layout.n_columns)
            compact = codec.layout.compact(network.attributes.completed(conditions[:, 1:].float(), latents))
        first, n_steps, last = codec.planned(compact.numpy())
        wanted = conditions[:, 0].numpy().astype(np.int64)
        n_steps = np.where(wanted > 0, wanted, n_steps)
        order = lengths_first(n_steps)
        rows = torch.from_numpy(order)
        walk = Walk(codec.steps.route, first[order], n_steps[order], last[order])
        made, _ = self._walked(
            network, walk, self.codec.told(compact[rows]), Draws(noise[rows]), n_steps[order]
        )
        return self._in_order(compact[rows].numpy(), made, n_steps[order], order)

    def _continued(self, network: SeriesGenerator, noise: Tensor, conditions: np.ndarray) -> Tensor:
        """Compact series that begin as they are given; see `futures.conditions_for`."""
        codec, n_more = self.codec, int(conditions[0, 1])
        n_rows = (conditions.shape[1] - 1 - codec.n_of_series) // codec.n_per_step
        end = 1 + codec.n_of_series + n_rows * codec.n_per_step
        packed = np.concatenate([conditions[:, :1], conditions[:, 2:end]], 1)
        attributes, steps, lengths = codec.unpacked(packed)
        is_there = codec.wide(steps, lengths).states >= 0
        steps = codec.wide(steps._replace(states=np.maximum(steps.states, 0)), lengths)
        n_ways = 1 if is_there.all() else N_WAYS
        order = np.repeat(lengths_first(lengths), n_ways)
        given = Given(steps, is_there, lengths).take(order)
        first = given.steps.times[:, 0]
        last = given.steps.times[np.arange(len(order)), given.lengths - 1]
        last = last + (last - first) // np.maximum(given.lengths - 1, 1) * n_more
        compact = torch.from_numpy(attributes[order].astype(np.float32))
        chance = noise[torch.from_numpy(order)].clone()
        chance[:, 0] += torch.arange(len(order)) % n_ways  # each way has its own
        lengths = given.lengths + n_more
        walk = Walk(codec.steps.route, first, lengths, last)
        made, surprise = self._walked(
            network, walk, self.codec.told(compact), Draws(chance), lengths, given, n_ways
        )
        kept = np.arange(len(order))
        if n_ways > 1:
            kept = surprise.reshape(-1, n_ways).argmin(1) + n_ways * np.arange(len(order) // n_ways)
            rows = np.isin(np.repeat(np.arange(len(order)), lengths), kept)
            made = Steps(*(part[rows] for part in made))
        return self._in_order(compact.numpy()[kept], made, lengths[kept], order[kept])

    def _in_order(self, attributes: np.ndarray, made: Steps, lengths: Lengths, order: np.ndarray) -> Tensor:
        """Compact series in the order in which they were asked for."""
        packed = self.codec.packed(attributes.astype(np.float64), made, lengths)
        found = np.empty_like(packed)
        found[order] = packed
        return torch.from_numpy(found)

    def _walked(
        self,
        network: SeriesGenerator,
        walk: Walk,
        told: Tensor,
        draws: Draws,
        lengths: Lengths,
        given: Given | None = None,
        n_ways: int = 1,
    ) -> tuple[Steps, Float[np.ndarray, " n"]]:
        """The steps of series, one series after the other, and how unlikely what is given was found.

        Args:
            network: Says what comes next.
            walk: Where they begin.
            told: Their attributes, as samples.
            draws: Their chance.
            lengths: Steps of each, descending.
            given: What is there of them.
            n_ways: So many neighbouring rows are ways through one series, of which the likely ones go on.
        """
        steps, n, longest = self.codec.steps, len(lengths), int(lengths.max(initial=0))
        kept = steps.empty(n, longest)
        walk.doubts = _doubts(walk, draws)
        hidden, seen, surprise = None, None, np.zeros(n)
        for number in range(longest):
            n_left = int((lengths > number).sum())
            walk.keep(n_left)
            history, own = torch.from_numpy(walk.history()), told[:n_left]
            hidden = None if hidden is None else hidden[:, :n_left].contiguous()
            before = None if seen is None else seen[:n_left]
            context, hidden = network.advance(history, own, before, hidden)
            known = None if given is None else given.at(number, n_left)
            step = Step(steps, network, walk, draws, known, own)
            made = step.made(context)
            for part, value in zip(kept, made, strict=True):
                part[:n_left, number] = value
            seen = step.seen
            walk.push(made.times, made.states, made.numbers, steps.spread_out(step.off))
            surprise[:n_left] += step.surprise
            if n_ways > 1 and known is not None and known.is_given.any():
                chosen = _resampled(surprise[:n_left], n_ways, draws, number)
                if chosen is not None:
                    walk.choose(chosen)
                    rows = torch.from_numpy(chosen)
                    hidden, seen = hidden[:, rows], seen[rows]
                    for part in kept:
                        part[:n_left, : number + 1] = part[chosen, : number + 1]
                    surprise[:n_left] = 0
        rows = np.arange(longest) < lengths[:, None]
        return Steps(*(part[rows] for part in kept)), surprise


def _doubts(walk: Walk, draws: Draws) -> Float[np.ndarray, "n n_doubted n_regressors"]:
    """What makes other weights of the drafts of each series, where few steps told them."""
    draft, n = walk.route.draft, len(walk.times)
    if draft is None or not len(draft.doubt):
        return np.zeros((n, 0, 0))
    _, n_drafted, n_regressors, _ = draft.doubt.shape
    normal = draws.latents(n_drafted * n_regressors, OF_DOUBTS).double().numpy()
    return normal.reshape(n, n_drafted, n_regressors)


def _resampled(
    surprise: Float[np.ndarray, " n"], n_ways: int, draws: Draws, step: int
) -> Int[np.ndarray, " n"] | None:
    """Which ways go on, as often as they are likely; None: all are nearly as likely as each other."""
    of_ways = surprise.reshape(-1, n_ways)
    weights = np.exp(of_ways.min(1, keepdims=True) - of_ways)
    weights /= weights.sum(1, keepdims=True)
    if (1 / np.square(weights).sum(1)).min() > n_ways / 2:
        return None
    shift = draws.at(len(surprise), step, OF_WAYS).reshape(-1, n_ways)[:, :1]
    aims = (shift + np.arange(n_ways)) / n_ways
    chosen = (weights.cumsum(1)[:, None, :] <= aims[:, :, None]).sum(2).clip(max=n_ways - 1)
    return (chosen + n_ways * np.arange(len(chosen))[:, None]).ravel()
