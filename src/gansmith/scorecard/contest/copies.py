"""Whether made rare records are copies of those few that were learnt from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, final

import numpy as np

NEAR: Final = 0.1
"""Of the usual distance between a rare record and the next one: nearer than this is all but a copy."""
N_LOOKED_AT: Final = 1_000
"""Made records of a fold."""
_CHUNK: Final = 32


@final
@dataclass(frozen=True)
class Copies:
    """How many of some records stand among those that were learnt from, or all but stand there."""

    n_made: int = 0
    n_exact: int = 0
    n_near: int = 0
    """Exact ones are among them."""
    n_real: int = 0
    """Real records that nobody learnt from, for comparison."""
    n_real_near: int = 0
    """Of these."""

    def __add__(self, other: Copies) -> Copies:
        mine, others = asdict(self), asdict(other)
        return Copies(**{name: mine[name] + others[name] for name in mine})

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    def __str__(self) -> str:
        """In words."""
        fresh = f"of {self.n_real:,} held-out real ones, {self.n_real_near:,}"
        return (
            f"Of {self.n_made:,} synthetic rare records that were checked, {self.n_exact:,} are copies of a "
            f"rare training record and {self.n_near:,} near copies ({fresh})."
        )


def copies(made: np.ndarray, learnt: np.ndarray, fresh: np.ndarray, is_category: np.ndarray) -> Copies:
    """Count copies of rare records.

    Args:
        made: Rare records that were made, shape `(n, *record)`.
        learnt: The rare ones that were learnt from, two or more.
        fresh: Rare ones that were not.
        is_category: Which places of a flat record hold codes.
    """
    flat = [part.reshape(len(part), -1).astype(np.float64) for part in (made[:N_LOOKED_AT], learnt, fresh)]
    everything = np.concatenate(flat)
    with np.errstate(invalid="ignore"):
        known = np.where(np.isnan(everything).all(axis=0), 0.0, everything)
        scale = np.where(is_category, 1.0, np.nanstd(known, axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    ours, known, others = (np.where(np.isnan(part), -9.0, part) / scale for part in flat)
    usual = float(np.median(_nearest(known, known, is_category, is_itself=True)))
    distances, control = _nearest(ours, known, is_category), _nearest(others, known, is_category)
    return Copies(
        len(ours),
        int((distances == 0).sum()),
        int((distances <= NEAR * usual).sum()),
        len(others),
        int((control <= NEAR * usual).sum()),
    )


def _nearest(
    one: np.ndarray, others: np.ndarray, is_category: np.ndarray, *, is_itself: bool = False
) -> np.ndarray:
    """The distance of each to the nearest of the others; codes are alike or 1 apart. Shape `(n,)`."""
    found = np.empty(len(one))
    for start in range(0, len(one), _CHUNK):
        part = one[start : start + _CHUNK, None, :] - others[None, :, :]
        gaps = np.where(is_category, part != 0, np.square(part)).sum(axis=2)
        if is_itself:
            gaps[np.arange(len(gaps)), start + np.arange(len(gaps))] = np.inf
        found[start : start + _CHUNK] = np.sqrt(gaps.min(axis=1))
    return found
