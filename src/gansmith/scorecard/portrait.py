"""What there is to see of synthetic records beside real ones, as plain numbers for any page to draw.

Everything here is JSON: a report needs no more than this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from gansmith.scorecard.features import Features, places_among
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.seeds import draws

MAX_PAIRS: Final = 3
MAX_NEIGHBOURS: Final = 8
_N_BINS: Final = 32
_N_LABELS: Final = 9
_N_CELLS: Final = 10
"""Cells along each side of a pair's table."""
_N_DOTS: Final = 1_000
_N_COMPARED: Final = 2_000


def columns(
    fake: Features, real: Features, similarity: Mapping[str, float], ceiling: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The marginals of all columns, worst first.

    Args:
        fake: Synthetic records.
        real: Held-out records.
        similarity: Of each column with the real one, from 0 to 1; columns that it lacks are left out.
        ceiling: The same of real records.

    Returns:
        For each column its name, kind, error, the shares that are missing, and the shares of the values
        between `edges` or of the `labels`.
    """
    gaps = {name: max(0.0, ceiling.get(name, 1.0)) - one for name, one in similarity.items()}
    return [
        {
            "name": name,
            "error": rounded(1 - similarity[name]),
            "ceiling": rounded(1 - ceiling.get(name, 1.0)),
            "missing_real": rounded(float(np.isnan(_column(real, name)).mean())),
            "missing_synthetic": rounded(float(np.isnan(_column(fake, name)).mean())),
            **_marginal(fake, real, name),
        }
        for name in sorted(gaps, key=lambda name: -gaps[name])
    ]


def pair(fake: Features, real: Features, names: tuple[str, str], error: float) -> dict[str, Any]:
    """The joint table of two columns, of both sides, rows along the second column, and how far off it is."""
    (x_fake, x_real, x_labels), (y_fake, y_real, y_labels) = (_cut(fake, real, name) for name in names)

    def table(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
        shares = np.zeros((len(y_labels), len(x_labels)))
        np.add.at(shares, (y, x), 1 / len(x))
        return [[rounded(share) for share in row] for row in shares.tolist()]

    return {
        "columns": list(names),
        "error": rounded(error),
        "x_labels": x_labels,
        "y_labels": y_labels,
        "real": table(x_real, y_real),
        "synthetic": table(x_fake, y_fake),
    }


def projection(fake: Features, real: Features, *, seed: int) -> dict[str, Any]:
    """Both sides on the first two principal components of the real records.

    Source:
        Pearson 1901, "On lines and planes of closest fit to systems of points in space".
    """
    rng = draws(seed)
    ours, theirs = as_points(fake.sample(_N_DOTS, rng), real.sample(_N_DOTS, rng))
    middle = theirs.mean(axis=0)
    _, singular, axes = np.linalg.svd(theirs - middle, full_matrices=False)
    explained = np.square(singular) / max(float(np.square(singular).sum()), 1e-300)
    plane = np.zeros((2, theirs.shape[1]))
    plane[: len(axes[:2])] = axes[:2]
    dots = {"real": (theirs - middle) @ plane.T, "synthetic": (ours - middle) @ plane.T}
    return {
        "explained": [rounded(share) for share in [*explained[:2].tolist(), 0.0, 0.0][:2]],
        **{name: [[round(x, 3), round(y, 3)] for x, y in found.tolist()] for name, found in dots.items()},
    }


def neighbours(fake: Features, train: Features, *, seed: int) -> dict[str, Any]:
    """The synthetic records that lie nearest to a training record, cell by cell beside it."""
    rng = draws(seed)
    fake, train = fake.sample(_N_COMPARED, rng), train.sample(5 * _N_COMPARED, rng)
    points, references = as_points(fake, train)
    squared, which = nearest(points, references)
    closest = np.argsort(squared, kind="stable")[:MAX_NEIGHBOURS]
    return {
        "columns": list(fake.names),
        "pairs": [
            {
                "distance": rounded(float(np.sqrt(squared[index]))),
                "synthetic": _cells(fake, int(index)),
                "real": _cells(train, int(which[index])),
            }
            for index in closest
        ],
    }


def rounded(number: float) -> float:
    """Four digits are enough for a picture; what is no finite number is drawn as 0."""
    return float(f"{number:.4g}") if math.isfinite(number) else 0.0


def _cells(part: Features, index: int) -> list[str]:
    return [part.cell(name, value) for name, value in zip(part.names, part.values[index], strict=True)]


def _column(part: Features, name: str) -> np.ndarray:
    return part.values[:, part.position(name)]


def _marginal(fake: Features, real: Features, name: str) -> dict[str, Any]:
    ours, theirs = (values[~np.isnan(values)] for values in (_column(fake, name), _column(real, name)))
    both = np.concatenate([ours, theirs])
    known = np.unique(theirs)
    if fake.is_category[fake.position(name)] or len(known) <= _N_LABELS:
        return {"kind": "category", **_shares_of_labels(fake, name, ours, theirs)}
    low, high = np.quantile(both, [0.002, 0.998])
    low, high = (low, high) if high > low else (both.min(), both.max() + 1e-9)
    edges = np.linspace(low, high, _N_BINS + 1)
    shares = {
        side: [
            rounded(share)
            for share in (np.histogram(np.clip(part, low, high), edges)[0] / max(1, len(part))).tolist()
        ]
        for side, part in (("real", theirs), ("synthetic", ours))
    }
    is_time = fake.scales.get(name) in ("days", "seconds")
    shown = [fake.cell(name, edge) if is_time else float(f"{edge:.6g}") for edge in edges.tolist()]
    return {"kind": "date" if is_time else "number", "edges": shown, **shares}


def _shares_of_labels(fake: Features, name: str, ours: np.ndarray, theirs: np.ndarray) -> dict[str, Any]:
    sides = {"real": theirs, "synthetic": ours}
    counts = {
        side: dict(zip(*map(_listed, np.unique(part, return_counts=True)), strict=True))
        for side, part in sides.items()
    }
    values = sorted({*counts["real"], *counts["synthetic"]})
    ordered = sorted(
        values, key=lambda one: -(counts["real"].get(one, 0) + 1e-9 * counts["synthetic"].get(one, 0))
    )
    kept = ordered[:_N_LABELS]
    if not fake.is_category[fake.position(name)]:
        kept = sorted(kept)
    labels = [fake.cell(name, value) for value in kept]
    shares = {
        side: [counts[side].get(value, 0) / max(1, len(part)) for value in kept]
        for side, part in sides.items()
    }
    if len(values) > len(kept):
        labels.append(f"{len(values) - len(kept)} others")
        shares = {side: [*found, max(0.0, 1.0 - sum(found))] for side, found in shares.items()}
    return {"labels": labels, **{side: [rounded(one) for one in found] for side, found in shares.items()}}


def _listed(numbers: np.ndarray) -> list[float]:
    return numbers.tolist()


def _cut(fake: Features, real: Features, name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A column of both sides as a few cells, and what these are called; others and missing come last."""
    ours, theirs = _column(fake, name), _column(real, name)
    known = theirs[~np.isnan(theirs)]
    values, counts = np.unique(known, return_counts=True)
    is_category = bool(fake.is_category[fake.position(name)])
    if is_category or len(values) <= _N_CELLS:
        kept = values[np.argsort(-counts, kind="stable")[:_N_CELLS]]
        kept = kept if is_category else np.sort(kept)
        labels = [fake.cell(name, value) for value in kept.tolist()]
        cells = [places_among(part, kept, otherwise=len(kept)) for part in (ours, theirs)]
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _N_CELLS + 1)))
        labels = [f"from {fake.cell(name, edge)}" for edge in edges[:-1].tolist()]
        cells = [
            np.clip(np.searchsorted(edges, part, side="right") - 1, 0, len(edges) - 2)
            for part in (ours, theirs)
        ]
    gaps = [np.isnan(part) for part in (ours, theirs)]
    for label, number in (("others", len(labels)), ("missing", len(labels) + 1)):
        is_it = [
            gap if label == "missing" else ~gap & (part == number)
            for gap, part in zip(gaps, cells, strict=True)
        ]
        if any(side.any() for side in is_it):
            cells = [np.where(side, len(labels), part) for side, part in zip(is_it, cells, strict=True)]
            labels.append(label)
    return cells[0].astype(np.int64), cells[1].astype(np.int64), labels


def association(
    names: Sequence[str], fake: np.ndarray, real: np.ndarray, *, n_max: int = 40
) -> dict[str, Any]:
    """How strongly each pair of columns goes together on both sides; the most connected columns."""
    strength = np.nan_to_num(real).sum(axis=0)
    kept = np.sort(np.argsort(-strength, kind="stable")[:n_max])

    def plain(matrix: np.ndarray) -> list[list[float | None]]:
        part = matrix[np.ix_(kept, kept)]
        return [[None if np.isnan(one) else rounded(one) for one in row] for row in part.tolist()]

    return {"names": [names[place] for place in kept], "real": plain(real), "synthetic": plain(fake)}
