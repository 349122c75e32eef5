"""Whether errors are true: how often the interval of a score holds its mean over many draws of the records.

Synthetic records are fresh ones made somewhat wrong (see `somewhat_wrong`). Each draw takes new records of
both sides, so the spread of a score over the draws is what its error should say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from bench.null_populations import SIMULATED, Rng, table
from gansmith.scorecard.features import Features
from gansmith.scorecard.learners import SMALL_TREES
from gansmith.scorecard.points import as_points
from gansmith.scorecard.private.copies import exact_copies, near_copies, nearest_neighbour_share, rare_values
from gansmith.scorecard.private.inference import inference
from gansmith.scorecard.private.linkability import linkability
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.private.singling_out import multivariate_singling_out, univariate_singling_out
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.real.distances import frechet_distance, kernel_distance
from gansmith.scorecard.real.joint import mutual_information, triple_score
from gansmith.scorecard.real.minorities import rare_category_coverage, subgroup_score
from gansmith.scorecard.real.repeats import unique_share
from gansmith.scorecard.real.shape import missing_score, shape_score
from gansmith.scorecard.real.trend import trend_score
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.score import Score
from gansmith.scorecard.useful import contest, mean_skill, skills_of, train_here_test_real

N_LABELS: Final = 300
"""A column of text with more different cells than this is left out."""
SHUFFLED, LONGER = 0.1, 1.03
"""Share of the cells of each column that are shuffled, and by what numbers are multiplied."""
N_TRIES: Final = 300
"""Of an attack."""
Found = Mapping[str, Score]


def drawn(name: str, sizes: tuple[int, ...], rng: Rng) -> list[Features]:
    """Records of a population, dealt into parts; one code book for all."""
    n = sum(sizes)
    if name in SIMULATED:
        heap = SIMULATED[name][0](n, rng)
    else:
        whole = table(name)
        if whole is None or len(whole) < n:
            return []
        heap = whole.iloc[rng.permutation(len(whole))[:n]]
    return _parted(coded(heap.reset_index(drop=True)), sizes)


def coded(heap: pd.DataFrame) -> Features:
    """Numbers as they are, texts of few different cells as codes."""
    columns: dict[str, np.ndarray] = {}
    is_category: list[bool] = []
    for name, cells in heap.items():
        is_text = not pd.api.types.is_numeric_dtype(cells)
        if is_text and cells.nunique() > N_LABELS:
            continue
        codes = pd.factorize(cells)[0].astype(float) if is_text else cells.to_numpy(float)
        columns[str(name)] = np.where(codes < 0, np.nan, codes) if is_text else codes
        is_category.append(is_text)
    return Features(tuple(columns), np.stack(list(columns.values()), axis=1), np.array(is_category))


def _parted(whole: Features, sizes: tuple[int, ...]) -> list[Features]:
    """The first so many records, the next, ..."""
    ends = np.cumsum((0, *sizes))
    return [whole.take(np.arange(low, high)) for low, high in pairwise(ends)]


def somewhat_wrong(records: Features, rng: Rng, longer: float = LONGER) -> Features:
    """A tenth of the cells of each column are shuffled among themselves, numbers a little too large.

    With `longer` 1 they keep their size: trees that look at decimals know all others.
    """
    values = records.values.copy()
    for column, is_category in enumerate(records.is_category):
        chosen = np.flatnonzero(rng.random(len(values)) < SHUFFLED)
        values[chosen, column] = values[rng.permutation(chosen), column]
        values[:, column] *= 1.0 if is_category else longer
    return Features(records.names, values, records.is_category)


def counted(fake: Features, train: Features, real: Features) -> Found:
    """Scores that count."""
    n = min(len(fake), len(real))
    points = as_points(fake.take(np.arange(n)), real.take(np.arange(n)))
    return {
        "shape": shape_score(fake, real)[1],
        "trend": trend_score(fake, real)[1],
        "trend_strong": trend_score(fake, real, strong_only=True)[1],
        "mutual_information": mutual_information(fake, real)[2],
        "triples": triple_score(fake, real)[1],
        "subgroups": subgroup_score(fake, real)[1],
        "missing": missing_score(fake, real)[1],
        "rare_categories": rare_category_coverage(fake, train.above(real))[1],
        "unique": unique_share(fake.keys())[1],
        **neighbourhoods(points[0], points[1]),
        "frechet": frechet_distance(points[0], points[1]),
        "kernel": kernel_distance(points[0], points[1]),
        "copies": exact_copies(fake.keys(), train.keys()),
        "near_copies": near_copies(fake, train),
        "nearer": nearest_neighbour_share(fake, train, real, seed=0),
    }


def learnt(fake: Features, train: Features, real: Features) -> Found:
    """Scores that a model gives."""
    target = fake.names[-1]
    return {
        "c2st": two_sample_auc(fake, real, seed=0, learner=SMALL_TREES, finds_giveaways=False).score,
        "tstr": train_here_test_real(fake, contest(target, real), seed=0),
        "tstr (mean)": mean_skill(skills_of(fake, real, fake.names, seed=0)),
    }


def attacked(fake: Features, train: Features, real: Features) -> Found:
    """Scores that attacks give."""
    guessed = membership(fake, train, real, seed=0, n_max=1_000)
    sets = fake, train, real
    return {
        "membership_auc": guessed.auc,
        "membership_tpr": guessed.tpr,
        "membership_auc_unusual": guessed.unusual_auc,
        "membership_tpr_unusual": guessed.unusual_tpr,
        "singling_out": multivariate_singling_out(*sets, seed=0, n_max=N_TRIES).score,
        "singling_out_one": univariate_singling_out(*sets, seed=0, n_max=5 * N_TRIES).score,
        "linkability": linkability(*sets, seed=0, n_max=N_TRIES).score,
        "inference": inference(*sets, seed=0, n_max=N_TRIES).score,
        "rare_values": rare_values(*sets, seed=0).score,
    }


MEASURED: Final[Mapping[str, Callable[[Features, Features, Features], Found]]] = {
    "counted": counted,
    "learnt": learnt,
    "attacked": attacked,
}


def covers(name: str, size: int, n_draws: int, seed: int, measure: str, *, is_fresh: bool) -> list[str]:
    """A line for each score: its mean, stated error over true spread, share of intervals that hold the mean.

    Args:
        name: Of the population.
        size: Records of the synthetic, the training and the real part.
        n_draws: Of all parts.
        seed: Of the first draw.
        measure: Which scores, see `MEASURED`.
        is_fresh: Whether the synthetic records are as right as real ones.
    """
    found: dict[str, list[Score]] = {}
    for draw in range(n_draws):
        rng = np.random.default_rng((seed + draw, size))
        parts = drawn(name, (size, size, size), rng)
        if not parts:
            return []
        longer = LONGER if measure == "counted" else 1.0
        fake = parts[0] if is_fresh else somewhat_wrong(parts[0], rng, longer)
        for label, score in MEASURED[measure](fake, *parts[1:]).items():
            if np.isfinite(score.value):
                found.setdefault(label, []).append(score)
    return [f"{name:12} {size:5} {label:22} {_said(scores)}" for label, scores in found.items()]


def _said(scores: list[Score]) -> str:
    values, errors = (np.array([getattr(one, field) for one in scores]) for field in ("value", "error"))
    low, high = np.array([one.interval for one in scores]).T
    spread, mean = values.std(ddof=1), values.mean()
    ratio = np.sqrt(np.square(errors).mean()) / spread if spread > 0 else np.nan
    held = np.mean((low <= mean) & (mean <= high))
    return f"{mean:8.4f}  spread {spread:.4f}  stated / true {ratio:5.2f}  covers {held:4.0%}"
