"""Series on trial, and what is known of them: what every measure is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Int

from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.features import Features
from gansmith.scorecard.score import Effort
from gansmith.scorecard.sequences.differences import told_pairs
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge
from gansmith.scorecard.sequences.profiles import Part, Plan
from gansmith.scorecard.sequences.records import Sequences


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Series on trial."""

    fake: Sequences
    """Synthetic series, or those of an anchor."""
    real: Sequences
    """What they are compared with: the hold-out; of a long series other stretches of the same time."""
    train: Sequences
    """What the generator learnt from."""
    holdout: Sequences
    """Real series, or later times, that it never saw."""
    plan: Plan
    profile: Callable[[Sequences], Features]
    """What each series is like, see `profiles`."""
    parts: tuple[Part, ...]
    """What the numbers of a profile say."""
    groups: Callable[[Sequences], Int[np.ndarray, " n_series"]]
    """Numbers of series that belong together: each its own, or of a stretch of time."""
    alike: Callable[[Sequences], Likeness]
    """Which training series each is most like."""
    border: Callable[[], float]
    """Of near copies, see `embedded.alike`."""
    recurrent: AbstractRecurrentJudge | None
    """A network that looks at series."""
    is_whole: bool
    """Whether series are those of the user, not pieces of a few."""
    target: str
    seed: int
    effort: Effort

    @property
    def n(self) -> tuple[int, int]:
        """Synthetic and real series."""
        return len(self.fake), len(self.real)

    def joined(self, of: Sequences) -> Features:
        """Attributes and profiles."""
        return beside(of.attributes, self.profile(of))

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Columns of `joined` that are looked at in pairs."""
        return told_pairs(self.real.attributes, self.said)

    @property
    def said(self) -> tuple[Part, ...]:
        """What the columns of `joined` say."""
        return (*(Part((name,), "") for name in self.real.attributes.names), *self.parts)


def beside(first: Features, second: Features) -> Features:
    """The columns of both."""
    return Features(
        (*first.names, *second.names),
        np.concatenate([first.values, second.values], axis=1),
        np.concatenate([first.is_category, second.is_category]),
        {**first.labels, **second.labels},
    )
