"""Small pieces of records as numbers: how steep, how smooth, how noisy they are, in which patterns.

What only a whole record shows is not in them; what a network does wrong everywhere, blur, checkerboards,
noise, lost colour, is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, final

import numpy as np
from scipy.fft import dctn

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.scorecard.translation.content import brightness
from gansmith.scorecard.translation.fidelity import Values

SIDE: Final = 16
"""Places on each side of a patch."""
SMALLEST_SIDE: Final = 8
MOST_OF_ONE: Final = 200
"""Patches of one record."""
_N_PATCHES: Final = 2_000
_STEP: Final = 1 / 255
"""All values are rounded to it: else what was never written to a file would be told by that alone."""
_FAINT: Final = _STEP**2 / 12
"""Power of the error of that rounding."""
_N_BANDS: Final = 8
_MOST_CHANNELS: Final = 4
_LAGS: Final = (1, 2, 4)
_PERIODS: Final = (2, 4)
_SCALES: Final = (2, 4)


@final
@dataclass(frozen=True, eq=False)
class Patches:
    """Pieces of some records."""

    features: np.ndarray
    """Shape `(n_patches, n_features)`, float64."""
    records: np.ndarray
    """Shape `(n_patches,)`: the number of the record that each comes from."""

    def take(self, records: np.ndarray) -> Patches:
        """The pieces of these records, which are numbered anew."""
        kept = np.isin(self.records, records)
        return Patches(self.features[kept], np.unique(self.records[kept], return_inverse=True)[1])

    @property
    def n_records(self) -> int:
        """How many records they come from."""
        return len(np.unique(self.records))


def side_of(records: Sequence[Values]) -> int:
    """Of the patches of these records: 16, less where one of them is smaller.

    Raises:
        DataError: One is smaller than 8 places.
    """
    smallest = min((min(one.shape[1:]) for one in records), default=0)
    if smallest < SMALLEST_SIDE:
        raise DataError(f"A side of {smallest} places is too short for patches. Wanted: {SMALLEST_SIDE}.")
    return min(SIDE, smallest)


def patches_of(records: Sequence[Values], side: int, *, seed: int) -> Patches:
    """Some 2,000 pieces of records, equally many of each, 200 at most; of small ones fewer.

    Where they lie is drawn by the seed and the number of the record, so those of two records of one size and
    number lie at the same places.

    Args:
        records: One or more, all of as many channels.
        side: Of each piece.
        seed: Of the places.
    """
    n_wanted = min(MOST_OF_ONE, max(1, _N_PATCHES // len(records)))
    found, numbers = list[np.ndarray](), list[np.ndarray]()
    for number, record in enumerate(records):
        free = np.array(record.shape[1:]) - side + 1
        n_disjoint = int(np.prod([own // side for own in record.shape[1:]]))
        n = min(n_wanted, n_disjoint)
        starts = (draws(seed + number).random((n, len(free))) * free).astype(int)
        cut = [record[(slice(None), *[slice(a, a + side) for a in start])] for start in starts]
        found.append(features_of(np.stack(cut)))
        numbers.append(np.full(n, number))
    return Patches(np.concatenate(found), np.concatenate(numbers))


def features_of(patches: np.ndarray) -> np.ndarray:
    """Numbers of each piece, shape `(n_patches, n_features)`.

    Args:
        patches: Shape `(n_patches, n_channels, *grid)`, 0 to 1, all sides equal, 8 or more.
    """
    values = np.rint(patches.astype(np.float64) / _STEP) * _STEP
    grey = np.stack([brightness(one) for one in values])  # (n_patches, *grid)
    parts = [
        *_edges(grey),
        *(
            number
            for scale in _SCALES
            if grey.shape[1] >= 4 * scale
            for number in _slopes(_reduced(grey, scale))
        ),
        *_bands(grey),
        *_rhythms(grey),
        *_channels(values[:, :_MOST_CHANNELS]),
    ]
    return np.stack(parts, axis=1)


def _edges(grey: np.ndarray) -> list[np.ndarray]:
    """Slopes of neighbours, of diagonals, and what the Laplacian leaves."""
    axes = range(1, grey.ndim)
    found = _slopes(grey)
    for axis in axes:
        found.append((abs(np.diff(grey, axis=axis)) < _STEP / 4).mean(axis=_rest(grey)))  # flat places
    for a, b in combinations(axes, 2):
        for turned in (grey, np.flip(grey, b)):
            diagonal = np.diff(np.diff(turned, axis=a), axis=b)
            across = _cut(turned, {a: (1, None), b: (1, None)}) - _cut(turned, {a: (0, -1), b: (0, -1)})
            found += [_size(across), _size(diagonal)]
    rough = _laplacian(grey)
    found += [_size(rough), _tails(rough), _unevenness(rough)]
    found += [_lagged(rough, axis, lag) for axis in axes for lag in _LAGS[:2]]
    return found


def _slopes(grey: np.ndarray) -> list[np.ndarray]:
    """For each axis how large differences of neighbours are, how heavy their tails, how they go on."""
    found = list[np.ndarray]()
    for axis in range(1, grey.ndim):
        slope = np.diff(grey, axis=axis)
        found += [_size(slope), _tails(slope), _size(np.diff(slope, axis=axis))]
        found += [_lagged(slope, axis, lag) for lag in _LAGS if lag + 2 <= slope.shape[axis]]
    return found


def _bands(grey: np.ndarray) -> list[np.ndarray]:
    """Power of patterns of each size, those along one axis by themselves, and how steeply it falls."""
    axes, side = _rest(grey), grey.shape[1]
    power = np.square(np.asarray(dctn(_centred(grey), axes=axes, norm="ortho")))
    places = np.indices(grey.shape[1:])
    band = np.floor(np.sqrt(np.square(places / side).mean(axis=0)) * _N_BANDS).astype(int)
    found = [np.log(power[:, band == one].mean(axis=1) + _FAINT) for one in range(_N_BANDS)]
    found.append(found[_N_BANDS - 2] - found[_N_BANDS // 2 - 1])
    for axis in range(len(places)):
        others = places.sum(axis=0) - places[axis]
        for low, high in ((side // 4, side // 2), (side // 2, side)):
            is_in = (places[axis] >= low) & (places[axis] < high) & (others < side // 4)
            found.append(np.log(power[:, is_in].mean(axis=1) + _FAINT))
    return found


def _rhythms(grey: np.ndarray) -> list[np.ndarray]:
    """Whether every second or fourth place is rougher than others: checkerboards, and what was enlarged."""
    found = list[np.ndarray]()
    for axis in range(1, grey.ndim):
        others = tuple(one for one in range(1, grey.ndim) if one != axis)
        rough = abs(np.diff(grey, 2, axis=axis)).mean(axis=others)  # (n_patches, side - 2)
        for period in _PERIODS:
            n = rough.shape[1] // period
            phases = rough[:, : n * period].reshape(len(rough), n, period).mean(axis=1) + _STEP / 4
            found.append(np.log(phases.max(axis=1) / phases.min(axis=1)))
    return found


def _channels(values: np.ndarray) -> list[np.ndarray]:
    """Level and spread of each channel, and how what is rough in two of them goes together."""
    channels = [values[:, number] for number in range(values.shape[1])]
    found = [number for one in channels for number in (one.mean(axis=_rest(one)), _size(_centred(one)))]
    for one, other in combinations([_centred(_laplacian(one)) for one in channels], 2):
        found += [_correlation(one, other), _size(one) - _size(other)]
    return found


def _rest(grey: np.ndarray) -> tuple[int, ...]:
    return tuple(range(1, grey.ndim))


def _cut(grey: np.ndarray, parts: dict[int, tuple[int, int | None]]) -> np.ndarray:
    return grey[tuple(slice(*parts.get(axis, (None,))) for axis in range(grey.ndim))]


def _centred(part: np.ndarray) -> np.ndarray:
    return part - part.mean(axis=_rest(part), keepdims=True)


def _reduced(grey: np.ndarray, scale: int) -> np.ndarray:
    """Means of squares of some places."""
    n = grey.shape[1] // scale
    for axis in _rest(grey):
        whole = _cut(grey, {axis: (0, n * scale)})
        shape = (*whole.shape[:axis], n, scale, *whole.shape[axis + 1 :])
        grey = whole.reshape(shape).mean(axis=axis + 1)
    return grey


def _laplacian(grey: np.ndarray) -> np.ndarray:
    """The sum of second differences, within the piece."""
    inner = dict.fromkeys(_rest(grey), (1, -1))
    return sum(
        (np.diff(_cut(grey, {a: b for a, b in inner.items() if a != axis}), 2, axis=axis) for axis in inner),
        np.zeros(()),
    )


def _size(part: np.ndarray) -> np.ndarray:
    """The logarithm of the root mean square."""
    return 0.5 * np.log(np.square(part).mean(axis=_rest(part)) + _FAINT)


def _tails(part: np.ndarray) -> np.ndarray:
    """The logarithm of the kurtosis, rounding apart."""
    square = np.square(part)
    fourth = np.square(square).mean(axis=_rest(part)) + 3 * _FAINT**2
    return np.log(fourth / np.square(square.mean(axis=_rest(part)) + _FAINT))


def _unevenness(rough: np.ndarray) -> np.ndarray:
    """How far the roughness of parts of a piece differs."""
    local = np.log(_reduced(np.square(rough), 4) + _FAINT)
    return local.std(axis=_rest(local))


def _lagged(part: np.ndarray, axis: int, lag: int) -> np.ndarray:
    """Correlation of values that stand some places apart."""
    return _correlation(_cut(part, {axis: (lag, None)}), _cut(part, {axis: (0, -lag)}))


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    axes = _rest(one)
    sizes = np.square(one).mean(axis=axes) * np.square(other).mean(axis=axes)
    return (one * other).mean(axis=axes) / np.sqrt(sizes + _FAINT**2)
