"""What measures of windows are like, and so how each is told; found from training windows alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import norm, rankdata
from torch import Tensor

from gansmith.modalities.series.window_bars import Bars, fit_bars
from gansmith.modalities.series.window_coding import AbstractCoding
from gansmith.modalities.series.window_codings import (
    Anchors,
    Changes,
    Levels,
    Moves,
    Smooth,
    polynomial_terms,
)
from gansmith.modalities.series.window_knots import Knots, first_knots, fit_knots

Numbers = Float[np.ndarray, "n_windows n_steps n_measures"]
Own = Float[np.ndarray, "n_windows n_steps"]

RESTLESS: Final = 0.5
"""Deviation of the changes, in that of the numbers, from which on a measure is told by its levels."""
REPEATING: Final = 0.02
"""Share of changes that are none from which on numbers lie on a grid."""
BURSTING: Final = 0.12
"""How much more sizes of changes are correlated from step to step than a Gaussian copula would have them."""
STEADY: Final = 0.3
"""Correlation of neighbouring changes from which on one tells the direction of the next."""
COARSE: Final = 0.5
"""Different numbers, as a share of all, up to which a sensor is coarse."""
MISREAD: Final = 0.1
"""How far off a number is that sums of changes made of another one, in medians of changes that are any."""
N_CELLS: Final = 8_193
TIED: Final = 1.5
"""What the other measures do not tell of one, in deviations of its changes, up to which it goes with them."""
ON_LINES: Final = 0.95
"""Share of windows that have to bend at knots alone."""
BENDING: Final = 0.02
"""Share of steps at which a measure has to bend to have knots at all."""
EXACT: Final = 2e-3
"""Of the deviation of the changes, what a polynomial of anchors may miss."""
N_SCALE_BINS: Final = 24
N_CORNERS: Final = 65
N_TRIED: Final = 600
"""Windows on which knots and anchors are looked for."""


def fit_codings(values: Numbers, tolerance: Float[np.ndarray, " n_measures"]) -> tuple[AbstractCoding, ...]:
    """How measures are told, none of them a copy of another."""
    period, knotted = _find_knots(values, tolerance)
    names: dict[str, list[int]] = {}
    anchored = {}
    for place in range(values.shape[2]):
        own = values[..., place]
        if place in knotted:
            names.setdefault("knots", []).append(place)
        elif np.diff(own, axis=1).std() > RESTLESS * own.std() or not own.std():
            names.setdefault("levels", []).append(place)
        elif (np.abs(np.diff(own, axis=1)) <= tolerance[place]).mean() > REPEATING:
            names.setdefault("moves" if _comes_in_bursts(own, tolerance[place]) else "changes", []).append(
                place
            )
        elif steps := _anchors(own):
            anchored[place] = steps
        else:
            names.setdefault("smooth" if _is_tied(values, place) else "changes", []).append(place)
    n_steps, found = values.shape[1], list[AbstractCoding]()
    if chosen := names.get("levels"):
        found.append(Levels(tuple(chosen), n_steps, {}))
    if chosen := names.get("changes"):
        found.append(Changes(tuple(chosen), n_steps, _meant(values[..., chosen], tolerance[chosen])))
    if chosen := names.get("moves"):
        found.append(Moves(tuple(chosen), n_steps, _meant(values[..., chosen], tolerance[chosen])))
    if chosen := names.get("knots"):
        found.append(Knots(tuple(chosen), n_steps, fit_knots(values[..., chosen], tolerance[chosen], period)))
    if anchored:
        n_anchors = max(map(len, anchored.values()))
        steps = {place: _anchors(values[..., place], n_anchors) or one for place, one in anchored.items()}
        found.append(_fitted_anchors(values, steps))
    if chosen := names.get("smooth"):
        found.append(_together(tuple(chosen), values[..., chosen]))
    return tuple(found)


def _together(places: tuple[int, ...], values: Numbers) -> AbstractCoding:
    """Measures that go together: one path through all of them where it does not tell whither it leads."""
    n_steps = values.shape[1]
    if all(_persistence(np.diff(own, axis=1)) < STEADY for own in np.moveaxis(values, 2, 0)):
        pooled = _smooth_scales(np.moveaxis(values, 2, 0).reshape(-1, n_steps, 1))
        if bars := fit_bars(values, pooled):
            return Bars(places, n_steps, bars)
    return Smooth(places, n_steps, _smooth_scales(values))


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _is_tied(values: Numbers, place: int) -> bool:
    """Whether a measure is told better by the others at the same step than by itself one step before."""
    first = values[:, 0]
    first = (first - first.mean(0)) / (first.std(0) + 1e-12)
    others = np.delete(first, place, 1)
    if not others.shape[1]:
        return True
    weights, *_ = np.linalg.lstsq(others, first[:, place], rcond=None)
    changes = np.diff(values[..., place], axis=1).std() / (values[..., place].std() + 1e-12)
    return bool((first[:, place] - others @ weights).std() < TIED * changes)


def _comes_in_bursts(own: Own, tolerance: float) -> bool:
    """Whether sizes of changes persist more than a Gaussian copula of the changes would have them."""
    changes = np.diff(own, axis=1)
    changes[np.abs(changes) <= tolerance] = 0.0
    of_changes, of_sizes = (_persistence(one) for one in (changes, np.abs(changes)))
    return of_sizes - of_changes**2 > BURSTING


def _persistence(numbers: Own) -> float:
    """The correlation of the normal scores of neighbours."""
    pairs = numbers[:, :2] if numbers.shape[1] > 1 else np.repeat(numbers, 2, 1)
    scores = norm.ppf((rankdata(pairs) - 0.5) / pairs.size).reshape(pairs.shape)
    return float(np.corrcoef(scores.T)[0, 1])


def _meant(values: Numbers, tolerance: np.ndarray) -> dict[str, Tensor]:
    """For numbers in evenly spaced cells the one that is likeliest meant: frequent, and near."""
    low, high = values.min((0, 1)), values.max((0, 1))
    meant = np.zeros((values.shape[2], N_CELLS))
    is_coarse = np.zeros(values.shape[2], bool)
    for place, own in enumerate(np.moveaxis(values, 2, 0)):
        changes = np.abs(np.diff(own, axis=1))
        moved = changes[changes > tolerance[place]]
        known, counts = np.unique(own[:, 0], return_counts=True)
        is_coarse[place] = len(known) < COARSE * len(own) and len(moved) < (1 - REPEATING) * changes.size
        cells = np.linspace(low[place], high[place], N_CELLS)
        if is_coarse[place]:
            width = MISREAD * np.median(moved) if len(moved) else 1.0
            for part in np.array_split(np.arange(N_CELLS), 64):
                near = ((cells[part, None] - known) / width) ** 2
                meant[place, part] = known[(np.log(counts) - near / 2).argmax(1)]
    tensors = {"meant": _tensor(meant), "low": _tensor(low), "high": _tensor(high)}
    return {**tensors, "is_coarse": torch.from_numpy(is_coarse), "tolerance": _tensor(2 * tolerance)}


def _find_knots(values: Numbers, tolerance: np.ndarray) -> tuple[int, list[int]]:
    """Steps between knots that the most measures share, and these measures; 0 where there are none."""
    sample = torch.from_numpy(values[:: max(1, len(values) // N_TRIED)])
    best: tuple[int, list[int]] = (0, [])
    for period in range(2, values.shape[1] // 2 + 1):
        found = []
        for place in range(values.shape[2]):
            own, limit = sample[..., [place]], torch.tensor(4 * tolerance[[place]])
            _, n_off = first_knots(own, period, limit)
            bends = own.diff(n=2, dim=1).abs() > limit
            if (n_off == 0).double().mean() > ON_LINES and bends.double().mean() > BENDING:
                found.append(place)
        if len(found) >= max(1, len(best[1])):
            best = (period, found)
    return best


def _anchors(own: Own, n_anchors: int = 0) -> tuple[int, ...]:
    """The steps of so many numbers, or of as few as do, of which the others are polynomials; or none."""
    tried = torch.from_numpy(own[:: max(1, len(own) // N_TRIED)])
    limit = EXACT * float(tried.diff(dim=1).std())
    spread = torch.linalg.svdvals(tried - tried.mean(0)).square()
    if float(spread[6:].sum() / spread.sum()) > EXACT**2:
        return ()
    steps = range(own.shape[1]) if own.shape[1] <= 32 else range(0, own.shape[1], own.shape[1] // 24)
    for n in (n_anchors,) if n_anchors else (1, 2, 3):
        chosen = combinations(steps, n) if n < 3 else combinations([*steps][:: max(1, len(steps) // 8)], n)
        misses = {one: _missed(tried, one) for one in chosen}
        best = min(misses, key=lambda one: misses[one])
        if misses[best] < limit:
            return best
    return ()


def _missed(own: Tensor, steps: Sequence[int]) -> float:
    """What polynomials of half of the windows miss of the other half."""
    terms = _terms(own[:, list(steps)], own[:, list(steps)])
    weights = torch.linalg.lstsq(terms[::2], own[::2], driver="gelsd").solution
    return float((own[1::2] - terms[1::2] @ weights).square().mean().sqrt())


def _terms(anchors: Tensor, all_anchors: Tensor) -> Tensor:
    low, high = all_anchors.amin(0), all_anchors.amax(0)
    return polynomial_terms(2 * (anchors - low) / (high - low).clamp(min=1e-12) - 1)


def _fitted_anchors(values: Numbers, steps: dict[int, tuple[int, ...]]) -> Anchors:
    weights, low, high = [], [], []
    for place, chosen in steps.items():
        own = torch.from_numpy(values[..., place])
        anchors = own[:, list(chosen)]
        weights.append(torch.linalg.lstsq(_terms(anchors, anchors), own, driver="gelsd").solution.float())
        low.append(anchors.amin(0).float())
        high.append(anchors.amax(0).float())
    tensors = {"steps": torch.tensor(list(steps.values())), "weights": torch.stack(weights)}
    tensors |= {"low": torch.stack(low), "high": torch.stack(high)}
    return Anchors(tuple(steps), values.shape[1], tensors)


def _smooth_scales(values: Numbers) -> dict[str, Tensor]:
    """Corners of numbers, and where they lie on a scale on which changes are equally large everywhere."""
    corners, scale = (np.zeros((values.shape[2], N_CORNERS)) for _ in range(2))
    for place, own in enumerate(np.moveaxis(values, 2, 0)):
        before, changes = own[:, :-1].ravel(), np.abs(np.diff(own, axis=1)).ravel()
        bins = np.array_split(np.argsort(before), N_SCALE_BINS)
        slope, level = np.polyfit(
            [before[one].mean() for one in bins], [changes[one].mean() for one in bins], 1
        )
        corners[place] = np.linspace(own.min(), own.max(), N_CORNERS)
        size = np.maximum(level + slope * corners[place], 0.1 * changes.mean())
        scale[place, 1:] = np.cumsum(np.diff(corners[place]) * 2 / (size[1:] + size[:-1]))
        scaled = np.interp(own, corners[place], scale[place])
        scale[place] = (scale[place] - scaled.mean()) / scaled.std()
    return {"corners": _tensor(corners), "scale": _tensor(scale)}
