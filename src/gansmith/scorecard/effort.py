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
    n_attacks: int
    """Attempts of an attack."""
    n_members: int
    """Records on each side of which membership is guessed."""
    is_full: bool = True
    """Whether the dear scores are taken at all."""


FULL: Final = Effort(10_000, 5, 1_000_000, 5_000, 1_000_000, 3, 2_000, 4_000)
QUICK: Final = Effort(2_000, 2, 20_000, 1_000, 5_000, 1, 400, 1_000, is_full=False)
