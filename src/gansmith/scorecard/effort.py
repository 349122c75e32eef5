"""How much work a scorecard is: numbers of records and repetitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final


@final
@dataclass(frozen=True)
class Effort:
    """Records and repetitions; more of them, smaller errors."""

    n_told: int
    """Records on each side that a classifier tells apart."""
    n_folds: int
    """Parts that these are dealt into."""
    n_counted: int
    """Records on each side of which columns, pairs and triples are counted."""
    n_points: int
    """Records on each side whose distances are measured."""
    n_taught: int
    """Records that a model for predictions learns from."""
    n_models: int
    """Models for one prediction."""
    n_attacked: int
    """Records of each set that take part in an attack."""
    n_attacks: int
    """Attempts of an attack."""
    n_members: int
    """Records on each side of which membership is guessed."""
    is_full: bool = True
    """Whether the expensive scores are taken at all, and all anchors of attacks beside the ceiling."""


FULL: Final = Effort(
    n_told=10_000,
    n_folds=5,
    n_counted=1_000_000,
    n_points=5_000,
    n_taught=1_000_000,
    n_models=3,
    n_attacked=100_000,
    n_attacks=2_000,
    n_members=4_000,
)
QUICK: Final = Effort(
    n_told=2_000,
    n_folds=2,
    n_counted=20_000,
    n_points=1_000,
    n_taught=5_000,
    n_models=1,
    n_attacked=8_000,
    n_attacks=400,
    n_members=1_000,
    is_full=False,
)
