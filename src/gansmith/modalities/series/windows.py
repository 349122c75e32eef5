"""Windows of numbers as the networks see them, and back.

A window is `(n_steps, n_measures)` numbers, told in the way that suits each measure (`window_codings.py`) by
*scores* near a standard normal distribution: what is told by ranks (`window_tables.py`) has the margins of
the real numbers whatever the scores are. The principal components of all scores are where the game starts:
normal noise on them is a Gaussian copula.

A *sample* is all that the networks see of a window: its numbers and their changes, standardised (these where
no score tells them), its scores, and their whitened components.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.series.window_coding import AbstractCoding, nearest
from gansmith.modalities.series.window_codings import CODINGS
from gansmith.modalities.series.window_copula import MOST_WINDOWS, components, latent_scores, whitening
from gansmith.modalities.series.window_fitting import fit_codings
from gansmith.modalities.series.window_tables import ROUNDING, Tables
from gansmith.scorecard.features import draws

Values = Float[Tensor, "batch n_steps n_measures"]
Numbers = Float[np.ndarray, "n_windows n_steps n_measures"]
Scores = Float[Tensor, "batch n_scores"]
Samples = Float[Tensor, "batch n_values"]

ALIKE: Final = 0.9
"""Share of windows that are the ones before, moved on by a step, from which on all are cut of one series."""
NEAR: Final = 1e-5
"""Deviations within which numbers are the same but for rounding."""
MOST_KNOWN: Final = 16_384
"""Different numbers up to which a measure is known by all of them."""
MOST_REGIMES: Final = 48
WINDOWS_PER_REGIME: Final = 80
"""A long series stays in places; windows are a Gaussian copula around some of these."""


@final
@dataclass(frozen=True, eq=False)
class WindowView:
    """What was learnt of windows; made by `fit`."""

    n_steps: int
    sources: tuple[int, ...]
    """Of each measure the one that it is a copy of: itself, where it is none."""
    is_sliding: bool
    """Whether windows are cut of one series, so that all steps have the same margins."""
    codings: tuple[AbstractCoding, ...]
    tables: Tables
    tensors: Mapping[str, Tensor]
    """Means, deviations and bounds of numbers and changes; components of the scores."""

    @staticmethod
    def fit(values: Numbers, seed: int = 0) -> WindowView:
        """Of training windows alone.

        Args:
            values: Finite numbers; windows may overlap, in the order of their time.
            seed: For the ranks of numbers that are equal.
        """
        return _fitted(values.astype(np.float64), seed)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make it again: plain JSON, and tensors."""
        plain = {
            "n_steps": self.n_steps,
            "sources": list(self.sources),
            "is_sliding": self.is_sliding,
            "codings": [[one.name, list(one.places)] for one in self.codings],
        }
        tensors = {f"view/{name}": tensor for name, tensor in self.tensors.items()}
        tensors |= {f"table/{name}": tensor for name, tensor in self.tables.state().items()}
        for one in self.codings:
            tensors |= {f"{one.name}/{name}": tensor for name, tensor in one.tensors.items()}
        return plain, tensors

    @staticmethod
    def from_state(state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> WindowView:
        """The view that `state` came from."""

        def of(part: str) -> dict[str, Tensor]:
            return {name.split("/")[1]: one for name, one in tensors.items() if name.startswith(part + "/")}

        codings = tuple(
            CODINGS[name](tuple(places), state["n_steps"], of(name)) for name, places in state["codings"]
        )
        sources = tuple(state["sources"])
        tables = Tables.from_state(of("table"))
        return WindowView(state["n_steps"], sources, state["is_sliding"], codings, tables, of("view"))

    def on(self, device: torch.device) -> WindowView:
        """The same on that device."""
        if device == self.tensors["mean"].device:
            return self
        if device not in self._elsewhere:
            state, tensors = self.state()
            moved = {name: tensor.to(device) for name, tensor in tensors.items()}
            self._elsewhere[device] = WindowView.from_state(state, moved)
        return self._elsewhere[device]

    @cached_property
    def _elsewhere(self) -> dict[torch.device, WindowView]:
        return {}

    # --- What stands where ----------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What each score is, those that are ranks first; those with the same margins have the same name."""
        found = [kind for one in self.codings for kind in one.kinds]
        if not self.is_sliding:
            return tuple(found)
        return tuple(kind.rsplit("/", 1)[0] for kind in found)

    @property
    def n_scores(self) -> int:
        """Scores of a window."""
        return len(self.kinds)

    @cached_property
    def n_ranked(self) -> int:
        """Scores that are ranks."""
        return sum(len(one.kinds) for one in self.codings if one.is_ranked)

    @property
    def n_values(self) -> int:
        """Values of a sample."""
        n_numbers = self.n_steps * len(self.sources)
        return n_numbers + (self.n_steps - 1) * len(self.gliding) + 2 * self.n_scores

    @cached_property
    def gliding(self) -> list[int]:
        """Measures whose changes are shown too, as no score tells them."""
        return [place for one in self.codings if one.name in ("smooth", "anchors") for place in one.places]

    @cached_property
    def rows(self) -> Int[Tensor, " n_ranked"]:
        """The table of each score that is a rank."""
        ranked = self.kinds[: self.n_ranked]
        places = {kind: place for place, kind in enumerate(dict.fromkeys(ranked))}
        return torch.tensor(
            [places[kind] for kind in ranked], dtype=torch.long, device=self.tables.values.device
        )

    # --- Numbers to samples, and back -----------------------------------------------------------------------

    def expand(self, values: Values) -> Samples:
        """What the networks see of numbers."""
        view = self.on(values.device)
        return view._shown(values.float(), view.scores(values))

    def compact(self, samples: Samples) -> Values:
        """The numbers of samples, in double precision; what is a known one but for rounding is this one."""
        view, shape = self.on(samples.device), (self.n_steps, len(self.sources))
        known, near = view.tensors, view.tensors["near"]
        numbers = samples[:, : shape[0] * shape[1]].unflatten(1, shape).double()
        numbers = numbers * known["deviation"].double() + known["mean"].double()
        for one in view.codings:
            own = [*one.places]
            numbers[..., own] = one.restored(numbers[..., own], near[own])
        return nearest(numbers[..., [*self.sources]], known["known"], near)

    def told(self, values: Values) -> Float[Tensor, "batch n_scores"]:
        """The numbers that the scores stand for."""
        return torch.cat([one.told(values[..., list(one.places)]) for one in self.codings], 1)

    def scores(self, values: Values, shares: Float[Tensor, "batch n_ranked"] | float = 0.5) -> Scores:
        """How windows are told.

        Args:
            values: Numbers.
            shares: In [0, 1], where among its equals each number stands.
        """
        told = self.told(values).float()
        ranked = self.tables.scores(told[:, : self.n_ranked], self.rows, shares)
        return torch.cat([ranked, told[:, self.n_ranked :]], 1)

    def samples(self, scores: Scores, *, is_final: bool = False) -> Samples:
        """What the networks see of scores that were made; gradients go straight through choices.

        Where it `is_final`, numbers are such as would have been read.
        """
        numbers, seen = self.tables.numbers(scores[:, : self.n_ranked], self.rows)
        smooth = scores[:, self.n_ranked :]
        sizes = [len(one.kinds) for one in self.codings]
        of_numbers = torch.cat([numbers, smooth], 1).split(sizes, 1)
        of_scores = torch.cat([seen, smooth], 1).split(sizes, 1)
        found: dict[int, Tensor] = {}
        settled: list[Tensor] = []
        for coding, told, own in zip(self.codings, of_numbers, of_scores, strict=True):
            values = coding.made(told)
            values = coding.exact(values) if is_final else values
            found |= dict(zip(coding.places, values.unbind(2), strict=True))
            settled.append(coding.settled(own, told))
        made = torch.stack([found[source] for source in self.sources], 2)
        within = torch.minimum(torch.maximum(made, self.tensors["low"]), self.tensors["high"])
        return self._shown(within, torch.cat(settled, 1))

    def _shown(self, values: Values, scores: Scores) -> Samples:
        known = self.tensors
        numbers = (values - known["mean"]) / known["deviation"]
        changes = (values.diff(dim=1) / known["change"])[..., self.gliding]
        components = (scores - known["score_mean"]) @ known["whitening"]
        return torch.cat([numbers.flatten(1), changes.flatten(1), scores, components], 1)


def _fitted(values: Numbers, seed: int) -> WindowView:
    tolerance = ROUNDING * np.abs(values).max((0, 1)) + 1e-12
    is_same = (values[1:, :-1] == values[:-1, 1:]).all((1, 2))
    sources = tuple(
        next(other for other in range(place + 1) if np.array_equal(values[..., other], values[..., place]))
        for place in range(values.shape[2])
    )
    own = sorted(set(sources))
    codings = tuple(
        replace(one, places=tuple(own[place] for place in one.places))
        for one in fit_codings(values[..., own], tolerance[own])
    )
    margins = {
        "mean": values.mean((0, 1)),
        "deviation": _some(values.std((0, 1)), tolerance),
        "change": _some(np.diff(values, axis=1).std((0, 1)), tolerance),
        "low": values.min((0, 1)),
        "high": values.max((0, 1)),
    }
    known = {name: torch.from_numpy(one.astype(np.float32)) for name, one in margins.items()}
    known |= {"known": _known(values), "near": torch.from_numpy(2 * tolerance + NEAR * margins["deviation"])}
    is_sliding = bool(len(is_same) and is_same.mean() > ALIKE)
    bare = WindowView(values.shape[1], sources, is_sliding, codings, Tables.fit((), ()), known)
    view = replace(bare, tables=_tables(bare, values, tolerance))
    chosen = torch.from_numpy(values[np.sort(draws(seed).permutation(len(values))[:MOST_WINDOWS])])
    low, high = view.scores(chosen, 0.0), view.scores(chosen, 1.0)
    most_regimes = min(MOST_REGIMES, len(chosen) // WINDOWS_PER_REGIME)
    latent = latent_scores(low, high, torch.Generator().manual_seed(seed)).double()
    if view.n_ranked:
        ranks = latent[:, : view.n_ranked]
        latent[:, : view.n_ranked] = (ranks - ranks.mean(0)) / ranks.std(
            0
        )  # so that margins come out exactly
    start = components(latent, most_regimes if is_sliding else 1, seed)
    return replace(view, tensors={**known, **start, **whitening(view.scores(chosen).double())})


def _some(deviations: Float[np.ndarray, " n"], least: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """To divide by: those that are more than rounding, and else 1."""
    return np.where(deviations > least, deviations, 1.0)


def _known(values: Numbers) -> Float[Tensor, "n_measures n_known"]:
    """The different numbers of each measure that has few, filled up with the last; else its ends."""
    found = [np.unique(own) for own in np.moveaxis(values, 2, 0)]
    found = [one if len(one) <= MOST_KNOWN else one[[0, -1]] for one in found]
    longest = max(2, *map(len, found))
    filled = [np.concatenate([one, np.full(longest - len(one), one[-1])]) for one in found]
    return torch.from_numpy(np.array(filled))


def _tables(view: WindowView, values: Numbers, tolerance: np.ndarray) -> Tables:
    """Of the numbers told; of those that share a table one column, which the others repeat."""
    told = view.told(torch.from_numpy(values)).numpy()
    limits = [limit for one in view.codings for limit in one.roundings(tolerance)]
    _, columns = np.unique(view.rows.numpy(), return_index=True)
    return Tables.fit([told[:, one] for one in columns], [limits[one] for one in columns])
