"""The scores of pieces, one small function each; a new score is a function and a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.music import statistics
from gansmith.modalities.music.harmonising import accuracy, lessons
from gansmith.modalities.music.judging import Case
from gansmith.modalities.music.records import Pieces
from gansmith.modalities.music.statistics import ByPiece, Numbers, together, wasserstein
from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import FOREST, SMALL_TREES, TREES
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.points import as_points
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.score import SHARE, Score, error_by_groups

N_DETAILS: Final = 10
_MUSEGAN: Final = "Dong et al. 2018, MuseGAN (arXiv:1709.06298), section 6"
OfTrack = Callable[[Pieces, slice], ByPiece]
Distance = Callable[[Numbers, Numbers], float]


def _told_apart(case: Case) -> list[Found]:
    effort = case.effort
    found = two_sample_auc(
        case.profile(case.fake),
        case.profile(case.real),
        seed=case.seed,
        n_max=effort.n_told,
        n_folds=effort.n_folds,
        learner=TREES if effort.is_full else SMALL_TREES,
        second=FOREST if effort.has_second_judge else None,
    )
    meaning = found.score.meaning.replace("two records", "two pieces by what they are like")
    return [Found("c2st", replace(found.score, meaning=meaning), dict(found.giveaways))]


def _neighbourhoods(case: Case) -> list[Found]:
    n, rng = min(case.effort.n_points, len(case.fake), len(case.real)), draws(case.seed)
    sides = (case.profile(one).sample(n, rng) for one in (case.fake, case.real))
    fake, real = as_points(*sides)
    found = neighbourhoods(fake, real, k=max(1, min(5, n - 1)), seed=case.seed)
    return [Found(name, found[name]) for name in ("density", "coverage", "precision", "recall")]


@final
@dataclass(frozen=True, eq=False)
class Sides:
    """Numbers of synthetic and of real pieces, and how far they are apart."""

    fake: ByPiece
    real: ByPiece
    distance: Callable[[Numbers, Numbers], float]

    def of(self, some: np.ndarray, others: np.ndarray) -> float:
        """The distance between some of the pieces of both sides; NaN where one has no numbers."""
        ours, theirs = (
            together([side[place] for place in chosen.tolist()])
            for side, chosen in ((self.fake, some), (self.real, others))
        )
        return self.distance(ours, theirs) if len(ours) and len(theirs) else np.nan


Compared = Mapping[str, Sides]


def _gap(
    name: str,
    compared: Callable[[Case], Compared],
    label: str,
    meaning: str,
    source: str,
    scale: float = 100.0,
) -> Measure[Case]:
    """The mean of some distances between two sets, with the error that other pieces would make."""

    def take(case: Case) -> list[Found]:
        asked = compared(case)
        everybody = np.arange(len(case.fake)), np.arange(len(case.real))
        parts = {words: scale * sides.of(*everybody) for words, sides in asked.items()}
        known = {words: one for words, one in parts.items() if np.isfinite(one)}
        if not known:
            raise DataError("no such track sounds")

        def apart(some: np.ndarray, others: np.ndarray) -> tuple[float]:
            found = [scale * asked[words].of(some, others) for words in known]
            return (float(np.mean([one for one in found if np.isfinite(one)] or [0.0])),)

        score = Score(
            value=float(np.mean([*known.values()])),
            error=error_by_groups(apart, len(case.fake), len(case.real), draws(case.seed))[0],
            n=min(len(case.fake), len(case.real)),
            direction="lower",
            source=source,
            label=label,
            meaning=meaning,
            limits=(0.0, np.inf),
        )
        return [Found(name, score, dict(sorted(known.items(), key=lambda one: -one[1])[:N_DETAILS]))]

    return Measure((name,), "real", take)


def _tracks(of: OfTrack, distance: Distance, *, only_drums: bool = False) -> Callable[[Case], Compared]:
    """For each track, or for drums alone."""

    def compared(case: Case) -> Compared:
        return {
            name: Sides(of(case.fake, voices), of(case.real, voices), distance)
            for name, voices, is_drums in case.tracks
            if is_drums == only_drums
        }

    return compared


def _tonal(case: Case) -> Compared:
    """For each pair of tracks."""
    pitched = [(name, voices) for name, voices, is_drums in case.tracks if not is_drums]
    return {
        f"{name} and {other}": Sides(
            statistics.tonal_distances(case.fake, voices, others),
            statistics.tonal_distances(case.real, voices, others),
            of_means,
        )
        for place, (name, voices) in enumerate(pitched)
        for other, others in pitched[place + 1 :]
    }


def _of_profiles(words: tuple[str, ...]) -> Callable[[Case], Compared]:
    """Some numbers of profiles."""

    def compared(case: Case) -> Compared:
        ours, theirs = case.profile(case.fake), case.profile(case.real)

        def known(values: np.ndarray) -> ByPiece:
            return [row[~np.isnan(row)] for row in values[:, None]]

        return {
            name: Sides(known(ours.values[:, place]), known(theirs.values[:, place]), of_means)
            for place, name in enumerate(ours.names)
            if name.partition(": ")[2] in words
        }

    return compared


def of_means(one: Numbers, other: Numbers) -> float:
    """The distance between two means."""
    return abs(float(one.mean()) - float(other.mean()))


def moved_share(one: Numbers, other: Numbers) -> float:
    """The earth mover's distance, as a share of the mean of the second, real side."""
    return wasserstein(one, other) / max(float(other.mean()), 1e-9)


