"""Names that a user may give, checked where they are given."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.engine.augmentation import AUGMENTATIONS
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PENALTIES
from gansmith.engine.terms import TERMS
from gansmith.errors import find


def check_names(
    objective: str | None,
    penalties: Mapping[str, float],
    terms: Mapping[str, float],
    augmentations: Mapping[str, float],
) -> None:
    """Raise UsageError when one of them is unknown, with the nearest known name."""
    if objective is not None:
        find_objective(objective)
    for name in penalties:
        find(PENALTIES, "penalty", name)
    for name in terms:
        find(TERMS, "term", name)
    for name in augmentations:
        find(AUGMENTATIONS, "augmentation", name)
