"""Series that are all but copies of training series: shifted in time, scaled, moved up or down.

Windows are compared by their normalised cross-correlation with windows of training series at all places:
what is shifted in time lies elsewhere, scale and offset leave a correlation as it is. A copy is told from a
look-alike by its neighbours: it is much nearer to one training series than to the next ones, and more so
than hardly any fresh real series is (see `embedded.alike`, which is the same for records on a grid).

Source:
    As `embedded.alike`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.embedded.alike import N_NEXT, Likeness
from gansmith.scorecard.features import draws
from gansmith.scorecard.sequences.ragged import Ragged
from gansmith.scorecard.sequences.records import OfSteps, Sequences

LENGTH: Final = 24
"""Steps of a window, or half of a usual series where that is less."""
FEWEST: Final = 4
"""Steps of a window; shorter series are like none."""
WHERE: Final = (0.2, 0.8)
"""Where windows of a series begin that is looked at, as shares of the room there is."""
MAX_SERIES: Final = (200, 1_000)
"""Series that are looked at, for a quick card and for a full one."""
MAX_PLACES: Final = 150_000
"""Windows of training series; of more, every second place, third place, ..."""
MAX_CHANNELS: Final = 4
"""Columns that are compared, the first ones, measures before categories; each counts alike."""
_N_CODES: Final = 3
_CHUNK: Final = 4_000_000
"""Correlations that are held at once: 16 MB."""
_FLAT: Final = 1e-9

Channels = Float[np.ndarray, "n_channels n_steps"]


def likeness(fake: Sequences, train: Sequences, *, n_max: int, seed: int) -> Likeness:
    """How like training series others are, and which one each is most like.

    Args:
        fake: Series that are looked at.
        train: Training series, each of which should be there once.
        n_max: Of those that are looked at; of more, so many are drawn, and `which` is of these.
        seed: Draws them.
    """
    fake = fake.take(np.sort(draws(seed).permutation(len(fake))[:n_max]))
    length = int(np.clip(np.median(train.lengths) // 2, FEWEST, LENGTH))  # the same, whoever is asked
    ours, owners = _asked(fake, length)
    theirs, known = _known(train, length)
    ratio, which = np.ones(len(fake)), np.zeros(len(fake), dtype=np.int64)
    if not len(ours) or not len(theirs):
        return Likeness(ratio, which)
    begins = np.flatnonzero(np.diff(known, prepend=-1))
    n_rows = max(1, _CHUNK // len(theirs))
    k = min(1 + N_NEXT, len(begins))
    for start in range(0, len(ours), n_rows):
        rows = slice(start, start + n_rows)
        best = np.maximum.reduceat(ours[rows] @ theirs.T, begins, axis=1)  # (n_rows, n_known)
        places = np.argpartition(-best, k - 1, axis=1)[:, :k]
        found = np.sqrt(np.clip(2 - 2 * np.take_along_axis(best, places, 1), 0, None))
        order = np.argsort(found, axis=1, kind="stable")
        found, places = (np.take_along_axis(one, order, 1) for one in (found, places))
        beside = found[:, 1:].mean(axis=1) if k > 1 else np.ones(len(found))
        near = found[:, 0] / np.maximum(beside, 1e-6)
        for owner, value, place in zip(owners[rows], near, known[begins[places[:, 0]]], strict=True):
            if value < ratio[owner]:
                ratio[owner], which[owner] = value, place
    return Likeness(ratio, which)


def _channels(of: Sequences) -> Channels:
    """What is compared of each step: measures, missing ones between their neighbours; gaps; codes."""
    found = [_filled(of.column(name), of) for name in of.measures]
    if not found or of.categories:
        found += [(of.column(name) == code) * 1.0 for name in of.categories for code in range(_N_CODES)]
    if of.clock and not of.measures:
        found.append(np.log(np.maximum(np.nan_to_num(of.gaps, nan=1.0), 1e-9)))
    return np.stack(found[:MAX_CHANNELS])


def _filled(values: OfSteps, of: Sequences) -> OfSteps:
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return np.zeros(len(values))
    filled = np.interp(np.arange(len(values)), known, values[known])
    has_any = Ragged(of).count(~np.isnan(values)) > 0
    return np.where(has_any[of.owners], filled, 0.0)


def _asked(of: Sequences, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Some windows of each series, and whose they are."""
    room = of.lengths - length
    shares = np.array(WHERE)
    starts = np.floor(np.maximum(room, 0)[:, None] * shares).astype(np.int64) + of.starts[:-1][:, None]
    owners = np.repeat(np.arange(len(of)), len(WHERE))
    is_room = np.repeat(room >= 0, len(WHERE))
    return _normed(_channels(of), starts.ravel()[is_room], owners[is_room], length)


def _known(of: Sequences, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows at all places of series, and whose they are."""
    starts = np.flatnonzero(of.places + length <= of.lengths[of.owners])
    starts = starts[:: max(1, -(-len(starts) // MAX_PLACES))]
    return _normed(_channels(of), starts, of.owners[starts], length)


def _normed(
    channels: Channels, starts: np.ndarray, owners: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each channel of each window around its mean and of one length; flat windows are left out."""
    windows = channels[:, starts[:, None] + np.arange(length)].transpose(1, 0, 2)  # (n, n_channels, length)
    centred = windows - windows.mean(axis=2, keepdims=True)
    sizes = np.linalg.norm(centred, axis=2, keepdims=True)
    is_flat = sizes <= _FLAT * (1 + np.abs(windows).max(axis=2, keepdims=True))
    unit = np.where(is_flat, 0.0, centred / np.where(is_flat, 1.0, sizes))
    n_moving = (~is_flat).sum(axis=1)  # (n, 1)
    kept = n_moving[:, 0] > 0
    flat = (unit / np.sqrt(np.maximum(n_moving, 1))[:, :, None]).reshape(len(unit), -1)
    return flat[kept].astype(np.float32), owners[kept]