def total_variation(one: Numbers, other: Numbers) -> float:
    """Between two samples of whole numbers: 0 equal, 1 without any in common."""
    known = np.unique(np.concatenate([one, other]))
    shares = [np.array([(side == value).mean() for value in known]) for side in (one, other)]
    return 0.5 * float(np.abs(shares[0] - shares[1]).sum())


def _harmonised(case: Case) -> list[Found]:
    """What a model learns from these pieces, tried on held-out ones."""
    known, asked = lessons(case.fake), lessons(case.real)
    hits = accuracy(known, asked, case.seed)
    by_piece = np.array([hits[asked.owners == one].mean() for one in np.unique(asked.owners)])
    score = Score(
        value=float(hits.mean()),
        error=float(by_piece.std(ddof=1) / np.sqrt(len(by_piece))) if len(by_piece) > 1 else 0.5,
        n=len(by_piece),
        direction="higher",
        source="Esteban et al. 2017 (arXiv:1706.02633), train on synthetic, test on real.",
        label=f"accuracy of {asked.what}, learnt from synthetic",
        meaning="Share of the quarter notes of held-out pieces of which a forest that learnt from these "
        f"alone tells {asked.what}.",
        limits=SHARE,
    )
    return [Found("tstr", score)]


def _copies(case: Case) -> list[Found]:
    meaning = "Share of the pieces all of whose notes are those of a training piece."
    found = exact_copies(case.fake.keys(), frozenset(case.train.keys()))
    return [Found("copies", replace(found, meaning=meaning))]


def _passages(case: Case) -> list[Found]:
    longest = case.copies().all_longest(case.fake)
    score = Score(
        value=float(longest.mean()),
        error=float(longest.std(ddof=1) / np.sqrt(len(longest)))
        if len(longest) > 1
        else float(longest.mean()),
        n=len(longest),
        direction="lower",
        source="The longest common substring of intervals and times of all voices.",
        label="longest copied passage, beginnings of notes",
        meaning="How many times in a row something begins as in one training piece, in any key; the mean "
        "of the longest passage of each piece.",
        limits=(0.0, np.inf),
    )
    return [Found("copied_passage", score, {"the longest of all": float(longest.max())})]


def _nearer(case: Case) -> list[Found]:
    sets = (case.profile(case.fake), case.profile(case.train), case.profile(case.real))
    return [Found("nearer", nearest_neighbour_share(*sets, seed=case.seed))]


def _membership(case: Case) -> list[Found]:
    sets = (case.profile(case.fake), case.profile(case.train), case.profile(case.real))
    found = membership(*sets, seed=case.seed, n_max=case.effort.n_members)
    return [
        Found("membership_auc", found.auc, found.details),
        Found("membership_tpr", found.tpr, found.surer),
        Found("membership_auc_unusual", found.unusual_auc),
        Found("membership_tpr_unusual", found.unusual_tpr),
    ]


