"""Scores of sounds beside those of all records on a grid: traits, cells of spectrograms, pitch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.audio.traits import TRAITS
from gansmith.scorecard.embedded.measures import Case, statistic_measure
from gansmith.scorecard.embedded.statistics import COLOUR
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.score import (
    GROUPS_FREE,
    SHARE,
    Score,
    error_by_groups,
    error_of_share,
    interval_of_few,
)

PITCHES: Final = ("pitch", "midi", "note")
"""Attributes that say the pitch of a sound, as MIDI numbers it."""
NEAR_SEMITONES: Final = 0.5
N_CELLS: Final = 50
FEWEST_IN_CELL: Final = 4
"""Records of both sides together, on average: of few records there are fewer cells."""
SIDE: Final = 16
"""Of the coarse spectrogram by which cells are found."""
_N_QUANTILES: Final = 200


def _traits(case: Case) -> list[Found]:
    """How far traits are from those of real sounds: their mean distance, in standard deviations."""
    ours, theirs = case.fake.own[:, : len(TRAITS)], case.holdout.own[:, : len(TRAITS)]
    spread = np.nanstd(theirs, axis=0)
    kept = [place for place in range(len(TRAITS)) if spread[place] > 0]
    if not kept:
        raise DataError("All held-out sounds are alike in pitch, attack, loudness and length.")

    def gaps(fake: np.ndarray, real: np.ndarray) -> list[float]:
        return [_distance(ours[fake, place], theirs[real, place]) / spread[place] for place in kept]

    whole = gaps(np.arange(len(ours)), np.arange(len(theirs)))
    error = error_by_groups(
        lambda fake, real: (float(np.mean(gaps(fake, real))),), len(ours), len(theirs), draws(case.seed)
    )[0]
    value = float(np.mean(whole))
    score = Score(
        value=value,
        error=error,
        n=min(len(ours), len(theirs)),
        direction="lower",
        source="Wasserstein's distance of each trait; pitch by autocorrelation, Rabiner 1977.",
        label="traits of sounds, deviations",
        meaning="How far pitch, clarity, attack, brightness, loudness and length are from those of real "
        "sounds, in their standard deviations.",
        bounds=interval_of_few(value, error, GROUPS_FREE + 1),
        limits=(0.0, np.inf),
    )
    details = {TRAITS[place]: gap for place, gap in zip(kept, whole, strict=True)}
    return [Found("traits", score, dict(sorted(details.items(), key=lambda item: -item[1])))]


def _distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Wasserstein's distance of two samples; sounds without the trait count as much as they differ in it."""
    here, there = (side[~np.isnan(side)] for side in (ours, theirs))
    lacking = abs(len(here) / max(1, len(ours)) - len(there) / max(1, len(theirs)))
    if not len(here) or not len(there):
        return float(lacking * np.nanstd(theirs)) if len(there) else 0.0
    places = (np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES
    gap = np.abs(np.quantile(here, places) - np.quantile(there, places)).mean()
    return float(gap + lacking * there.std())


def _cells(case: Case) -> list[Found]:
    """In how many cells of coarse spectrograms there are more or fewer sounds than chance explains."""
    from sklearn.cluster import KMeans  # only for those who score

    ours, theirs = (_coarse(side.values) for side in (case.fake, case.holdout))
    n = min(len(ours), len(theirs))
    ours, theirs = ours[:n], theirs[:n]
    k = min(N_CELLS, 2 * n // FEWEST_IN_CELL)
    if k < 2:
        raise DataError(f"Only {n} sounds on a side. Wanted: {FEWEST_IN_CELL} or more.")
    known = _coarse(case.unseen.values)
    made: Any = KMeans  # its types know no numbers
    found: Any = made(min(k, len(known)), n_init=1, max_iter=50, random_state=case.seed).fit(known)
    counts = [np.bincount(found.predict(side), minlength=found.n_clusters) / n for side in (ours, theirs)]
    both = (counts[0] + counts[1]) / 2
    error = np.sqrt(2 * both * (1 - both) / n)
    z = np.abs(counts[0] - counts[1]) / np.maximum(error, 1e-12)
    is_other = z > _NORMAL_95
    share = float(is_other.mean())
    score = Score(
        value=share,
        error=error_of_share(float(is_other.sum()), len(is_other)),
        n=n,
        direction="lower",
        source="Richardson & Weiss 2018 (arXiv:1805.12462): number of different bins over k.",
        label="different bins",
        meaning="Share of the bins of spectrograms that hold more or fewer sounds than chance explains.",
        limits=SHARE,
    )
    return [Found("ndb", score)]


_NORMAL_95: Final = 1.96


def _coarse(values: np.ndarray) -> np.ndarray:
    """Box averages of levels, shape `(n, up to 256)`."""
    mean = values.mean(1)
    n, height, width = mean.shape
    down, across = -(-height // SIDE), -(-width // SIDE)
    padded = np.pad(mean, ((0, 0), (0, -height % down), (0, -width % across)), mode="edge")
    boxes = padded.reshape(n, padded.shape[1] // down, down, padded.shape[2] // across, across)
    return boxes.mean((2, 4)).reshape(n, -1).astype(np.float64)


def _in_tune(case: Case) -> list[Found]:
    """Whether sounds have the pitch that was asked for."""
    wanted, heard = case.fake.own[:, len(TRAITS)], case.fake.own[:, 0]
    is_known = ~np.isnan(wanted)
    if not is_known.any():
        raise DataError(f"No attribute says the pitch of sounds: none is called {', '.join(PITCHES)}.")
    gaps = np.abs(heard - wanted)[is_known]
    is_right = np.nan_to_num(gaps, nan=np.inf) <= NEAR_SEMITONES
    score = Score(
        value=float(is_right.mean()),
        error=error_of_share(float(is_right.sum()), len(is_right)),
        n=len(is_right),
        direction="higher",
        source="Autocorrelation, Rabiner 1977 (doi:10.1109/TASSP.1977.1162905).",
        label="pitch accuracy",
        meaning="Share of the sounds whose pitch is within half a semitone of what was asked for.",
        limits=SHARE,
    )
    near = gaps[~np.isnan(gaps)]
    details = {"median distance in cents": float(100 * np.median(near))} if len(near) else {}
    return [Found("in_tune", score, details)]


LOUDNESS: Final = replace(
    COLOUR,
    name="loudness",
    label="loudness of bands, % of the range",
    meaning="How far the levels of spectrograms are from those of real sounds.",
)
SOUND_MEASURES: Final[tuple[Measure[Case], ...]] = (
    statistic_measure(LOUDNESS),
    Measure(("traits",), "real", _traits),
    Measure(("ndb",), "real", _cells),
    Measure(("in_tune",), "useful", _in_tune, stand_in="holdout"),
)
