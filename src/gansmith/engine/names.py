"""Names that a user may give, checked where they are given."""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.engine.augmentation import AUGMENTATIONS
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PENALTIES
from gansmith.engine.terms import TERMS
from gansmith.errors import UsageError, find


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
        if head := find(TERMS, "term", name).head:
            raise UsageError(
                f"the term {name!r} needs a discriminator with a head {head!r}, and none of ours has one. "
                "Leave it out."
            )
    for name in augmentations:
        find(AUGMENTATIONS, "augmentation", name)