MEASURES: Final[tuple[Measure[Case], ...]] = (
    Measure(("c2st",), "real", _told_apart),
    Measure(("density", "coverage", "precision", "recall"), "real", _neighbourhoods),
    _gap(
        "note_lengths",
        _tracks(statistics.note_lengths, moved_share),
        "lengths of notes, off by %",
        "How far lengths of notes have to be moved to be real ones, in % of the real mean; mean of tracks.",
        "Earth mover's distance.",
    ),
    _gap(
        "pitch_classes",
        _tracks(statistics.used_pitch_classes, moved_share),
        "pitch classes a bar (UPC), off by %",
        "How far the numbers of pitch classes that bars use are from real ones, in % of the real mean.",
        f"{_MUSEGAN}, of bars that are not empty; earth mover's distance.",
    ),
    _gap(
        "empty_bars",
        _tracks(statistics.empty_bars, of_means),
        "empty bars (EB), points off",
        "How much more or less often a track is silent for a bar than in real pieces; mean of tracks.",
        f"{_MUSEGAN}; the public code counts bars that are not empty.",
    ),
    _gap(
        "qualified_notes",
        _tracks(statistics.qualified_notes, of_means),
        "qualified notes (QN), points off",
        "How much more or less often notes have a 32nd or more; others are fragments.",
        f"{_MUSEGAN}: no shorter than three of 96 steps of a bar.",
    ),
    _gap(
        "drum_patterns",
        _tracks(statistics.drum_patterns, of_means, only_drums=True),
        "drum patterns (DP), points off",
        "How much more or less often drums are struck on eighths.",
        f"{_MUSEGAN}.",
    ),
    _gap(
        "tonal_distance",
        _tonal,
        "tonal distance of tracks (TD), off by",
        "How far the harmonic distances of pairs of tracks are from those in real pieces.",
        f"{_MUSEGAN}; Harte et al. 2006, by quarter notes.",
        scale=1.0,
    ),
    _gap(
        "intervals",
        _tracks(statistics.melodic_steps, total_variation),
        "melodic intervals, % moved",
        "Share of the steps from note to note that would have to be others; mean of tracks.",
        "Total variation distance.",
    ),
    _gap(
        "scale_consistency",
        _of_profiles(("notes of the best scale", "notes of its key")),
        "notes of the scale, points off",
        "How much more or less notes lie in one scale, or in their key, than in real pieces.",
        "Mogren 2016 (arXiv:1611.09904).",
    ),
    _gap(
        "groove",
        _of_profiles(("groove", "notes on the first beat", "notes off the beat")),
        "metre and groove, points off",
        "How alike the rhythms of neighbouring bars are, and how often notes begin on and off beats.",
        "Wu and Yang 2020 (arXiv:2008.01307), grooving similarity.",
    ),
    _gap(
        "repetition",
        _of_profiles(tuple(f"bars as {lag} before" for lag in statistics.LAGS_BARS)),
        "bars that come again, points off",
        "How much more or less often a bar is that of one, two, four or eight bars before.",
        "Foote 1999, self-similarity, of whole bars.",
    ),
    _gap(
        "voice_leading",
        _of_profiles(("parallels of a hundred moves", "steps with crossed voices")),
        "parallels and crossings, off by",
        "How much more or less often two voices move in parallel octaves and fifths, of a hundred moves, or "
        "cross.",
        "Fux 1725; rates are compared with those of real pieces.",
        scale=1.0,
    ),
    Measure(("tstr",), "useful", _harmonised),
    Measure(("copies",), "private", _copies, stand_in="holdout"),
    Measure(("copied_passage",), "private", _passages, stand_in="holdout"),
    Measure(("nearer",), "private", _nearer, stand_in="half"),
    Measure(
        ("membership_auc", "membership_tpr", "membership_auc_unusual", "membership_tpr_unusual"),
        "private",
        _membership,
        stand_in="half",
    ),
)
