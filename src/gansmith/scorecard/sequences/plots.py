"""What there is to see of synthetic series beside real ones, as plain numbers for a page to draw.

No real series is among them, and of real values only what enough series share: quantiles are means of as
many neighbouring values, and where fewer series reach there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np

from gansmith.disclosure import shared_ends, usual_min_count
from gansmith.scorecard.chance import DOUBT
from gansmith.scorecard.features import Features
from gansmith.scorecard.measuring import Found
from gansmith.scorecard.naming import Naming
from gansmith.scorecard.plots import rounded
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.sequences.case import Case
from gansmith.scorecard.sequences.profiles import Plan, transition_counts
from gansmith.scorecard.sequences.records import OfSteps, Sequences

MAX_MEASURES: Final = 6
"""Of which pictures are drawn, the first ones."""
N_EXAMPLES: Final = 4
"""Series of either side that are shown."""
EXAMPLE_STEPS: Final = 400
"""Steps of an example, at most."""
MAX_PLACES: Final = 60
"""Places along a fan."""
N_LABELS: Final = 8
"""Categories in a table of transitions."""
MAX_DIFFERENCES: Final = 12
_N_BINS: Final = 32
_LEVELS: Final = {"low": 0.1, "middle": 0.5, "high": 0.9}


@final
@dataclass(frozen=True, eq=False)
class Views:
    """What was found of synthetic series."""

    case: Case
    founds: Mapping[str, Found]
    """By score."""
    unlike: Sequence[Unlike]
    plan: Plan

    @property
    def min_count(self) -> int:
        """Series that must share what is shown."""
        return usual_min_count(len(self.case.real))

    def plots(self) -> dict[str, Any]:
        """All there is to see without real series."""
        case = self.case
        found = self.founds.get("c2st")
        series = {
            "fans": [self._fan(name) for name in case.real.measures[:MAX_MEASURES]],
            "examples": self._examples("synthetic", case.fake),
            "autocorrelation": self._curves("autocorrelation"),
            "spectra": self._curves("spectra"),
            "transitions": [self._transitions(name) for name in case.real.categories[:MAX_MEASURES]],
            "differences": self._differences(),
        }
        return {
            "series": {**series, "histograms": self._histograms()},
            "columns": [self._column(name) for name in case.real.steps.names],
            "giveaways": {"columns": dict(found.details) if found else {}, "pairs": {}},
        }

    def real_records(self) -> dict[str, Any]:
        """Real series, for their owner alone."""
        return {"real_series": self._examples("real", self.case.real)}

    # --- Over time ------------------------------------------------------------------------------------------

    def _fan(self, name: str) -> dict[str, Any]:
        """Quantiles of a measure by step, or by hour where days are seen."""
        by_hour = self.plan.has_hours
        sides = {"synthetic": self.case.fake, "real": self.case.real}
        places = {side: _hours(of) if by_hour else of.places.astype(np.float64) for side, of in sides.items()}
        last = 24 if by_hour else int(np.quantile(self.case.real.lengths, 0.9))
        edges = np.linspace(0, last, (24 if by_hour else min(last, MAX_PLACES)) + 1)
        quantiles = {
            side: _quantiles(of, of.column(name), places[side], edges, self.min_count)
            for side, of in sides.items()
        }
        middles = ((edges[:-1] + edges[1:]) / 2 - (0.0 if by_hour else 0.5)).tolist()
        return {"name": name, "axis": "hour" if by_hour else "step", "places": middles, **quantiles}

    def _examples(self, side: str, of: Sequences) -> list[dict[str, Any]]:
        """Some series of one side, measure by measure."""
        chosen = of.take(np.linspace(0, len(of) - 1, min(N_EXAMPLES, len(of))).astype(np.int64))
        found: list[dict[str, Any]] = []
        for name in of.measures[:MAX_MEASURES]:
            values = chosen.column(name)
            ends = zip(chosen.starts[:-1].tolist(), chosen.starts[1:].tolist(), strict=True)
            lines = [_plain(values[start : min(end, start + EXAMPLE_STEPS)]) for start, end in ends]
            found.append({"name": name, "side": side, "lines": lines})
        return found

    def _curves(self, score: str) -> list[dict[str, Any]]:
        """Means of numbers of series by measure: memory by lag, power by wave."""
        if score not in self.founds or len(self.case.real) < 2 * self.min_count:
            return []
        names, ours, theirs = self.founds[score].matter
        curves: list[dict[str, Any]] = []
        for measure in self.case.real.measures[:MAX_MEASURES]:
            own = [place for place, name in enumerate(names) if name.startswith(f"{measure}, ")]
            places = [name.removeprefix(f"{measure}, ") for name in names if name.startswith(f"{measure}, ")]
            sides = {"real": _plain(theirs[own]), "synthetic": _plain(ours[own])}
            curves.append({"name": measure, "places": places, **sides})
        return curves

    def _transitions(self, name: str) -> dict[str, Any]:
        """Of the steps at one category the share that goes to each: rows from, columns to."""
        n = min(N_LABELS, int(np.nanmax(np.append(self.case.real.column(name), 0))) + 1)
        labels = [self.plan.label(name, code) for code in range(n)]
        if n == N_LABELS:
            labels[-1] = "others"
        tables = {
            side: _shares(transition_counts(of, name, n), n, self.min_count if side == "real" else 1)
            for side, of in (("real", self.case.real), ("synthetic", self.case.fake))
        }
        return {"name": name, "labels": labels, **tables}

    def _differences(self) -> list[dict[str, Any]]:
        """What is surely unlike, the furthest off first."""
        sure = [one for one in self.unlike if one.chance < DOUBT][:MAX_DIFFERENCES]
        return [{"words": one.words, "effect": rounded(one.effect)} for one in sure]

    # --- Shares ---------------------------------------------------------------------------------------------

    def _histograms(self) -> list[dict[str, Any]]:
        """Lengths of series, and gaps between steps."""
        ours, theirs = self.case.fake, self.case.real
        lengths = [of.lengths.astype(np.float64) for of in (ours, theirs)]
        found = [self._numbers("length of series", lengths[0], lengths[1], np.arange(len(theirs)))]
        if ours.clock and self.plan.is_irregular:
            gaps = [np.log10(np.maximum(of.gaps, 1e-3)) for of in (ours, theirs)]
            name = f"gaps of {theirs.time}, power of ten"
            found.append(self._numbers(name, gaps[0], gaps[1], theirs.owners))
        return [one for one in found if one]

    def _column(self, name: str) -> dict[str, Any]:
        """How often the values of a column of steps occur, see `report.columns`."""
        ours, theirs, owners = self.case.fake.column(name), self.case.real.column(name), self.case.real.owners
        is_code = bool(self.case.real.steps.is_category[self.case.real.steps.position(name)])
        found = {} if is_code else self._numbers(name, ours, theirs, owners)
        shapes = self.founds["shape"].matter if "shape" in self.founds else {}
        return {
            "name": name,
            "error": rounded(1 - shapes.get(name, 1.0)),
            "missing_real": rounded(float(np.isnan(theirs).mean())),
            "missing_synthetic": rounded(float(np.isnan(ours).mean())),
            **(found or self._labels(name, ours, theirs, owners)),
        }

    def _numbers(self, name: str, ours: OfSteps, theirs: OfSteps, owners: np.ndarray) -> dict[str, Any]:
        """A histogram between ends beyond which enough series have values; empty: there are none."""
        n = int(owners.max()) + 1
        known = ~np.isnan(theirs)
        lowest, highest = np.full(n, np.inf), np.full(n, -np.inf)
        np.minimum.at(lowest, owners[known], theirs[known])
        np.maximum.at(highest, owners[known], theirs[known])
        is_there = np.isfinite(lowest)
        ends = [shared_ends(side[is_there], self.min_count) for side in (lowest, highest)]
        if ends[0] is None or ends[1] is None or ends[0].low >= ends[1].high:
            return {}
        edges = np.linspace(ends[0].low, ends[1].high, _N_BINS + 1)
        shares = {
            side: _plain(
                np.histogram(np.clip(part[~np.isnan(part)], edges[0], edges[-1]), edges)[0]
                / max(1, len(part))
            )
            for side, part in (("real", theirs), ("synthetic", ours))
        }
        return {
            "name": name,
            "kind": "number",
            "edges": [float(f"{edge:.6g}") for edge in edges.tolist()],
            **shares,
        }

    def _labels(self, name: str, ours: OfSteps, theirs: OfSteps, owners: np.ndarray) -> dict[str, Any]:
        """Shares of the values that enough series have, and of all others."""
        steps, known = self.case.real.steps, ~np.isnan(theirs)
        is_code = bool(steps.is_category[steps.position(name)])
        pairs = np.unique(np.stack([owners[known], theirs[known]]), axis=1)[1]
        named = Naming(Features((name,), pairs[:, None], np.array([is_code]), steps.labels))
        values, counts = np.unique(theirs[known], return_counts=True)
        ordered = values[np.argsort(-counts, kind="stable")].tolist()
        kept = [one for one in ordered if named.may_name(name, one)][:N_LABELS]
        sides = {"real": theirs[known], "synthetic": ours[~np.isnan(ours)]}
        shares = {
            side: [float((part == one).mean()) if len(part) else 0.0 for one in kept]
            for side, part in sides.items()
        }
        rest = {side: max(0.0, 1 - sum(own)) for side, own in shares.items()}
        labels = [named.cell(name, one) for one in kept]
        if max(rest.values()) > 1e-9:
            labels, shares = [*labels, "others"], {side: [*own, rest[side]] for side, own in shares.items()}
        return {
            "kind": "category",
            "labels": labels,
            **{side: [rounded(one) for one in own] for side, own in shares.items()},
        }


def _hours(of: Sequences) -> OfSteps:
    return (of.seconds / 3600.0) % 24


def _quantiles(
    of: Sequences, values: OfSteps, places: OfSteps, edges: np.ndarray, min_count: int
) -> dict[str, list[float | None]]:
    """Low, middle and high values of series at each place, a mean of each series there."""
    cells = np.clip(
        np.searchsorted(edges, np.nan_to_num(places, nan=-1.0), side="right") - 1, -1, len(edges) - 1
    )
    cells = np.where(np.isnan(values) | (cells >= len(edges) - 1), -1, cells)
    n_cells, inside = len(edges) - 1, cells >= 0
    keys = of.owners[inside] * n_cells + cells[inside]
    sums = np.bincount(keys, values[inside], minlength=len(of) * n_cells).reshape(len(of), n_cells)
    counts = np.bincount(keys, minlength=len(of) * n_cells).reshape(len(of), n_cells)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    columns = [np.sort(column[~np.isnan(column)]) for column in means.T]
    return {
        name: [_shared_quantile(column, level, min_count) for column in columns]
        for name, level in _LEVELS.items()
    }


def _shared_quantile(ordered: np.ndarray, level: float, min_count: int) -> float | None:
    """The mean of as many values around a quantile as must share it; None where there are too few."""
    if len(ordered) < 4 * min_count:
        return None
    first = int(np.clip(round(level * (len(ordered) - 1)) - min_count // 2, 0, len(ordered) - min_count))
    return rounded(float(ordered[first : first + min_count].mean()))


def _shares(counts: np.ndarray, n: int, min_count: int) -> list[list[float | None]]:
    """Shares of each row; None where fewer series than that go this way."""
    sums = counts.sum(axis=0).reshape(n, n)
    n_series = (counts > 0).sum(axis=0).reshape(n, n)
    whole = np.maximum(sums.sum(axis=1, keepdims=True), 1)
    return [
        [
            rounded(share) if n_ways >= min_count or n_ways == 0 else None
            for share, n_ways in zip(*row, strict=True)
        ]
        for row in zip((sums / whole).tolist(), n_series.tolist(), strict=True)
    ]


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(one) else rounded(float(one)) for one in values]
