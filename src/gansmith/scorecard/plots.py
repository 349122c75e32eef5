"""What the measures found, as a verdict needs it, and what there is to see of it.

All that is to be seen of synthetic records beside real ones is plain numbers for any page to draw: a report
needs no more than this.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np

from gansmith.disclosure import RARE, shared_ends
from gansmith.errors import DataError
from gansmith.scorecard.chance import DOUBT, adjusted
from gansmith.scorecard.features import Features, draws, places_among
from gansmith.scorecard.measures import Case
from gansmith.scorecard.measuring import Found
from gansmith.scorecard.naming import Naming
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.private.risk import Attack
from gansmith.scorecard.private.unusual import NearUnusual
from gansmith.scorecard.real.unlike import Unlike

_ATTACKS: Final = ("singling_out", "linkability", "inference", "rare_values")
MAX_PAIRS: Final = 3
MAX_NEIGHBOURS: Final = 8
MAX_UNUSUAL: Final = 50
_N_BINS: Final = 32
_N_LABELS: Final = 9
_N_CELLS: Final = 3, 10
"""Cells along each side of a pair's table, as many as records allow."""
_N_ASSOCIATED: Final = 40
"""Columns of the matrices, at most."""
_N_DOTS: Final = 1_000
_N_GROUND: Final = 4, 24
"""Cells along each side of the plane, as many as records allow."""
_N_COMPARED: Final = 2_000


@final
@dataclass(frozen=True, eq=False)
class Views:
    """What was found of synthetic records."""

    case: Case
    founds: Mapping[str, Found]
    """Of the synthetic records, by score."""
    ceiling: Mapping[str, Found]
    """Of real records in their place."""
    unlike: Sequence[Unlike] = ()
    """How far columns, pairs and triples are from those of real records, the furthest off first."""

    def missing_categories(self) -> dict[tuple[str, str], float]:
        """Column and category of what should occur and does not, and how likely that is.

        Categories that too few real records share are not asked for: they should not occur.

        The chance is that all k known records with the category are real ones, were the n synthetic and the N
        known records drawn alike: (1 + n / N)^-k; adjusted for as many categories as should occur.
        """
        found = self.founds.get("rare_categories")
        if found is None or not found.matter:
            return {}
        missing: Mapping[tuple[str, int], float] = found.matter
        n_wanted = round(len(missing) / (1 - found.score.value))  # the score: the share that is there
        ratio = len(self.case.fake) / (len(self.case.train) + len(self.case.holdout))
        naming = self.case.naming
        chances = {key: (1 + ratio) ** (-expected / ratio) for key, expected in missing.items()}
        likely = adjusted(
            chances | dict.fromkeys(((str(place), -1) for place in range(n_wanted - len(missing))), 1.0)
        )
        return {
            (column, naming.cell(column, code)): likely[column, code]
            for column, code in missing
            if naming.may_name(column, code)
        }

    def worst_pairs(self) -> list[Unlike]:
        """The pairs that are furthest off, those first that are so beyond chance."""
        pairs = [one for one in self.unlike if len(one.columns) == 2]
        return sorted(pairs, key=lambda one: one.chance >= DOUBT)[:MAX_PAIRS]

    def plots(self) -> dict[str, Any]:
        """All there is to see without real records; what could not be computed is left out."""
        case = self.case
        seen: dict[str, Any] = {
            "columns": self._columns(),
            "pairs": [_pair(case, pair) for pair in self.worst_pairs()],
            "risks": [_risk(name, self.founds[name].matter) for name in _ATTACKS if name in self.founds],
        }
        if found := self.founds.get("mutual_information"):
            seen["association"] = _association(self.case.told, *found.matter)
        if found := self.founds.get("c2st"):
            pairs = {name: share for name, share in found.details.items() if " × " in name}
            columns = {name: share for name, share in found.details.items() if name not in pairs}
            seen["giveaways"] = {"columns": columns, "pairs": pairs}
        with suppress(DataError):
            seen["projection"] = _ground(_projection(case.fake, case.holdout, seed=case.seed), case.naming)
        return seen

    def real_records(self) -> dict[str, Any]:
        """What there is to see of single real records, for their owner alone."""
        case = self.case
        try:
            return {
                "projection": _projection(case.fake, case.holdout, seed=case.seed),
                "neighbours": _neighbours(case.fake, case.train, seed=case.seed),
                **self._unusual(),
            }
        except DataError:
            return {}

    def _unusual(self) -> dict[str, Any]:
        """The unusual training records that have a synthetic one right beside them."""
        found = self.founds.get("near_unusual")
        near: NearUnusual | None = found.matter if found else None
        if near is None or not len(near.train):
            return {}
        places = range(min(len(near.train), MAX_UNUSUAL))
        return {
            "unusual": _side_by_side(near.fake, near.train, near.distances, [(one, one) for one in places])
        }

    def _columns(self) -> list[dict[str, Any]]:
        """The marginals of all columns, worst first.

        Each has its name and kind, its error and that of real records, the shares that are missing, and the
        shares of the values between `edges` or of the `labels`.
        """
        similarity, ceiling = self._shapes(self.founds), self._shapes(self.ceiling)
        found = {one.columns[0]: one.effect for one in reversed(self.unlike) if one.chance < DOUBT}
        return [
            {
                "name": name,
                "error": rounded(1 - similarity[name]),
                "ceiling": rounded(1 - ceiling.get(name, 1.0)),
                "missing_real": rounded(float(np.isnan(_column(self.case.holdout, name)).mean())),
                "missing_synthetic": rounded(float(np.isnan(_column(self.case.fake, name)).mean())),
                **_marginal(self.case, name),
            }
            for name in sorted(
                similarity,
                key=lambda name: (-found.get(name, 0.0), similarity[name] - ceiling.get(name, 1.0)),
            )
        ]

    def _shapes(self, founds: Mapping[str, Found]) -> dict[str, float]:
        if (found := founds.get("shape")) is None:
            return {}
        parts = zip(self.case.told, found.matter, strict=True)
        return {name: float(one) for name, one in parts if not np.isnan(one)}


