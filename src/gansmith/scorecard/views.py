"""What the measures found, as a verdict needs it and as a page draws it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard import portrait
from gansmith.scorecard.features import Features
from gansmith.scorecard.measures import Found
from gansmith.scorecard.private.risk import Attack, Rate

_ATTACKS = {
    "singling_out": "singling out",
    "linkability": "linkability",
    "inference": "inference",
    "rare_values": "rare values",
}


@final
@dataclass(frozen=True, eq=False)
class Views:
    """Synthetic and real records, and what was found of them."""

    fake: Features
    train: Features
    holdout: Features
    told: tuple[str, ...]
    founds: Mapping[str, Found]
    """Of the synthetic records, by score."""
    ceiling: Mapping[str, Found]
    """Of real records in their place."""
    seed: int

    def gaps(self) -> dict[str, float]:
        """How much less similar each column is than that of real records."""
        ours, real = self._shapes(self.founds), self._shapes(self.ceiling)
        return {name: max(0.0, real.get(name, 1.0) - one) for name, one in ours.items()}

    def missing_categories(self) -> dict[tuple[str, str], float]:
        """Column and category of what should occur and does not, and how surprising that is.

        The surprise is minus the logarithm of the chance that all k known records with the category are real
        ones, were the synthetic and the N known records drawn alike: k log(1 + n / N).
        """
        found = self.founds.get("rare_categories")
        missing: Mapping[tuple[str, int], float] = found.matter if found else {}
        ratio = len(self.fake) / (len(self.train) + len(self.holdout))
        return {
            (column, self.fake.cell(column, code)): expected * math.log1p(ratio) / ratio
            for (column, code), expected in missing.items()
        }

    def worst_pairs(self) -> list[tuple[tuple[str, str], float]]:
        """The pairs that lose most against real ones, and how much they lose, 0 to 1.

        Two numbers: their similarity by correlation. All others: their mutual information; joint tables cut
        at each table's own edges, as in `trend.py`, would name pairs of long tails.
        """
        lost = self._lost()
        if lost is None:
            return []
        lost = np.where(np.isnan(lost) | np.tri(len(lost), dtype=bool), -np.inf, lost)
        order = np.argsort(-lost, axis=None, kind="stable")[: portrait.MAX_PAIRS]
        worst = [divmod(int(place), len(lost)) for place in order if np.isfinite(lost.flat[place])]
        return [((self.told[a], self.told[b]), float(lost[a, b])) for a, b in worst]

    def _lost(self) -> np.ndarray | None:
        """How much less like real ones each pair of columns is than real records are."""
        parts = [
            (founds.get("trend"), founds.get("mutual_information")) for founds in (self.ceiling, self.founds)
        ]
        if any(found is None for part in parts for found in part):
            return None
        is_category = self.fake.keep(self.told).is_category
        is_number_pair = ~(is_category[:, None] | is_category)
        real, ours = (
            np.where(is_number_pair, trend.matter, 1 - np.abs(np.subtract(*information.matter)))
            for trend, information in parts
            if trend and information
        )
        return np.maximum(real - ours, 0.0)

    def portrait(self) -> dict[str, Any]:
        """All there is to see; what could not be computed is left out."""
        similarity = self._shapes(self.founds)
        seen: dict[str, Any] = {
            "columns": portrait.columns(self.fake, self.holdout, similarity, self._shapes(self.ceiling)),
            "pairs": [
                portrait.pair(self.fake, self.holdout, names, lost) for names, lost in self.worst_pairs()
            ],
            "risks": self._risks(),
        }
        if found := self.founds.get("mutual_information"):
            fake, real = found.matter
            seen["association"] = portrait.association(self.told, fake, real)
        if found := self.founds.get("c2st"):
            pairs = {name: share for name, share in found.details.items() if " × " in name}
            columns = {name: share for name, share in found.details.items() if name not in pairs}
            seen["giveaways"] = {"columns": columns, "pairs": pairs}
        try:
            seen["projection"] = portrait.projection(self.fake, self.holdout, seed=self.seed)
            seen["neighbours"] = portrait.neighbours(self.fake, self.train, seed=self.seed)
        except DataError:
            pass
        return seen

    def _shapes(self, founds: Mapping[str, Found]) -> dict[str, float]:
        found = founds.get("shape")
        if found is None:
            return {}
        return {
            name: float(one) for name, one in zip(self.told, found.matter, strict=True) if not np.isnan(one)
        }

    def _risks(self) -> list[dict[str, Any]]:
        return [
            {"score": name, **_risk(words, self.founds[name].matter)}
            for name, words in _ATTACKS.items()
            if name in self.founds
        ]


def _risk(name: str, attack: Attack) -> dict[str, Any]:
    low, high = attack.score.interval
    rates: dict[str, Rate | None] = {}
    if attack.parts:
        rates = {"main": attack.risk.main, "control": attack.risk.control, "baseline": attack.risk.baseline}
    return {
        "name": name,
        "value": portrait.rounded(attack.score.value),
        "low": portrait.rounded(low),
        "high": portrait.rounded(high),
        **{key: portrait.rounded(rate.value) if rate else None for key, rate in rates.items()},
        "caveat": attack.score.caveat,
    }