def _risk(name: str, attack: Attack) -> dict[str, Any]:
    low, high = attack.score.interval
    risk, baseline = attack.risk, attack.risk.baseline
    return {
        "score": name,
        "name": name.replace("_", " "),
        "value": rounded(attack.score.value),
        "low": rounded(low),
        "high": rounded(high),
        "main": rounded(risk.main.value),
        "control": rounded(risk.control.value),
        "baseline": rounded(baseline.value) if baseline else None,
        "caveat": attack.score.caveat,
    }


def _pair(case: Case, pair: Unlike) -> dict[str, Any]:
    """The joint table of two columns, of both sides, rows along the second column, and how far off it is."""
    (x_fake, x_real, x_labels), (y_fake, y_real, y_labels) = (_cut(case, name) for name in pair.columns)

    def table(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
        shares = np.zeros((len(y_labels), len(x_labels)))
        np.add.at(shares, (y, x), 1 / len(x))
        return [[rounded(share) for share in row] for row in shares.tolist()]

    return {
        "columns": list(pair.columns),
        "error": rounded(pair.effect),
        "x_labels": x_labels,
        "y_labels": y_labels,
        "real": table(x_real, y_real),
        "synthetic": table(x_fake, y_fake),
    }


def _projection(fake: Features, real: Features, *, seed: int) -> dict[str, Any]:
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


def _ground(cloud: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
    """A projection without real records: the share of them in each cell that enough of them lie in."""
    real, fake = (np.array(cloud[side]).reshape(-1, 2) for side in ("real", "synthetic"))
    ends = [shared_ends(side, naming.min_count) for side in real.T]
    if None in ends:
        return {}
    per_side = int(np.clip(math.sqrt(2 * len(real) / naming.min_count), *_N_GROUND))
    edges = [
        np.linspace(min(found.low, side.min()), max(found.high, side.max()), per_side + 1)
        for found, side in zip(ends, fake.T, strict=True)
        if found
    ]
    across, down = (side.clip(own[0], own[-1]) for side, own in zip(real.T, edges, strict=True))
    counts = np.histogram2d(down, across, edges[::-1])[0]  # rows along the second direction
    shares = [
        [rounded(n / len(real)) if n >= naming.min_count else None for n in row] for row in counts.tolist()
    ]
    x_edges, y_edges = ([rounded(edge) for edge in own.tolist()] for own in edges)
    ground = {"x_edges": x_edges, "y_edges": y_edges, "shares": shares, "fewer_than": naming.min_count}
    return {**cloud, "real": [], "ground": ground}


def _neighbours(fake: Features, train: Features, *, seed: int) -> dict[str, Any]:
    """The synthetic records that lie nearest to a training record, cell by cell beside it."""
    rng = draws(seed)
    fake, train = fake.sample(_N_COMPARED, rng), train.sample(5 * _N_COMPARED, rng)
    points, references = as_points(fake, train)
    squared, which = nearest(points, references)
    closest = np.argsort(squared, kind="stable")[:MAX_NEIGHBOURS]
    places = [(int(index), int(which[index])) for index in closest]
    return _side_by_side(fake, train, np.sqrt(squared[closest]), places)


def _side_by_side(
    fake: Features, real: Features, distances: np.ndarray, places: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Synthetic records, each with a real one, cell by cell."""
    return {
        "columns": list(fake.names),
        "pairs": [
            {
                "distance": rounded(float(distance)),
                "synthetic": _cells(fake, ours),
                "real": _cells(real, theirs),
            }
            for distance, (ours, theirs) in zip(distances, places, strict=False)
        ],
    }


def rounded(number: float) -> float:
    """Four digits are enough for a picture; what is no finite number is drawn as 0."""
    return float(f"{number:.4g}") if math.isfinite(number) else 0.0


def _cells(part: Features, index: int) -> list[str]:
    return [part.cell(name, value) for name, value in zip(part.names, part.values[index], strict=True)]


def _column(part: Features, name: str) -> np.ndarray:
    return part.values[:, part.position(name)]


def _marginal(case: Case, name: str) -> dict[str, Any]:
    fake = case.fake
    ours, theirs = (part[~np.isnan(part)] for part in (_column(fake, name), _column(case.holdout, name)))
    ends = case.naming.ends(name, ours)
    if ends is None or fake.is_category[fake.position(name)] or len(np.unique(theirs)) <= _N_LABELS:
        return {"kind": "category", **_shares_of_labels(case, name, ours, theirs)}
    edges = np.linspace(ends.low, ends.high, _N_BINS + 1)
    shares: dict[str, list[float]] = {}
    for side, part in (("real", theirs), ("synthetic", ours)):
        counts = np.histogram(np.clip(part, edges[0], edges[-1]), edges)[0]
        shares[side] = [rounded(share) for share in (counts / max(1, len(part))).tolist()]
    is_time = fake.scales.get(name) in ("days", "seconds")
    shown = [fake.cell(name, edge) if is_time else float(f"{edge:.6g}") for edge in edges.tolist()]
    return {"kind": "date" if is_time else "number", "edges": shown, **shares}


def _shares_of_labels(case: Case, name: str, ours: np.ndarray, theirs: np.ndarray) -> dict[str, Any]:
    """The most frequent values that may be named, and all others as one."""
    naming = case.naming
    counts = {side: Counter(part.tolist()) for side, part in (("real", theirs), ("synthetic", ours))}
    values = sorted({*counts["real"], *counts["synthetic"]})
    named = [value for value in values if naming.may_name(name, value)]
    named.sort(key=lambda one: -(counts["real"][one] + 1e-9 * counts["synthetic"][one]))
    kept = named[:_N_LABELS]
    if not case.fake.is_category[case.fake.position(name)]:
        kept = sorted(kept)
    is_cut = len(values) > len(kept)
    others = [f"{len(values) - len(kept)} others" if len(named) > len(kept) else RARE] if is_cut else []
    shown: dict[str, Any] = {"labels": [naming.cell(name, value) for value in kept] + others}
    for side, found in counts.items():
        shares = [found[value] / max(1, found.total()) for value in kept]
        shown[side] = [rounded(one) for one in [*shares, *([max(0.0, 1.0 - sum(shares))] if is_cut else [])]]
    return shown


def _cut(case: Case, name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A column of both sides as a few cells, and what these are called; others and missing come last."""
    fake, naming = case.fake, case.naming
    both = np.concatenate([_column(fake, name), _column(case.holdout, name)])
    known = both[len(fake) :][~np.isnan(both[len(fake) :])]
    values, counts = np.unique(known, return_counts=True)
    is_category = bool(fake.is_category[fake.position(name)])
    n_cells = int(np.clip(math.sqrt(len(known) / naming.min_count), *_N_CELLS))
    cuts = np.zeros(0) if is_category or len(values) <= n_cells else naming.cuts(name, n_cells)
    if not len(cuts):
        by_count = values[np.argsort(-counts, kind="stable")].tolist()
        kept = np.array([value for value in by_count if naming.may_name(name, value)][: _N_CELLS[1]])
        kept = kept if is_category else np.sort(kept)
        labels = [naming.cell(name, value) for value in kept.tolist()]
        cells = places_among(both, kept, otherwise=len(kept))
    else:
        cells = np.searchsorted(cuts, both, side="right")
        named = [fake.cell(name, cut) for cut in cuts.tolist()]
        labels = [f"below {named[0]}", *(f"from {cut}" for cut in named)]
        if (cells > 0).all():
            cells, labels = cells - 1, labels[1:]
    is_missing = np.isnan(both)
    for label, is_it in (("others", ~is_missing & (cells == len(labels))), ("missing", is_missing)):
        if is_it.any():
            cells = np.where(is_it, len(labels), cells)
            labels.append(label)
    return cells[: len(fake)], cells[len(fake) :], labels


def _association(names: Sequence[str], fake: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    """How strongly each pair of columns goes together on both sides; the most connected columns."""
    strength = np.nan_to_num(real).sum(axis=0)
    kept = np.sort(np.argsort(-strength, kind="stable")[:_N_ASSOCIATED])

    def plain(matrix: np.ndarray) -> list[list[float | None]]:
        part = matrix[np.ix_(kept, kept)]
        return [[None if np.isnan(one) else rounded(one) for one in row] for row in part.tolist()]

    return {"names": [names[place] for place in kept], "real": plain(real), "synthetic": plain(fake)}
